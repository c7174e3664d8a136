import { describe, expect, it } from 'vitest';
import { openServer } from '../../../src/api/http/server.ts';
import { breaking } from '../../support/engine.ts';
import { ingesting } from './given.ts';
import type { Result } from './given.ts';
import { allFacts, as, asRoot, boot, newKey, newProject, apiContextOver } from '../support.ts';

const keyed = (key = 'order-7') => ({ 'idempotency-key': key });
const of = (userId: string, eventType = 'signup') => ({ userId, eventType });
const event = (userId: string, id = 'e1') => ({
  specversion: '1.0',
  source: '/crm',
  type: 'signup',
  id,
  data: { userId },
});
const structured = { 'content-type': 'application/cloudevents+json' };
const batched = { 'content-type': 'application/cloudevents-batch+json' };
const lines = { 'content-type': 'application/x-ndjson' };
const binary = (id: string) => ({ 'ce-specversion': '1.0', 'ce-source': '/crm', 'ce-type': 'signup', 'ce-id': id });

type Sent = readonly [payload: unknown, headers?: Readonly<Record<string, string>>];

/** The ways in: what is sent for a person. */
const ways: readonly (readonly [way: string, url: string, of: (userId: string) => Sent])[] = [
  ['an activity', '/api/events/ingest', (userId) => [of(userId)]],
  ['an activity at the short path', '/api/events', (userId) => [of(userId)]],
  ['a batch', '/api/events/batch', (userId) => [{ events: [of(userId)] }]],
  ['lines', '/api/events/batch', (userId) => [`${JSON.stringify(of(userId))}\n`, lines]],
  ['a CloudEvent', '/api/events', (userId) => [event(userId), structured]],
  ['a CloudEvent in headers', '/api/events', (userId) => [{ userId }, binary('e1')]],
  ['CloudEvents', '/api/events', (userId) => [[event(userId)], batched]],
  ['a call of Segment', '/v1/track', (userId) => [{ userId, event: 'Signup' }]],
  ['an alias of Segment', '/v1/alias', (userId) => [{ userId, previousId: 'visitor-1' }]],
  ['a batch of Segment', '/v1/batch', (userId) => [{ batch: [{ type: 'track', userId, event: 'Signup' }] }]],
];

const reused = { statusCode: 422, body: { code: 'idempotency-key-reused', status: 422 } };

describe.each(ways)('An Idempotency-Key that comes with %s', (_, url, sent) => {
  it('is refused with another person, and nothing of it is recorded', async () => {
    await using app = await ingesting();
    const send = (userId: string, key?: string) => {
      const [payload, headers] = sent(userId);
      return app.post(url, payload, { ...headers, ...keyed(key) });
    };
    const first = await send('ada');
    expect(first.statusCode).toBeLessThan(300);
    const before = await app.facts();
    expect(await send('grace')).toMatchObject(reused);
    expect(await app.facts()).toEqual(before);
    const again = await send('ada');
    expect(again.statusCode).toBe(first.statusCode);
    expect(again.body).toEqual(first.body);
    expect(await app.facts()).toEqual(before);
    expect((await send('grace', 'order-8')).statusCode).toBe(first.statusCode);
    expect(await app.activities()).toHaveLength(2);
  });
});

describe('An Idempotency-Key', () => {
  it('with another activity of the same person tells that it was not recorded', async () => {
    await using app = await ingesting();
    const first = await app.post('/api/events', of('ada'), keyed());
    const other = await app.post('/api/events/ingest', of('ada', 'demo_request'), keyed());
    const { eventId, leadId } = first.body;
    expect(other.body).toMatchObject({ status: 'duplicate', conflict: true, eventId, leadId });
    expect(await app.activities()).toMatchObject([{ eventType: 'signup' }]);
  });

  it('of one way in is refused with another person by the others', async () => {
    await using app = await ingesting();
    await app.post('/api/events', of('ada'), keyed());
    for (const [way, url, sent] of ways) {
      const [payload, headers] = sent('grace');
      expect({ way, post: await app.post(url, payload, { ...headers, ...keyed() }) }).toMatchObject({
        way,
        post: reused,
      });
    }
  });

  it('goes by the identifiers, however they are spelled', async () => {
    await using app = await ingesting();
    const send = (person: object) => app.post('/api/events', { ...person, eventType: 'signup' }, keyed());
    const first = await send({ email: 'mailto:Ada@MÜNCHEN.de', userId: ' ada ' });
    const again = await send({ userId: 'ada', email: 'ada@xn--mnchen-3ya.de' });
    expect(again.body).toMatchObject({ leadId: first.body.leadId, eventId: first.body.eventId });
    expect(again.statusCode).toBe(202);
    // The same lead, and another request all the same.
    expect(await send({ userId: 'ada' })).toMatchObject(reused);
    expect(await send({ email: 'ada@münchen.de' })).toMatchObject(reused);
  });

  it('of a request with an alias goes by both of its ids', async () => {
    await using app = await ingesting();
    const alias = (userId: string, previousId: string) => app.post('/v1/alias', { userId, previousId }, keyed());
    await alias('ada', 'visitor-1');
    expect(await alias('ada', 'visitor-2')).toMatchObject(reused);
    expect((await alias('ada', 'visitor-1')).statusCode).toBe(200);
  });

  it('is no other when it comes again with an If-Match, which activities have no use for', async () => {
    await using app = await ingesting();
    for (const match of ['"0"', '"7"']) {
      const { statusCode } = await app.post('/api/events', of('ada'), { ...keyed(), 'if-match': match });
      expect(statusCode).toBe(202);
    }
    expect(await app.activities()).toHaveLength(1);
  });

  it('is of a project and of a key: another one’s is another request', async () => {
    await using app = await ingesting();
    const other = await newProject(app, 'Other');
    const second = await newKey(app, app.projectId, ['events:write']);
    const root = { ...asRoot, 'x-api-key': undefined, 'x-project-id': app.projectId };
    for (const key of [{}, as(other.apiKey), as(second.key), root]) {
      const [own, name] = [{ ...keyed(), ...key }, `user-${Object.values(key).join()}`];
      expect((await app.post('/api/events', of(name), own)).body.status).toBe('queued');
      expect(await app.post('/api/events', of('grace'), own)).toMatchObject(reused);
    }
    expect(await app.activities()).toHaveLength(4);
  });

  it('tells nothing of itself nor of the person in what it leaves beside the lead', async () => {
    await using app = await ingesting();
    await app.post('/api/events', of('ada-lovelace'), keyed('order-of-ada-lovelace'));
    const kept = (await app.facts()).filter(({ stream }) => stream.startsWith('request-'));
    expect(kept).toMatchObject([{ type: 'RequestKeyed', metadata: { actor: expect.stringMatching(/^key:/) } }]);
    expect(JSON.stringify(kept)).not.toMatch(/ada-|lovelace|order/);
    expect(kept[0]?.stream).toMatch(new RegExp(`^request-${app.projectId}\\.[0-9a-f-]{36}$`));
    await app.post('/api/events', of('ada-lovelace'), keyed('order-8'));
    const all = (await app.facts()).filter(({ type }) => type === 'RequestKeyed').map(({ data }) => data);
    expect(all[0]).not.toEqual(all[1]);
  });

  it('that is not there leaves nothing but the activity', async () => {
    await using app = await ingesting();
    await app.post('/api/events', of('ada'));
    expect((await app.facts()).filter(({ stream }) => stream.startsWith('request-'))).toEqual([]);
  });
});

describe('An Idempotency-Key of a batch', () => {
  const batch = (app: Awaited<ReturnType<typeof ingesting>>, ...events: readonly object[]) =>
    app.post('/api/events/batch', { events }, keyed());

  it.each([
    ['one of them is another', ['ada', 'joan', 'ada']],
    ['they have changed places', ['grace', 'ada', 'ada']],
    ['there is one more', ['ada', 'grace', 'ada', 'ada']],
    ['there is one less', ['ada', 'grace']],
  ])('is refused as a whole when %s', async (_, people) => {
    await using app = await ingesting();
    await batch(app, of('ada'), of('grace'), of('ada'));
    const before = await app.facts();
    expect(await batch(app, ...people.map((userId) => of(userId)))).toMatchObject(reused);
    expect(await app.facts()).toEqual(before);
  });

  it('tells each item of the same people whether it is the same', async () => {
    await using app = await ingesting();
    await batch(app, of('ada'), of('grace'));
    const { body } = await batch(app, of('ada'), of('grace', 'demo_request'));
    expect(body.results.map(({ status, conflict }: Result & { conflict?: true }) => [status, conflict])).toEqual([
      ['queued', undefined],
      ['duplicate', true],
    ]);
  });

  it('is free when nothing came of it', async () => {
    await using app = await ingesting();
    const before = await app.facts();
    await batch(app, { userId: 'ada' }, { eventType: 'signup' });
    await app.post('/v1/alias', { userId: 'ada', previousId: 'ada' }, keyed());
    expect((await app.facts()).filter(({ type }) => type !== 'RejectKept')).toEqual(before);
    expect((await batch(app, of('grace'))).body).toMatchObject({ accepted: 1 });
  });

  it('is the same when what lay in the future does so no longer', async () => {
    let now = new Date('2026-03-01T12:00:00Z');
    await using app = await boot(() => ({ clock: () => now }));
    const { apiKey } = await newProject(app);
    const events = [of('ada'), { ...of('grace'), timestamp: '2026-03-02T13:00:00Z' }];
    const send = async () => {
      const headers = { ...as(apiKey), ...keyed() };
      const answer = await app.app.inject({ method: 'POST', url: '/api/events/batch', headers, payload: { events } });
      return answer.json<{ readonly results: readonly Result[] }>().results.map(({ status }) => status);
    };
    expect(await send()).toEqual(['queued', 'rejected']);
    now = new Date('2026-03-01T14:00:00Z');
    expect(await send()).toEqual(['queued', 'queued']);
  });
});

describe('Requests with the same Idempotency-Key at once', () => {
  it('are one when they name the same person', async () => {
    await using app = await ingesting();
    const answers = await Promise.all(Array.from({ length: 8 }, () => app.post('/api/events', of('ada'), keyed())));
    expect(new Set(answers.map(({ statusCode, body }) => `${statusCode} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(await app.activities()).toHaveLength(1);
  });

  it('are of one person when they name two, also in two processes', async () => {
    await using app = await ingesting();
    const other = await openServer(apiContextOver(app), { logLevel: 'silent' });
    const here = (userId: string) => app.post('/api/events', of(userId), keyed());
    const there = (userId: string) => {
      const headers = { ...as(app.key), ...keyed() };
      return other.inject({ method: 'POST', url: '/api/events', headers, payload: of(userId) });
    };
    const answers = await Promise.all([here('ada'), there('grace'), here('grace'), there('ada')]);
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([202, 202, 422, 422]);
    expect(await app.activities()).toHaveLength(1);
    await other.close();
  });
});

describe('A request that was cut off', () => {
  /** The app over a store whose connection breaks at the nth append of the request. */
  const breakingAt = async (nth: number, when: 'before' | 'after') => {
    const app = await ingesting();
    const broken = breaking(app.store, nth, when);
    const server = await openServer(apiContextOver({ ...app, store: broken.store }), { logLevel: 'silent' });
    const headers = { ...as(app.key), ...keyed() };
    const { statusCode } = await server.inject({ method: 'POST', url: '/api/events', headers, payload: of('ada') });
    await server.close();
    return {
      app,
      statusCode,
      facts: (await allFacts(app.store)).filter(({ stream }) => !stream.startsWith('project-')),
    };
  };

  it.each([
    [1, 'after'],
    [2, 'before'],
  ] as const)('between what it keeps and what it records (%i, %s) goes on when it comes again', async (nth, when) => {
    const { app, statusCode, facts } = await breakingAt(nth, when);
    await using _app = app;
    expect({ statusCode, facts: facts.map(({ type }) => type) }).toEqual({ statusCode: 503, facts: ['RequestKeyed'] });
    expect(await app.post('/api/events', of('grace'), keyed())).toMatchObject(reused);
    expect((await app.post('/api/events', of('ada'), keyed())).body).toMatchObject({ status: 'queued' });
    expect(await app.activities()).toHaveLength(1);
  });

  it('before anything was kept leaves the key to whoever comes next', async () => {
    const { app, statusCode, facts } = await breakingAt(1, 'before');
    await using _app = app;
    expect({ statusCode, facts }).toEqual({ statusCode: 503, facts: [] });
    expect((await app.post('/api/events', of('grace'), keyed())).body).toMatchObject({ status: 'queued' });
    expect(await app.post('/api/events', of('ada'), keyed())).toMatchObject(reused);
  });
});
