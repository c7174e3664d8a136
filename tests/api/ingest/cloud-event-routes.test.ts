import { CloudEvent, HTTP } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import { ingesting } from './given.ts';

const data = { userId: 'u', size: 3 };
const event = new CloudEvent({ id: 'e-1', source: '/crm', type: 'io.acme.signup', time: '2026-03-01T10:00:00Z', data });
const recorded = { eventId: '/crm#e-1', eventType: 'io.acme.signup', source: 'cloudevents', properties: { size: 3 } };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('A CloudEvent at /api/events', () => {
  it.each([
    ['structured', HTTP.structured(event)],
    ['binary', HTTP.binary(event)],
  ])('is recorded when the CloudEvents client sends it in %s mode', async (_, { headers, body }) => {
    await using app = await ingesting();
    const lowered = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    const answer = await app.post('/api/events', String(body), lowered);
    expect(answer).toMatchObject({ statusCode: 202, body: { status: 'queued', eventId: '/crm#e-1' } });
    expect(await app.activities()).toMatchObject([{ ...recorded, occurredAt: '2026-03-01T10:00:00.000Z' }]);
    expect((await app.post('/api/events', String(body), lowered)).body.status).toBe('duplicate');
  });

  it('is recorded with its trace and the person that its extension attributes name', async () => {
    await using app = await ingesting();
    const { body, headers } = HTTP.binary(event.cloneWith({ userid: 'someone', traceparent }));
    const lowered = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    expect((await app.post('/api/events', String(body), lowered)).statusCode).toBe(202);
    const captured = (await app.facts()).find(({ type }) => type === 'LeadCaptured');
    expect(captured).toMatchObject({ data: { identifier: { value: 'someone' } }, metadata: { traceparent } });
  });

  it('may have any JSON type, and no body when its attributes say who did it', async () => {
    await using app = await ingesting();
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'e-1',
      'ce-source': '/crm',
      'ce-type': 'visit',
      'ce-userid': 'u',
    };
    expect(
      (await app.post('/api/events', '{"a":1}', { ...headers, 'content-type': 'application/vnd.acme+json' }))
        .statusCode,
    ).toBe(202);
    expect(
      (await app.post('/api/events', undefined, { ...headers, 'ce-id': 'e-2', 'content-type': undefined })).statusCode,
    ).toBe(202);
    expect((await app.activities()).map(({ properties }) => properties)).toEqual([{ a: 1 }, {}]);
  });

  it('is one of many in batched mode, where a bad one does not fail the others', async () => {
    await using app = await ingesting();
    const again = event.toJSON();
    const elsewhere = { ...again, source: '/shop' };
    const events = [event, { ...again, id: 'e-2' }, { ...again, specversion: '0.3' }, event, elsewhere, elsewhere];
    const type = { 'content-type': 'application/cloudevents-batch+json; charset=UTF-8' };
    const { statusCode, body } = await app.post('/api/events', events, type);
    expect(statusCode).toBe(200);
    expect(body).toMatchObject({ accepted: 3, duplicates: 2, rejected: 1 });
    expect(body.results[2].error.pointer).toBe('/2/specversion');
    expect(await app.post('/api/events', { a: 1 }, type)).toMatchObject({ statusCode: 400 });
    expect(await app.post('/api/events', '[]', type)).toMatchObject({ statusCode: 200, body: { results: [] } });
  });

  it('is another one from another source, and refused with a header that is not UTF-8', async () => {
    await using app = await ingesting();
    const from = (source: string) => ({
      'ce-specversion': '1.0',
      'ce-id': 'e-1',
      'ce-source': source,
      'ce-type': '"two words"',
      'ce-userid': 'Zo%C3%AB',
    });
    const statuses = [];
    for (const source of ['/crm', '/shop', '/crm']) {
      statuses.push((await app.post('/api/events', {}, from(source))).body.status);
    }
    expect(statuses).toEqual(['queued', 'queued', 'duplicate']);
    expect((await app.activities()).map(({ eventId, eventType }) => [eventId, eventType])).toEqual([
      ['/crm#e-1', 'two words'],
      ['/shop#e-1', 'two words'],
    ]);
    expect(await app.post('/api/events', {}, from('/caf%E9'))).toMatchObject({
      statusCode: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '/source' }] },
    });
  });

  it('is refused without what the specification requires', async () => {
    await using app = await ingesting();
    const { id: _, ...unnamed } = event.toJSON();
    const type = { 'content-type': 'application/cloudevents+json' };
    expect(await app.post('/api/events', unnamed, type)).toMatchObject({
      statusCode: 400,
      body: { errors: [{ pointer: '/id' }] },
    });
    expect(await app.post('/api/events', undefined, type)).toMatchObject({ statusCode: 400 });
    expect(await app.post('/api/events', data, { 'ce-id': 'e-1' })).toMatchObject({
      body: { errors: [{ pointer: '/specversion' }, { pointer: '/source' }, { pointer: '/type' }] },
    });
    expect((await app.activities()).length).toBe(0);
  });
});
