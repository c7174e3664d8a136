import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { checksumOf, damageIn } from '../../src/eventstore/sqlite/damage.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { facts, take } from '../contracts/event-store.ts';

const clock = () => new Date(0);

/** The file of a log with 300 facts in two streams, that nobody has open. */
const written = async (): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-damage-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'events.db');
  const store = openSqliteEventStore(path, { clock });
  await store.append('s-1', -1, facts(200));
  await store.append('s-2', -1, facts(100));
  await store.close();
  return path;
};

const withText = (path: string, sql: string): void => {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
};

it('Nothing is found in a log as it was written', async () => {
  expect(damageIn(await written())).toBeUndefined();
});

it('A page of other bytes is found', async () => {
  const path = await written();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, fstatSync(file).size - 2 * 4_096);
  closeSync(file);
  expect(damageIn(path)).toEqual(expect.any(String));
});

it('A file that is none of a database is found', async () => {
  const path = await written();
  writeFileSync(path, 'This was a log once. '.repeat(1_000));
  expect(damageIn(path)).toContain('not a database');
  expect(() => openSqliteEventStore(path, { clock })).toThrow(/not a database; stop, restore it from a backup/);
});

it('A fact whose text is no JSON any more is found, and who reads it hears where it is', async () => {
  const path = await written();
  withText(path, `UPDATE events SET data = replace(data, '{', '[') WHERE position = 250`);
  expect(damageIn(path)).toBe('the fact at position 250, revision 49 of s-2, is no JSON');
  const store = openSqliteEventStore(path, { clock });
  onTestFinished(() => store.close());
  const where = /position 250, revision 49 of s-2, can't be read; stop, restore it from a backup/;
  await expect(store.read('s-2')).rejects.toThrow(where);
  await expect(take(store, 0, 300)).rejects.toThrow(where);
  expect(await take(store, 250, 50)).toHaveLength(50);
});

it('A byte that became another one is found, in whatever column of a fact', async () => {
  for (const change of [
    `data = replace(data, '7', '8')`,
    `metadata = replace(metadata, 'a', 'b')`,
    `id = id || 'x'`,
    `type = 'Other'`,
    `recorded_at = recorded_at + 1`,
  ]) {
    const path = await written();
    withText(path, `UPDATE events SET ${change} WHERE position = 8`);
    expect({ change, damageIn: damageIn(path) }).toEqual({
      change,
      damageIn: 'the fact at position 8, revision 7 of s-1, is not as it was written',
    });
  }
});

it('A log that was begun before there were checksums is taken as it is, and what comes then has one', async () => {
  const path = await written();
  withText(path, 'ALTER TABLE events DROP COLUMN checksum');
  const store = openSqliteEventStore(path, { clock });
  await store.append('s-3', -1, facts(10));
  expect(await take(store, 0, 310)).toHaveLength(310);
  await store.close();
  expect(damageIn(path)).toBeUndefined();
  withText(path, `UPDATE events SET type = 'Other' WHERE position = 8`);
  expect(damageIn(path)).toBeUndefined();
  withText(path, `UPDATE events SET type = 'Other' WHERE position = 308`);
  expect(damageIn(path)).toContain('position 308');
});

it('A log that is many times as large as the memory of who looks through it is looked through to its end', async () => {
  const path = await written();
  const db = new DatabaseSync(path);
  db.function('checksum_of', { varargs: true }, checksumOf);
  db.exec(`INSERT INTO events (position, stream, revision, id, type, data, metadata, recorded_at)
    WITH RECURSIVE n(i) AS (SELECT 301 UNION ALL SELECT i + 1 FROM n WHERE i < 40300)
    SELECT i, 's-3', i - 301, 'id-' || i, 'Large', json_quote(hex(zeroblob(1000))), '{}', 0 FROM n`);
  for (let from = 300; from < 40_300; from += 1_000)
    db.exec(`UPDATE events SET checksum = checksum_of(stream, revision, id, type, data, metadata, recorded_at)
      WHERE position > ${from} AND position <= ${from} + 1000`);
  db.exec(`UPDATE events SET checksum = checksum + 1 WHERE position = 40300`);
  db.close();
  const worker = new Worker(new URL('../../src/runners/integrity-thread-entry.ts', import.meta.url), {
    workerData: { kind: 'event-store', path },
    resourceLimits: { maxOldGenerationSizeMb: 24 },
  });
  onTestFinished(async () => void (await worker.terminate()));
  expect(await once(worker, 'message')).toEqual([
    { damage: 'the fact at position 40300, revision 39999 of s-3, is not as it was written' },
  ]);
});
