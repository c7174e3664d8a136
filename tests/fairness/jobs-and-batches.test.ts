import { afterAll, beforeAll, expect, it } from 'vitest';
import { meanwhile, unhurt } from '../support/bystander.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';

const opened: { server?: ServerProcess } = {};
const server = (): ServerProcess => {
  if (!opened.server) throw new Error('The server starts before the first test');
  return opened.server;
};
beforeAll(async () => {
  opened.server = await startServer();
});
afterAll(() => opened.server?.[Symbol.asyncDispose]());

/** As many activities as a batch may have, of people who each have five of them. */
const batchOf = (name: string) =>
  Array.from({ length: 5_000 }, (_, n) => ({
    eventType: 'page_view',
    anonymousId: `${name}-${n % 1_000}`,
    properties: { n, path: '/pricing', referrer: 'https://example.com/a/long/way' },
  }));

it('Another client is hurt by nothing while nothing happens', async () => {
  const other = await server().project('Other');
  const { seen } = await meanwhile(server().url(), other, async () => undefined);
  expect(seen.count).toBeGreaterThan(50);
  unhurt(seen);
});

it('Five of the largest batches at once are recorded or told to come again, and hurt nobody', async () => {
  const greedy = await server().project('Greedy');
  const other = await server().project('Other');
  const bodies = Array.from({ length: 5 }, (_, n) => JSON.stringify({ events: batchOf(`b${n}`) }));
  const send = (body: string) => greedy.request('POST', '/api/events/batch', { body });
  const { result, seen } = await meanwhile(server().url(), other, () => Promise.all(bodies.map(send)));
  const taken = result.filter(({ status }) => status === 200);
  expect(taken.length).toBeGreaterThan(2);
  expect(taken.map(({ body }) => body.accepted)).toEqual(taken.map(() => 5_000));
  const refused = result.filter(({ status }) => status !== 200);
  expect(refused.map(({ status, body }) => [status, body.code])).toEqual(refused.map(() => [429, 'too-many-requests']));
  unhurt(seen);
});

it('Forty requests to make a project again at once are one job, and so are those with the same key later', async () => {
  const project = await server().project('Often');
  const rebuild = (key?: string) =>
    project.asRoot('POST', `/api/admin/rebuild-project/${project.projectId}`, {
      headers: { ...(key !== undefined && { 'idempotency-key': key }) },
    });
  const asked = await Promise.all(Array.from({ length: 40 }, () => rebuild('once')));
  expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 202));
  expect(new Set(asked.map(({ body }) => body.jobId))).toEqual(new Set([`${project.projectId}.rebuild-1`]));
  await server().settled();
  expect((await rebuild('once')).body.jobId).toBe(`${project.projectId}.rebuild-1`);
  expect((await rebuild()).body.jobId).toBe(`${project.projectId}.rebuild-2`);
});
