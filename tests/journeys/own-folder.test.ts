import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { lockData } from '../../src/config/data-lock.ts';
import { openEventReader } from '../../src/eventstore/open.ts';
import { openTestApp } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import { spawnServer, startServer } from '../support/server-process.ts';

const event = (id: string) => ({ eventType: 'page_view', anonymousId: 'ada', eventId: id });

/** A file of a folder, as a configuration names it. */
const sqlite = (folder: string, file: string) => ({ scheme: 'sqlite', path: join(folder, file) }) as const;

/** What others than the owner may do with each file of a folder, where that is anything. */
const open = (folder: string): readonly string[] =>
  readdirSync(folder).filter((file) => (statSync(join(folder, file)).mode & 0o077) !== 0);

it('A second process over the same folder is refused, and says which; tools read beside the first; the next one goes on, and closes to others what they could read', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'leadfold-own-'));
  chmodSync(dataDir, 0o755);
  await using server = await startServer({ dataDir });
  const project = await server.project();
  const second = await spawnServer({ DATA_DIR: dataDir }).ended;
  expect(second.code).toBe(1);
  expect(second.output).toContain(`Another process serves events.db in ${dataDir}`);
  expect(second.output).toContain('DATA_DIR');
  // Where the read models are a file of their own, they serve one process too.
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-own-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [eventStore, readModels] = [sqlite(dataDir, 'events.db'), sqlite(dataDir, 'read-models.db')];
  const third = () => lockData({ eventStore: sqlite(folder, 'events.db'), readModels });
  expect(third).toThrow(`Another process serves read-models.db in ${dataDir}`);
  const reader = await openEventReader(eventStore);
  onTestFinished(() => reader.close());
  expect(await reader.head()).toBeGreaterThan(0);
  mustBe(await project.send(event('e1')), 202);
  // The lock went with the process that was killed.
  await server.kill();
  for (const file of readdirSync(dataDir)) chmodSync(join(dataDir, file), 0o664);
  await server.start();
  mustBe(await project.send(event('e2')), 202);
  await server.settled();
  // What others could read before is closed to them at the next start; a folder that is there is left as it is.
  expect(open(dataDir)).toEqual([]);
  expect(statSync(dataDir).mode & 0o777).toBe(0o755);
});

it('Only the owner can read the files, and the folder that was made for them', async () => {
  const above = mkdtempSync(join(tmpdir(), 'leadfold-own-'));
  onTestFinished(() => rmSync(above, { recursive: true }));
  const dataDir = join(above, 'made');
  await using app = await openTestApp({ dataDir });
  const project = await app.project();
  mustBe(await project.send(event('e1')), 202);
  await app.settled();
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  expect(readdirSync(dataDir)).toEqual(expect.arrayContaining(['events.db', 'events.db-wal', 'read-models.db']));
  expect(open(dataDir)).toEqual([]);
});
