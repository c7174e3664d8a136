import { closeSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, vi } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { openTestApp } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

const view = (n: number) => ({ eventType: 'page_view', anonymousId: `visitor-${n}`, eventId: `e${n}` });

/** An app that recorded something. */
const recorded = async (): Promise<TestApp> => {
  const app = await openTestApp();
  const project = await app.project();
  mustBe(await project.batch(Array.from({ length: 200 }, (_, n) => view(n))), 200);
  await app.settled();
  return app;
};

const partOf = async (app: TestApp, name: string): Promise<Json> => {
  const { body } = await app.transport({ method: 'GET', path: '/api/health' });
  return body.components.find((each: Json) => each.name === name);
};

const becomes = (app: TestApp, name: string, state: string): Promise<void> =>
  vi.waitFor(async () => expect(await partOf(app, name)).toMatchObject({ state }), {
    timeout: 20_000,
    interval: 50,
  });

it('A log with a fact that is no JSON is found at the start, and health says what to do', async () => {
  await using app = await recorded();
  await app.restart((dataDir) => {
    const db = new DatabaseSync(join(dataDir, 'events.db'));
    db.exec(`UPDATE events SET data = substr(data, 2) WHERE position = 5`);
    db.close();
  });
  await becomes(app, 'event-store', 'damaged');
  const { healthy, error } = await partOf(app, 'event-store');
  expect({ healthy, error }).toEqual({ healthy: false, error: expect.stringContaining('restore it from a backup') });
  expect((await app.transport({ method: 'GET', path: '/readyz' })).status).toBe(503);
});

it('Read models with a damaged page are found at the start, and well again when they were deleted', async () => {
  await using app = await recorded();
  await app.restart((dataDir) => {
    const file = openSync(join(dataDir, 'read-models.db'), 'r+');
    writeSync(file, Buffer.alloc(4_096, 0x5a), 0, 4_096, fstatSync(file).size - 4_096);
    closeSync(file);
  });
  await becomes(app, 'read-models', 'damaged');
  expect((await partOf(app, 'read-models')).error).toContain('Delete it');
  for (const end of ['', '-wal', '-shm']) rmSync(join(app.dataDir, `read-models.db${end}`), { force: true });
  await becomes(app, 'read-models', 'up');
  await app.settled();
});
