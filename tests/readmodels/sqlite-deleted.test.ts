import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';

const fileOfTest = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'read-models-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'read-models.db');
};

const opened = (path: string, deleted?: () => void) => {
  const readModels = openSqliteReadModels(path, deleted ? { deleted } : {});
  onTestFinished(() => readModels.close());
  return readModels;
};

it('A handle goes on with what was deleted until the file is there again, and then with that', async () => {
  const path = fileOfTest();
  const handle = opened(path);
  await handle.saveCheckpoint('leads', 7);
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`);
  expect(await handle.checkpoint('leads')).toBe(7);
  expect(existsSync(path)).toBe(false);

  const maker = opened(path);
  await maker.saveCheckpoint('leads', 3);
  expect(await handle.checkpoint('leads')).toBe(3);
  await handle.saveCheckpoint('leads', 4);
  expect(await maker.checkpoint('leads')).toBe(4);
});

it('A handle goes on with a file that took the place of its own', async () => {
  const path = fileOfTest();
  const [handle, other] = [opened(path), openSqliteReadModels(`${path}.other`)];
  await handle.saveCheckpoint('leads', 7);
  await other.saveCheckpoint('leads', 2);
  await other.close();
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`);
  renameSync(`${path}.other`, path);
  expect(await handle.checkpoint('leads')).toBe(2);
});

it('Who makes the file is told once that it was deleted, and nothing is left there that a new one would take for its own', async () => {
  const path = fileOfTest();
  const told = { times: 0 };
  const deleted = Promise.withResolvers<void>();
  const maker = opened(path, () => {
    told.times += 1;
    deleted.resolve();
  });
  await maker.saveCheckpoint('leads', 7);
  rmSync(path);
  await deleted.promise;
  expect([path, `${path}-wal`, `${path}-shm`].filter((file) => existsSync(file))).toEqual([]);
  expect(told.times).toBe(1);
  // It stays with what was deleted, so that no projection goes on in the middle of a file that has nothing of what came before.
  const next = opened(path);
  expect(await next.checkpoint('leads')).toBe(0);
  expect(await maker.checkpoint('leads')).toBe(7);
});
