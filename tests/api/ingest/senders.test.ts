import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { jsonInForm } from '../../../src/api/ingest/form.ts';
import { ingesting } from './given.ts';

const native = { eventType: 'visit', anonymousId: 'a' };
const call = { type: 'track', event: 'Visit', anonymousId: 'a' };

/** Each way in, with the body that it takes for an activity of an id. */
const ways = [
  ['/api/events/ingest', (eventId: string) => ({ ...native, eventId })],
  ['/api/events', (eventId: string) => ({ ...native, eventId })],
  ['/api/events/batch', (eventId: string) => ({ events: [{ ...native, eventId }] })],
  ['/v1/track', (messageId: string) => ({ ...call, messageId })],
  ['/v1/batch', (messageId: string) => ({ batch: [{ ...call, messageId }] })],
  ['/v1/import', (messageId: string) => ({ batch: [{ ...call, messageId }] })],
] as const;

const bare = { 'x-api-key': undefined };
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const encoded = (value: unknown) => `data=${encodeURIComponent(JSON.stringify(value)).replaceAll('%20', '+')}`;

describe('What senders send', () => {
  it.each(ways)('comes in at %s under the types that need no preflight, and without one', async (url, body) => {
    await using app = await ingesting();
    const types = ['text/plain', 'text/plain;charset=UTF-8', form['content-type'], undefined, '', ' '];
    for (const [index, type] of types.entries()) {
      const { statusCode } = await app.post(url, JSON.stringify(body(`e-${index}`)), { 'content-type': type });
      expect({ type, statusCode }).toEqual({
        type,
        statusCode: url.endsWith('ingest') || url.endsWith('events') ? 202 : 200,
      });
    }
    expect((await app.activities()).map(({ eventId }) => eventId)).toEqual(types.map((_, index) => `e-${index}`));
  });

  it.each(ways)(
    'comes in at %s as the field data of a form, with its key in it or in the headers',
    async (url, body) => {
      await using app = await ingesting();
      const bodies = [
        encoded(body('one +&=% Zoë')),
        `v=1&data=${JSON.stringify(body('a&b=c+d%20'))}`,
        gzipSync(encoded(body('packed'))),
      ];
      for (const each of bodies) {
        const packed = Buffer.isBuffer(each) ? { 'content-encoding': 'gzip' } : {};
        expect((await app.post(url, each, { ...form, ...packed })).statusCode).toBeLessThan(300);
      }
      const keyed = encoded({ ...body('keyed'), writeKey: app.key });
      expect((await app.post(url, keyed, { ...form, ...bare })).statusCode).toBeLessThan(300);
      expect((await app.post(url, keyed.replace(app.projectId, 'other'), { ...form, ...bare })).statusCode).toBe(401);
      const ids = (await app.activities()).map(({ eventId }) => eventId);
      expect(ids).toEqual(['one +&=% Zoë', 'a&b=c+d%20', 'packed', 'keyed']);
    },
  );

  it('of a beacon is let in by the key in its body', async () => {
    await using app = await ingesting();
    for (const type of ['text/plain;charset=UTF-8', 'application/json', undefined]) {
      const body = JSON.stringify({ ...native, writeKey: app.key });
      const { statusCode } = await app.post('/api/events/ingest', body, { ...bare, 'content-type': type });
      expect(statusCode).toBe(202);
    }
  });

  it.each(['<a/>', 'x', 'data', 'data=', 'data=x', 'data=%7B', 'other=%7B%7D', '%7B%7D', '='])(
    'is refused as no JSON when it is %s, whatever it is called',
    async (body) => {
      await using app = await ingesting();
      for (const type of [form['content-type'], 'text/plain', undefined]) {
        const { statusCode } = await app.post('/v1/track', body, { 'content-type': type });
        expect({ type, statusCode }).toEqual({ type, statusCode: 400 });
      }
      expect(await app.activities()).toEqual([]);
    },
  );

  it.each(['//api/events/ingest', '/api//events///ingest/', '/api/events/ingest//', '/api/events/ingest/?a=//'])(
    'comes in at %s, which is one path with others',
    async (url) => {
      await using app = await ingesting();
      expect((await app.post(url, native)).statusCode).toBe(202);
    },
  );

  it('elsewhere is found at such paths too, and told which methods there are', async () => {
    await using app = await ingesting(['leads:read']);
    expect((await app.app.inject({ url: '//api//leads/', headers: { 'x-api-key': app.key } })).statusCode).toBe(200);
    const other = await app.app.inject({ method: 'DELETE', url: '//api//events//ingest/' });
    expect({ statusCode: other.statusCode, allow: other.headers['allow'] }).toEqual({ statusCode: 405, allow: 'POST' });
    expect((await app.app.inject('/api/e/vents')).statusCode).toBe(404);
  });
});

describe('JSON in a form', () => {
  const taken = (body: string) => jsonInForm(Buffer.from(body)).toString();

  it.each([
    ['{"a":"data=1&b=+%20"}', '{"a":"data=1&b=+%20"}'],
    [' \n[1,"+"]', ' \n[1,"+"]'],
    ['data=%7B%22a%22%3A%22x+y%2B%C3%AB%22%7D', '{"a":"x y+ë"}'],
    ['data=%7b%7d&more=1', '{}'],
    ['v=1&&data=%5B1%5D&data=%5B2%5D', '[1]'],
    ['data={"a":"x+y&z=%41"}', '{"a":"x+y&z=%41"}'],
    ['metadata=1&data=%7B%7D', '{}'],
    ['data=%7B%ZZ%4', '{%ZZ%4'],
    ['metadata=%7B%7D', 'metadata=%7B%7D'],
    ['', ''],
  ])('of %s is %s', (body, json) => {
    expect(taken(body)).toBe(json);
  });

  it('is found in one pass, however many fields there are', () => {
    const begun = performance.now();
    const fields = '&'.repeat(1_000_000);
    expect(taken(`${fields}data=%7B%7D`)).toBe('{}');
    expect(taken(fields)).toBe(fields);
    expect(performance.now() - begun).toBeLessThan(3_000);
  });
});
