import { closeSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, vi } from 'vitest';
import { mustBe } from '../support/client.ts';
import type { Json } from '../support/client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';

const view = (n: number) => ({ eventType: 'page_view', anonymousId: `visitor-${n}`, eventId: `e${n}` });

/** A server that recorded something, and ended. */
const ended = async (): Promise<ServerProcess> => {
  const server = await startServer();
  const project = await server.project();
  mustBe(await project.batch(Array.from({ length: 200 }, (_, n) => view(n))), 200);
  await server.settled();
  await server.stop();
  return server;
};

const partOf = async (server: ServerProcess, name: string): Promise<Json> => {
  const { body } = await server.transport({ method: 'GET', path: '/api/health' });
  return body.components.find((each: Json) => each.name === name);
};

const becomes = (server: ServerProcess, name: string, state: string): Promise<void> =>
  vi.waitFor(async () => expect(await partOf(server, name)).toMatchObject({ state }), {
    timeout: 20_000,
    interval: 50,
  });

it('A log with a fact that is no JSON is found at the start, and health says what to do', async () => {
  await using server = await ended();
  const db = new DatabaseSync(join(server.dataDir, 'events.db'));
  db.exec(`UPDATE events SET data = substr(data, 2) WHERE position = 5`);
  db.close();
  await server.start();
  await becomes(server, 'event-store', 'damaged');
  const { healthy, error } = await partOf(server, 'event-store');
  expect([healthy, error]).toEqual([false, expect.stringContaining('restore it from a backup')]);
  expect((await server.transport({ method: 'GET', path: '/readyz' })).status).toBe(503);
});

it('Read models with a damaged page are found at the start, and well again when they were deleted', async () => {
  await using server = await ended();
  const file = openSync(join(server.dataDir, 'read-models.db'), 'r+');
  writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, fstatSync(file).size - 4_096);
  closeSync(file);
  await server.start();
  await becomes(server, 'read-models', 'damaged');
  expect((await partOf(server, 'read-models')).error).toContain('Delete it');
  for (const end of ['', '-wal', '-shm']) rmSync(join(server.dataDir, `read-models.db${end}`), { force: true });
  await becomes(server, 'read-models', 'up');
  await server.settled();
});
