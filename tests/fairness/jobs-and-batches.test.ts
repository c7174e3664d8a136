import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { meanwhile, unhurt } from '../support/bystander.ts';
import type { Project } from '../support/client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';

const opened: { server?: ServerProcess } = {};
const server = (): ServerProcess => {
  if (!opened.server) throw new Error('The server starts before the first test');
  return opened.server;
};
beforeAll(async () => {
  opened.server = await startServer({ env: { } });
});
afterAll(() => opened.server?.[Symbol.asyncDispose]());

/** As many activities as a batch may have, of people who each have two of them. */
const batchOf = (name: string) =>
  Array.from({ length: 5_000 }, (_, n) => ({
    eventType: 'page_view',
    anonymousId: `${name}-${n % 2_500}`,
    properties: { n, path: '/pricing', referrer: 'https://example.com/a/long/way' },
  }));

describe('Twenty of the largest batches at once', () => {
  it('leave another client unhurt', async () => {
    const [greedy, other]: Project[] = [await server().project('Greedy'), await server().project('Other')];
    const bodies = Array.from({ length: 20 }, (_, n) => batchOf(`b${n}`));
    const t = performance.now();
    const { result, seen } = await meanwhile(server().url(), other!, () => Promise.all(bodies.map((b) => greedy!.batch(b))));
    console.log(performance.now() - t, result.map(({ status, body }) => [status, body?.accepted]).join(' '), seen);
    unhurt(seen);
  });
});
