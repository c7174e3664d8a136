import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';

const notes = { name: 'notes', indexes: [], document: z.object({ text: z.string() }) };
const text = 'x'.repeat(80_000);

it('What is written is copied from the WAL by who makes the read models, so that requests do not wait for it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-copying-'));
  const path = join(folder, 'read-models.db');
  const [maker, user] = [openSqliteReadModels(path, { deleted: () => undefined }), openSqliteReadModels(path)];
  onTestFinished(async () => {
    await maker.close();
    await user.close();
    rmSync(folder, { recursive: true });
  });
  await maker.prepare([notes]);
  const write = (id: string, count: number) =>
    user.save(
      notes,
      Array.from({ length: count }, (_, n) => ({ project: 'p1', id: `${id}-${n}`, position: 1, doc: { text } })),
      1,
    );
  const before = statSync(path).size;
  for (let batch = 0; batch < 9; batch++) await write(`batch-${batch}`, 100);
  expect([statSync(path).size, statSync(`${path}-wal`).size > 8_000 * 8_192]).toEqual([before, true]);
  await maker.save(notes, [], 2);
  expect(statSync(path).size).toBeGreaterThan(60_000_000);
});
