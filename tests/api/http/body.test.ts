import { once } from 'node:events';
import { connect } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { bodyLimits } from '../../../src/api/http/body.ts';
import type { Json } from '../../support/client.ts';
import { ingesting } from '../ingest/given.ts';

const bare = { 'x-api-key': undefined };
const event = { type: 'track', event: 'Seen', userId: 'u' };

/** JSON of so many bytes in all: a batch that is padded, with the key behind it. */
const ofLength = (bytes: number, writeKey: string): string => {
  const around = JSON.stringify({ batch: [event], padding: '', writeKey });
  return around.replace('"padding":""', `"padding":"${'x'.repeat(bytes - around.length)}"`);
};

describe('A body whose key is not in the headers', () => {
  it.each([
    ['plain', (text: string) => text, {}],
    ['packed with gzip', gzipSync, { 'content-encoding': 'gzip' }],
    ['packed with br', brotliCompressSync, { 'content-encoding': 'br' }],
  ])('may have 512 KiB, and is told to send the key in a header when it has more: %s', async (_, pack, headers) => {
    await using app = await ingesting();
    const most = bodyLimits.keylessBytes;
    const send = (bytes: number, more: object = bare) =>
      app.post('/v1/batch', pack(ofLength(bytes, app.key)), { ...more, ...headers });
    expect([most, (await send(most - 1)).statusCode, (await send(most)).statusCode]).toEqual([512 * 1024, 200, 200]);
    const refused = await send(most + 1);
    expect(refused.body).toMatchObject({ status: 413, code: 'too-large' });
    expect(refused.body.detail).toMatch(/512 KiB.*send the key with Authorization or X-API-Key/);
    expect((await send(most + 1, {})).statusCode).toBe(200);
  });

  it('may say how long it is, or not', async () => {
    await using app = await ingesting();
    const { port } = new URL(await app.app.listen({ port: 0, host: '127.0.0.1' }));
    const send = async (size: number) => {
      await using socket = connect(Number(port), '127.0.0.1');
      const text = ofLength(size, app.key);
      const head = 'POST /v1/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n';
      socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${text}\r\n0\r\n\r\n`);
      return String((await once(socket, 'data'))[0]).slice(9, 12);
    };
    expect(await send(bodyLimits.keylessBytes)).toBe('200');
    expect(await send(bodyLimits.keylessBytes + 1)).toBe('413');
  });

  it('is not read as JSON before its key is known and may do that', async () => {
    await using app = await ingesting();
    await using reader = await ingesting(['leads:read']);
    const broken = (key: string) => `{"writeKey":"${key}","batch":[oops`;
    const answer = async ({ post }: Pick<typeof app, 'post'>, key: string) =>
      (await post('/v1/batch', broken(key), bare)).body;
    expect(await answer(app, 'wrong')).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(await answer(reader, reader.key)).toMatchObject({ status: 403, code: 'scope-missing' });
    expect(await answer(app, app.key)).toMatchObject({ status: 400, code: 'invalid-json' });
    const many = `{"batch":[${'1,'.repeat(60_000)}1],"writeKey":"wrong"}`;
    expect((await app.post('/v1/batch', many, bare)).statusCode).toBe(401);
  });

  it('has the key at its top level, wherever it stands, and is lines never', async () => {
    await using app = await ingesting();
    const post = async (url: string, text: string, type = 'application/json') =>
      (await app.post(url, text, { ...bare, 'content-type': type })).statusCode;
    const list = JSON.stringify(Array(5).fill({ ...event, context: { writeKey: 'no' } }));
    expect(await post('/v1/batch', `{"batch":${list},"writeKey":"${app.key}"}`, 'text/plain')).toBe(200);
    expect(await post('/v1/batch', `{"writeKey":"no","writeKey":"${app.key}","batch":${list}}`)).toBe(200);
    expect(await post('/v1/batch', `{"writeKey":"${app.key}","writeKey":"no","batch":${list}}`)).toBe(401);
    expect(await post('/v1/batch', `{"batch":[{"writeKey":"${app.key}"}]}`)).toBe(401);
    const line = JSON.stringify({ eventType: 'x', userId: 'u', writeKey: app.key });
    expect(await post('/api/events/ingest', line)).toBe(202);
    expect(await post('/api/events/batch', line, 'application/x-ndjson')).toBe(401);
    expect(await post('/v1/batch', '')).toBe(401);
  });

  it('waits for others like it when together they are more than 32 MiB, and nobody else does', async () => {
    await using app = await ingesting();
    const { port } = new URL(await app.app.listen({ port: 0, host: '127.0.0.1' }));
    const head = 'POST /v1/track HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
    const begun = Array.from({ length: 2 + bodyLimits.keylessBytesInAll / bodyLimits.keylessBytes }, () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.on('error', (error) => error);
      socket.write(
        `${head}Content-Length: ${bodyLimits.keylessBytes}\r\n\r\n${'x'.repeat(bodyLimits.keylessBytes - 1)}`,
      );
      return socket;
    });
    const answered = await Promise.race(begun.map(async (socket) => String((await once(socket, 'data'))[0])));
    expect(answered).toMatch(/^HTTP\/1.1 429/);
    expect(answered).toMatch(/retry-after: 1/i);
    expect((await app.post('/v1/track', event)).statusCode).toBe(200);
    for (const socket of begun) socket.destroy();
    const later = async (): Promise<number> =>
      (await app.post('/v1/track', { ...event, writeKey: app.key }, bare)).statusCode;
    for (let status = await later(); status !== 200; status = await later()) expect(status).toBe(429);
  });
});

describe('Values in a body', () => {
  const ndjson = { 'content-type': 'application/x-ndjson' };
  /** An ordinary activity: 12 values. */
  const ordinary = (n: number) => ({
    eventType: 'page_view',
    anonymousId: `a${n % 5}`,
    eventId: `e${n}`,
    timestamp: '2026-03-01T11:00:00Z',
    properties: { url: '/pricing', title: 'Pricing', path: '/pricing', n, first: true, referrer: null },
  });
  const valuesInAll = (each: number) => ({ eventType: 'x', userId: 'u', ignored: Array(each).fill(1) });

  it('are 50,000 at most', async () => {
    await using app = await ingesting();
    // The body, its list, its text and its identifier are values too.
    const fits = await app.post('/api/events/ingest', valuesInAll(bodyLimits.values - 4));
    expect({ values: bodyLimits.values, statusCode: fits.statusCode }).toEqual({ values: 50_000, statusCode: 202 });
    const refused = await app.post('/api/events/ingest', valuesInAll(bodyLimits.values - 3));
    expect(refused.body).toMatchObject({ status: 413, code: 'too-large' });
    expect(refused.body.detail).toMatch(/more than 50,000 JSON values; send it in several parts/);
    expect((await app.post('/v1/track', { event: 'x', ...valuesInAll(50_000) })).statusCode).toBe(413);
    expect((await app.post('/api/events/batch', JSON.stringify(valuesInAll(50_000)), ndjson)).statusCode).toBe(413);
  });

  it('are more in a full batch: 5,000 ordinary activities fit, as a list and as lines', async () => {
    await using app = await ingesting();
    const events = Array.from({ length: 5_000 }, (_, n) => ordinary(n));
    expect((await app.post('/api/events/batch', { events })).body).toMatchObject({ accepted: 5_000 });
    const lines = events.map((each) => JSON.stringify(each)).join('\n');
    expect((await app.post('/api/events/batch', lines, ndjson)).body).toMatchObject({ duplicates: 5_000 });
  });

  it('are 50,000 at most where settings are sent, too', async () => {
    await using app = await ingesting(['config:write']);
    const put = (values: number) =>
      app.app.inject({
        method: 'PUT',
        url: `/api/projects/${app.projectId}/scoring-model`,
        headers: { 'x-api-key': app.key },
        payload: { engagement: Array(values - 2).fill(1) },
      });
    expect((await put(50_000)).statusCode).toBe(400);
    expect((await put(50_001)).json()).toMatchObject({ status: 413, code: 'too-large' });
  });

  it('are 2,000 at most in the properties and traits of an activity, which is refused alone', async () => {
    await using app = await ingesting();
    const held = (properties: number, traits: number) => ({
      eventType: 'x',
      userId: 'u',
      traits: { list: Array(traits - 1).fill(1) },
      properties: Object.fromEntries(Array.from({ length: properties }, (_, n) => [`p${n}`, n])),
    });
    const pointers = async (...events: readonly object[]) =>
      (await app.post('/api/events/batch', { events })).body.results.map(
        ({ status, error }: Json) => error?.pointer ?? status,
      );
    expect(await pointers(held(1_000, 999), held(1_000, 1_000), held(1_000, 1_001))).toEqual([
      'queued',
      'queued',
      '/events/2/traits',
    ]);
    expect(await pointers(held(2_001, 1), held(1, 2_001), held(1, 1))).toEqual([
      '/events/0/properties',
      '/events/1/traits',
      'queued',
    ]);
    const alone = await app.post('/api/events', held(1_000, 1_001));
    expect(alone.body).toMatchObject({ status: 400, errors: [{ pointer: '/traits' }] });
    expect(alone.body.detail).toMatch(/at most 2,000 are allowed in properties and traits together/);
  });

  it('in base64 are looked at up to 512 KiB of it', async () => {
    await using app = await ingesting();
    const type = { 'content-type': 'application/cloudevents-batch+json' };
    const encoded = (bytes: number) => ({
      specversion: '1.0',
      id: `i${bytes}`,
      source: 's',
      type: 't',
      userid: 'u',
      data_base64: Buffer.from('{}'.padEnd(bytes)).toString('base64'),
    });
    const half = (256 * 1024 * 3) / 4;
    expect((await app.post('/api/events', [encoded(half), encoded(half)], type)).statusCode).toBe(200);
    const refused = await app.post('/api/events', [encoded(half), encoded(half + 1)], type);
    expect(refused.body).toMatchObject({
      status: 413,
      code: 'too-large',
      detail: expect.stringMatching(/512 KiB of data_base64/),
    });
  });
});
