import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { meanwhile, unhurt } from '../support/bystander.ts';
import type { Project } from '../support/client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';

const mib = 1024 * 1024;
const track = '/v1/track';

const opened: { server?: ServerProcess; other?: Project } = {};
beforeAll(async () => {
  opened.server = await startServer();
  opened.other = await opened.server.project('Other');
});
afterAll(() => opened.server?.[Symbol.asyncDispose]());

type Sent = { readonly path?: string; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array };

/** Sends requests of a number of them without a key, many at a time, and counts their answers by status. */
const flood = async (count: number, requestOf: (n: number) => Sent, atOnce = 25): Promise<Record<string, number>> => {
  const url = opened.server?.url();
  const counts: Record<string, number> = {};
  const numbers = Array.from({ length: count }, (_, n) => n).values();
  const sender = async (): Promise<void> => {
    for (const n of numbers) {
      const { path = track, headers = {}, body } = requestOf(n);
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const answer = await fetch(`${url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { ...type, ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
      });
      await answer.arrayBuffer();
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
  return counts;
};

/** What others see while somebody without a key does this, and how much memory the process took for it at most. */
const during = async (does: () => Promise<Record<string, number>>) => {
  const { server, other } = opened;
  if (!server || !other) throw new Error('The server starts before the first test');
  const before = server.mostMemory();
  const { result, seen } = await meanwhile(server.url(), other, does);
  unhurt(seen);
  return { answers: result, more: server.mostMemory() - before };
};

/** 15 characters of a credential, each time others. */
const random = (): string => randomBytes(15).toString('hex').slice(0, 15);

it('50 bodies that are 4 MiB of writeKey, 400 kB on the wire, cost nobody else anything', async () => {
  const rest = 'k'.repeat(4 * mib - 100);
  const bodies = Array.from({ length: 5 }, () => gzipSync(`{"writeKey":"${random()}${rest}"}`));
  const packed = { 'content-encoding': 'gzip' };
  const { answers, more } = await during(() =>
    flood(50, (n) => ({ headers: packed, body: bodies[n % bodies.length] ?? '' })),
  );
  expect(answers).toEqual({ 413: 50 });
  expect(more).toBeLessThan(150 * mib);
});

it('bodies as large as may be, of a writeKey or of values, are looked through and no more', async () => {
  const key = 'k'.repeat(500 * 1024);
  const list = `{"batch":[${'[],'.repeat(160 * 1024)}1],"writeKey":"`;
  const { answers, more } = await during(() =>
    flood(30, (n) => ({ body: n % 2 === 0 ? `{"writeKey":"${random()}${key}"}` : `${list}${random()}"}` })),
  );
  expect(answers).toEqual({ 401: 30 });
  expect(more).toBeLessThan(200 * mib);
});

it('brotli of a few bytes that unpacks to [1,1,...] is unpacked up to the bound only', async () => {
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
  const ones = (bytes: number) => brotliCompressSync(`[${'1,'.repeat(bytes / 2)}1]`, quick);
  const [huge, fitting] = [ones(64 * mib), ones(511 * 1024)];
  expect([huge.length, fitting.length].every((size) => size < 200)).toBe(true);
  const packed = { 'content-encoding': 'br' };
  const { answers, more } = await during(() =>
    flood(30, (n) => ({ headers: packed, body: n % 2 === 0 ? huge : fitting })),
  );
  expect(answers).toEqual({ 401: 15, 413: 15 });
  expect(more).toBeLessThan(200 * mib);
});

it('keys that nobody has, at speed, of projects that exist and of those that do not', async () => {
  const { other } = opened;
  const secret = 'a'.repeat(32);
  const { answers, more } = await during(() =>
    flood(300, (n) => {
      const project = n % 2 === 0 ? other?.projectId : random();
      const key = `lf_${project}_${random()}_${secret}`;
      if (n % 3 === 0) return { path: `/v1/projects/${key}/settings` };
      return n % 3 === 1 ? { path: '/api/leads', headers: { 'x-api-key': key } } : { body: `{"writeKey":"${key}"}` };
    }),
  );
  expect(answers).toEqual({ 401: 200, 404: 100 });
  expect(more).toBeLessThan(150 * mib);
});

it('what is open to anybody, asked for by many at once', async () => {
  const { answers, more } = await during(() =>
    flood(
      200,
      (n) => ({
        path: n % 20 === 0 ? '/openapi.json' : (['/api/health', '/livez', '/readyz', '/problems'][n % 4] ?? ''),
      }),
      50,
    ),
  );
  expect(answers).toEqual({ 200: 200 });
  expect(more).toBeLessThan(150 * mib);
});
