import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Result } from './given.ts';
import { ingesting } from './given.ts';

const call = { messageId: 'm-1', userId: 'u', event: 'Demo Requested', groupId: 'g', previousId: 'a' };
const bare = { 'x-api-key': undefined };

describe('What Segment clients send', () => {
  it.each([
    ['track', 't', 'demo_requested'],
    ['identify', 'i', 'identify'],
    ['page', 'p', 'page_view'],
    ['screen', 's', 'screen_view'],
    ['group', 'g', 'group'],
    ['alias', 'a', 'alias'],
  ])('is taken at /v1/%s and /v1/%s, with or without a slash at the end', async (name, short, eventType) => {
    await using app = await ingesting();
    for (const url of [`/v1/${name}`, `/v1/${name}/`, `/v1/${short}`, `/v1/${short}/`]) {
      const { statusCode, body } = await app.post(url, { ...call, messageId: url });
      expect(statusCode).toBe(200);
      expect(body).toMatchObject({
        success: true,
        accepted: 1,
        results: [{ index: 0, status: 'queued', eventId: url }],
      });
    }
    expect((await app.activities()).map((activity) => activity.eventType)).toEqual(Array(4).fill(eventType));
  });

  it.each(['/v1/batch', '/v1/b', '/v1/batch/', '/v1/import', '/v1//import/'])(
    'is taken many at once at %s, with a bad one among good ones',
    async (url) => {
      await using app = await ingesting();
      const batch = [
        ...[
          { type: 'track', ...call },
          { type: 'track', messageId: 'm-2', userId: 'u' },
          { type: 'dance', userId: 'u' },
          7,
        ],
        ...[
          { type: 'alias', messageId: 'm-3', userId: 'u', previousId: 'u' },
          { type: 'page', messageId: 'm-4', anonymousId: 'a' },
        ],
      ];
      const { statusCode, headers, body } = await app.post(url, { batch, sentAt: '2026-03-01T12:00:00Z' });
      expect(statusCode).toBe(200);
      expect(Number(headers['leadfold-position'])).toBeGreaterThan(0);
      expect(body).toMatchObject({ success: true, accepted: 2, duplicates: 0, rejected: 3, ignored: 1 });
      expect(body.results.map(({ status, eventId, error }: Result) => [status, eventId, error?.pointer])).toEqual([
        ['queued', 'm-1', undefined],
        ['rejected', 'm-2', '/batch/1/event'],
        ['rejected', null, '/batch/2/type'],
        ['rejected', null, '/batch/3'],
        ['ignored', 'm-3', undefined],
        ['queued', 'm-4', undefined],
      ]);
      expect(await app.activities()).toHaveLength(2);
    },
  );

  it('is taken under every type and encoding that the clients choose for JSON', async () => {
    await using app = await ingesting();
    const types = [
      'application/json',
      'text/plain',
      'text/plain;charset=UTF-8',
      'application/x-www-form-urlencoded; charset=utf-8',
    ];
    for (const type of types) {
      const headers = { 'content-type': type };
      const plain = JSON.stringify({ ...call, messageId: type });
      expect((await app.post('/v1/t', plain, headers)).body).toMatchObject({ accepted: 1 });
      const packed = gzipSync(JSON.stringify({ ...call, messageId: `${type} packed` }));
      expect((await app.post('/v1/t', packed, { ...headers, 'content-encoding': 'gzip' })).body).toMatchObject({
        accepted: 1,
      });
    }
    expect((await app.post('/v1/t', '<x/>', { 'content-type': 'text/xml' })).statusCode).toBe(415);
  });

  it('counts once, however often it is sent and whatever the time of sending is', async () => {
    await using app = await ingesting();
    const send = (sentAt: string) =>
      app.post('/v1/batch', { batch: [{ type: 'track', ...call, timestamp: '2026-03-01T11:00:00Z' }], sentAt });
    expect((await send('2026-03-01T12:00:00Z')).body).toMatchObject({ accepted: 1 });
    const { body } = await send('2026-03-01T12:00:07Z');
    expect(body).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(body.results[0]).not.toHaveProperty('conflict');
    expect(await app.activities()).toHaveLength(1);
  });

  it('is nothing to do for an alias of an id with itself', async () => {
    await using app = await ingesting();
    const before = await app.facts();
    const { statusCode, body } = await app.post('/v1/alias', { messageId: 'm', userId: 'u', previousId: 'u' });
    expect({ statusCode, results: body.results }).toEqual({
      statusCode: 200,
      results: [{ index: 0, status: 'ignored', eventId: 'm' }],
    });
    expect(await app.facts()).toEqual(before);
  });

  it('is refused as a whole only for its key, its JSON or its size', async () => {
    await using app = await ingesting();
    expect((await app.post('/v1/track', call, bare)).statusCode).toBe(401);
    expect((await app.post('/v1/track', { ...call, writeKey: 'wrong' }, bare)).statusCode).toBe(401);
    expect((await app.post('/v1/track', '{', {})).statusCode).toBe(400);
    expect((await app.post('/v1/track', '[]', {})).statusCode).toBe(400);
    expect((await app.post('/v1/batch', {})).statusCode).toBe(400);
    expect((await app.post('/v1/batch', { batch: Array(5_001).fill({}) })).statusCode).toBe(413);
    expect(
      (await app.post('/v1/track', JSON.stringify({ ...call, padding: 'x'.repeat(5 * 1024 * 1024) }))).statusCode,
    ).toBe(413);
    expect((await app.post('/v1/track', { userId: 'null' })).statusCode).toBe(200);
  });

  it('is let in by Basic with the key as the user, or by a writeKey in the body, of a batch too', async () => {
    await using app = await ingesting();
    const basic = `Basic ${Buffer.from(`${app.key}:`).toString('base64')}`;
    expect((await app.post('/v1/track', call, { ...bare, authorization: basic })).statusCode).toBe(200);
    const inBody = JSON.stringify({ batch: [{ type: 'track', ...call }], writeKey: app.key });
    expect((await app.post('/v1/b', inBody, { ...bare, 'content-type': 'text/plain' })).body).toMatchObject({
      duplicates: 1,
    });
  });

  it('may come from a page of another site', async () => {
    await using app = await ingesting();
    expect((await app.post('/v1/t', call)).headers['access-control-allow-origin']).toBe('*');
    expect((await app.post('/v1/t', call, bare)).headers['access-control-allow-origin']).toBe('*');
  });

  it('begins with settings that point back here, for a key that is known', async () => {
    await using app = await ingesting();
    const ask = (key: string, host = 'leads.acme.io') =>
      app.app.inject({ url: `/v1/projects/${key}/settings`, headers: { host } });
    const known = await ask(app.key);
    expect(known.statusCode).toBe(200);
    expect(known.headers['cache-control']).toBe('no-store');
    const segment = { apiKey: app.key, apiHost: 'leads.acme.io/v1', protocol: 'https' };
    expect(known.json().integrations).toEqual({ 'Segment.io': segment });
    expect((await ask(app.key, '127.0.0.1:4000')).json().integrations['Segment.io'].protocol).toBe('http');
    for (const key of ['nobody', `${app.key.slice(0, -1)}x`, app.key.replace(app.projectId, 'other')]) {
      expect((await ask(key)).statusCode).toBe(404);
    }
  });
});
