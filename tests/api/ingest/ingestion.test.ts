import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Result } from './given.ts';
import { ingesting } from './given.ts';
import { asRoot } from '../support.ts';

const visit = { anonymousId: 'visitor-1', eventType: 'page_view', eventId: 'e-1' };
const mib = 1024 * 1024;

describe.each(['/api/events/ingest', '/api/events'])('An activity sent to %s', (url) => {
  it('is durable before it is acknowledged, with the lead it belongs to', async () => {
    await using app = await ingesting();
    const { statusCode, headers, body } = await app.post(url, visit);
    expect(statusCode).toBe(202);
    expect(body).toEqual({
      status: 'queued',
      eventId: 'e-1',
      leadId: expect.any(String),
      position: expect.any(Number),
    });
    expect(headers['leadfold-position']).toBe(String(body.position));
    const facts = await app.facts();
    expect(facts.at(-1)?.position).toBeLessThanOrEqual(body.position);
    expect(await app.activities()).toMatchObject([{ eventId: 'e-1', eventType: 'page_view', source: 'api' }]);
    expect(facts.find(({ type }) => type === 'ActivityRecorded')?.stream).toBe(`lead-${app.projectId}.${body.leadId}`);
  });

  it('is a duplicate the second time, and in conflict when it says something else', async () => {
    await using app = await ingesting();
    const first = await app.post(url, visit);
    const again = await app.post(url, visit);
    expect(again).toMatchObject({
      statusCode: 202,
      body: { status: 'duplicate', eventId: 'e-1', leadId: first.body.leadId },
    });
    expect(again.body).not.toHaveProperty('conflict');
    const other = await app.post(url, { ...visit, eventType: 'signup' });
    expect(other).toMatchObject({ statusCode: 202, body: { status: 'duplicate', conflict: true } });
    expect(await app.activities()).toHaveLength(1);
  });

  it('is refused with all that is wrong, and kept as that alone', async () => {
    await using app = await ingesting();
    const before = await app.facts();
    const { statusCode, headers, body } = await app.post(url, { userId: 'null', timestamp: '2026-03-03T12:00:00Z' });
    expect(statusCode).toBe(400);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(body).toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '/userId' }, { pointer: '/eventType' }, { pointer: '/timestamp' }],
    });
    const after = await app.facts();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length).map(({ type }) => type)).toEqual(['RejectKept']);
  });

  it.each([
    ['a list', '[]'],
    ['text', '"x"'],
    ['nothing', ''],
  ])('is refused when the body is %s', async (_, payload) => {
    await using app = await ingesting();
    expect(await app.post(url, payload)).toMatchObject({ statusCode: 400, body: { code: 'invalid-request' } });
  });
});

describe('An activity', () => {
  it('sent again with its Idempotency-Key is the same activity, and answered as before', async () => {
    await using app = await ingesting();
    const { eventId: _, ...unnamed } = visit;
    const first = await app.post('/api/events', unnamed, { 'idempotency-key': 'k-1' });
    const again = await app.post('/api/events', unnamed, { 'idempotency-key': '"k-1"' });
    expect(again.body).toEqual(first.body);
    const next = await app.post('/api/events', unnamed, { 'idempotency-key': 'k-2' });
    expect(next.body.eventId).not.toBe(first.body.eventId);
    expect(await app.activities()).toHaveLength(2);
  });

  it('that is another one under an Idempotency-Key used before is told that it was not recorded', async () => {
    await using app = await ingesting();
    const { eventId: _, ...unnamed } = visit;
    await app.post('/api/events', unnamed, { 'idempotency-key': 'k-1' });
    const other = await app.post('/api/events', { ...unnamed, eventType: 'signup' }, { 'idempotency-key': 'k-1' });
    expect(other.body).toMatchObject({ status: 'duplicate', conflict: true });
    expect(await app.activities()).toMatchObject([{ eventType: 'page_view' }]);
  });

  it('whose identifiers can not all belong to one lead is recorded, with a warning', async () => {
    await using app = await ingesting();
    await app.post('/api/events', { userId: 'u-1', anonymousId: 'shared', eventType: 'signup' });
    const { body } = await app.post('/api/events', { userId: 'u-2', anonymousId: 'shared', eventType: 'signup' });
    expect(body).toMatchObject({
      status: 'queued',
      warnings: [{ code: 'link-refused', detail: expect.stringContaining('"shared"') }],
    });
  });

  it('whose traits do not all fit its lead is recorded without them, with a warning, and so is told when it comes again', async () => {
    await using app = await ingesting();
    const traits = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`t${from + n}`, 'x']));
    const told = (eventId: string, more: object) => ({ userId: 'u-1', eventType: 'identify', eventId, traits: more });
    const first = await app.post('/api/events', told('e1', traits(0, 499)));
    expect(first.body).not.toHaveProperty('warnings');
    const warnings = [{ code: 'traits-left-out', pointer: '/traits', detail: expect.stringContaining('"t500"') }];
    for (const status of ['queued', 'duplicate']) {
      const { body } = await app.post('/api/events', told('e2', traits(499, 2)));
      expect(body).toMatchObject({ status, warnings });
      expect(body).not.toHaveProperty('conflict');
    }
    const { body } = await app.post('/api/events/batch', { events: [told('e3', { other: 1 })] });
    expect(body.results[0].warnings[0]).toMatchObject({ code: 'traits-left-out', pointer: '/events/0/traits' });
  });

  it('carries the correlation id, the trace and the key of its request in every fact', async () => {
    await using app = await ingesting();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await app.post('/api/events', visit, { 'x-correlation-id': 'c-1', traceparent });
    const [fact, ...facts] = (await app.facts()).filter(({ stream }) => stream.startsWith('lead-'));
    expect([fact, ...facts].map((each) => each?.metadata)).toEqual(
      [fact, ...facts].map(() =>
        expect.objectContaining({ correlationId: 'c-1', traceparent, actor: expect.stringMatching(/^key:/) }),
      ),
    );
  });

  it("is taken with a writeKey in its body, for the project of the root key's header, and for nobody else", async () => {
    await using app = await ingesting();
    const bare = { 'x-api-key': undefined };
    expect((await app.post('/api/events', { ...visit, writeKey: app.key }, bare)).statusCode).toBe(202);
    expect(
      (await app.post('/api/events', visit, { ...bare, ...asRoot, 'x-project-id': app.projectId })).statusCode,
    ).toBe(202);
    expect((await app.post('/api/events', visit, { ...bare, ...asRoot })).body.code).toBe('project-missing');
    expect((await app.post('/api/events', visit, bare)).statusCode).toBe(401);
    expect((await app.post('/api/events', { ...visit, writeKey: `${app.key.slice(0, -1)}x` }, bare)).statusCode).toBe(
      401,
    );
  });

  it('is not taken with a key that may only read', async () => {
    await using app = await ingesting(['leads:read']);
    expect(await app.post('/api/events', visit)).toMatchObject({ statusCode: 403, body: { code: 'scope-missing' } });
  });

  it('is not taken as something else than JSON', async () => {
    await using app = await ingesting();
    expect((await app.post('/api/events', JSON.stringify(visit), { 'content-type': 'text/html' })).statusCode).toBe(
      415,
    );
    expect(await app.post('/api/events', '{"a"', {})).toMatchObject({
      statusCode: 400,
      body: { code: 'invalid-json' },
    });
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('may be packed with %s', async (encoding, pack) => {
    await using app = await ingesting();
    const answer = await app.post('/api/events', pack(JSON.stringify(visit)), { 'content-encoding': encoding });
    expect(answer.statusCode).toBe(202);
  });

  it('keeps strange texts as they are, except where they name something', async () => {
    await using app = await ingesting();
    const properties = {
      half: '\ud800',
      nul: 'a\0b',
      ключ: '🎉',
      '': 'blank',
      constructor: { prototype: 1 },
      'a.b': 1,
      $c: 1,
    };
    expect((await app.post('/api/events', { ...visit, properties })).statusCode).toBe(202);
    expect((await app.activities())[0]?.properties).toEqual(properties);
    const { body } = await app.post('/api/events', { ...visit, eventId: 'a\0', anonymousId: '\udc00' });
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/anonymousId', '/eventId']);
  });
});

describe('A batch', () => {
  it('takes the good ones and says of each bad one what is wrong', async () => {
    await using app = await ingesting();
    const deep = `{"anonymousId":"a","eventType":"x","properties":${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}}`;
    const events = [
      ...[
        visit,
        { ...visit, eventId: 'e-2', timestamp: '2026-03-03T12:00:00Z' },
        visit,
        { ...visit, eventType: 'signup' },
      ],
      ...[
        'text',
        { ...visit, eventId: 'e-3', properties: { a: 'x'.repeat(40_000) } },
        { userId: 'anonymous', event: 'x' },
      ],
      ...[{ ...visit, eventId: 'e-4' }],
    ];
    const payload = `{"events":[${[...events.map((each) => JSON.stringify(each)), deep, '{"__proto__":1}'].join(',')}]}`;
    const { statusCode, headers, body } = await app.post('/api/events/batch', payload);
    expect(statusCode).toBe(200);
    expect(body).toMatchObject({ accepted: 2, duplicates: 2, rejected: 6 });
    const leadId = body.results[0].leadId;
    expect(body.results).toEqual([
      { index: 0, status: 'queued', eventId: 'e-1', leadId },
      {
        index: 1,
        status: 'rejected',
        eventId: 'e-2',
        error: { pointer: '/events/1/timestamp', detail: expect.any(String) },
      },
      { index: 2, status: 'duplicate', eventId: 'e-1', leadId },
      { index: 3, status: 'duplicate', eventId: 'e-1', leadId, conflict: true },
      { index: 4, status: 'rejected', eventId: null, error: { pointer: '/events/4', detail: expect.any(String) } },
      {
        index: 5,
        status: 'rejected',
        eventId: 'e-3',
        error: { pointer: '/events/5/properties', detail: expect.any(String) },
      },
      {
        index: 6,
        status: 'rejected',
        eventId: null,
        error: { pointer: '/events/6/userId', detail: expect.any(String) },
      },
      { index: 7, status: 'queued', eventId: 'e-4', leadId },
      {
        index: 8,
        status: 'rejected',
        eventId: null,
        error: { pointer: '/events/8/properties', detail: expect.any(String) },
      },
      { index: 9, status: 'rejected', eventId: null, error: { pointer: '/events/9', detail: expect.any(String) } },
    ]);
    expect(headers['leadfold-position']).toBe(String((await app.facts()).at(-1)?.position));
    expect(await app.activities()).toMatchObject([{ eventId: 'e-1', source: 'batch' }, { eventId: 'e-4' }]);
  });

  it('sent again with its Idempotency-Key is the same activities, in their places', async () => {
    await using app = await ingesting();
    const events = [
      { anonymousId: 'a', event: 'x' },
      { anonymousId: 'b', event: 'x' },
      { anonymousId: 'a', event: 'x' },
    ];
    const first = await app.post('/api/events/batch', { events }, { 'idempotency-key': 'k-1' });
    const again = await app.post('/api/events/batch', { events }, { 'idempotency-key': 'k-1' });
    expect(again.body).toEqual(first.body);
    expect(await app.activities()).toHaveLength(3);
  });

  it('may be empty', async () => {
    await using app = await ingesting();
    const nothing = { statusCode: 200, body: { accepted: 0, duplicates: 0, rejected: 0, results: [] } };
    expect(await app.post('/api/events/batch', { events: [] })).toMatchObject(nothing);
    expect(await app.post('/api/events/batch', '', { 'content-type': 'application/x-ndjson' })).toMatchObject(nothing);
  });

  it('may be NDJSON, where a bad line is a bad item', async () => {
    await using app = await ingesting();
    const lines = [
      JSON.stringify(visit),
      '',
      '{"anonymousId":',
      '  ',
      JSON.stringify({ ...visit, eventId: 'e-2' }),
      '{}',
    ];
    const { statusCode, body } = await app.post('/api/events/batch', lines.join('\r\n'), {
      'content-type': 'application/x-ndjson; charset=utf-8',
    });
    expect(statusCode).toBe(200);
    expect(body).toMatchObject({ accepted: 2, rejected: 2 });
    expect(body.results.map(({ status, error }: Result) => [status, error?.pointer])).toEqual([
      ...[
        ['queued', undefined],
        ['rejected', '/1'],
        ['queued', undefined],
        ['rejected', '/3'],
      ],
    ]);
    expect(body.results[1].error.detail).toContain('not JSON');
  });

  it.each([
    ['no list of events', '{}', '/events'],
    ['events that are no list', '{"events":{}}', '/events'],
    ['a list for a body', '[]', ''],
    ['no body', '', ''],
  ])('is refused with %s', async (_, payload, pointer) => {
    await using app = await ingesting();
    const answer = await app.post('/api/events/batch', payload);
    expect(answer).toMatchObject({ statusCode: 400, body: { code: 'invalid-request', errors: [{ pointer }] } });
  });

  it('has at most 5,000 items', async () => {
    await using app = await ingesting();
    const lines = (count: number) => '{}\n'.repeat(count);
    const ndjson = { 'content-type': 'application/x-ndjson' };
    expect((await app.post('/api/events/batch', lines(5_000), ndjson)).body.rejected).toBe(5_000);
    expect(await app.post('/api/events/batch', lines(5_001), ndjson)).toMatchObject({
      statusCode: 413,
      body: { code: 'too-large' },
    });
    const events = Array.from({ length: 5_001 }, () => ({}));
    expect((await app.post('/api/events/batch', { events })).statusCode).toBe(413);
  });

  it('has at most 4 MiB, unpacked', async () => {
    await using app = await ingesting();
    const body = (bytes: number) => JSON.stringify({ events: [visit] }).padEnd(bytes);
    expect((await app.post('/api/events/batch', body(4 * mib))).statusCode).toBe(200);
    expect((await app.post('/api/events/batch', body(4 * mib + 1))).statusCode).toBe(413);
    const bomb = gzipSync(Buffer.alloc(64 * mib, ' '));
    expect(bomb.length).toBeLessThan(mib / 8);
    expect((await app.post('/api/events/batch', bomb, { 'content-encoding': 'gzip' })).statusCode).toBe(413);
  });
});
