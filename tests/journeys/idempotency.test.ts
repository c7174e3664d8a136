import { describe, expect, it } from 'vitest';
import { appOfFile, openTestApp } from '../support/app.ts';
import { mustBe } from '../support/client.ts';

const app = appOfFile();
const signup = { userId: 'ada', eventType: 'signup' };
const key = (value: string) => ({ 'idempotency-key': value });

describe('An Idempotency-Key', () => {
  it('makes a repeated activity one fact, answered as it was the first time', async () => {
    const project = await app().project();
    const first = mustBe(await project.send(signup, key('k1')), 202);
    const head = await app().head();
    for (const same of ['k1', '"k1"']) {
      const again = mustBe(await project.send(signup, key(same)), 202);
      expect(again.body).toEqual(first.body);
    }
    expect(first.body.status).toBe('queued');
    expect(await app().head()).toBe(head);
    const [lead] = await project.all('/api/leads');
    expect(lead).toMatchObject({ score: 30, activities: 1 });
  });

  it('does so when both are sent at once', async () => {
    const project = await app().project();
    const answers = await Promise.all(Array.from({ length: 8 }, () => project.send(signup, key('k1'))));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await project.all('/api/leads')).toMatchObject([{ score: 30, activities: 1 }]);
  });

  it('does so after a restart', async () => {
    await using own = await openTestApp();
    const project = await own.project();
    const first = mustBe(await project.send(signup, key('k1')), 202);
    await own.restart();
    expect((await project.send(signup, key('k1'))).body).toEqual(first.body);
  });

  it('is told when it comes with another activity, which is not recorded', async () => {
    const project = await app().project();
    const first = mustBe(await project.send(signup, key('k1')), 202);
    const other = mustBe(await project.send({ ...signup, eventType: 'demo_request' }, key('k1')), 202);
    expect(other.body).toMatchObject({ status: 'duplicate', conflict: true, eventId: first.body.eventId });
    expect(await project.all('/api/leads')).toMatchObject([{ score: 30, activities: 1 }]);
  });

  it('is refused when it comes with another person, who is not recorded, also after a restart', async () => {
    await using own = await openTestApp();
    const project = await own.project();
    const first = mustBe(await project.send(signup, key('k1')), 202);
    mustBe(await project.batch([signup, { ...signup, userId: 'joan' }], key('b1')), 200);
    await own.settled();
    for (const restarts of [false, true]) {
      if (restarts) await own.restart();
      const head = await own.head();
      const alone = await project.send({ ...signup, userId: 'grace' }, key('k1'));
      const among = await project.batch([signup, { ...signup, userId: 'grace' }], key('b1'));
      for (const { status, body } of [alone, among])
        expect({ status, code: body.code }).toEqual({ status: 422, code: 'idempotency-key-reused' });
      expect((await project.send(signup, key('k1'))).body).toEqual(first.body);
      expect(await own.head()).toBe(head);
    }
    expect((await project.all('/api/leads')).map(({ score }) => score)).toEqual([60, 30]);
  });

  it('belongs to a project and a key: another one’s is another request', async () => {
    const [one, two] = [await app().project(), await app().project()];
    const answers = [await one.send(signup, key('k1')), await two.send(signup, key('k1'))];
    expect(answers.map(({ body }) => body.status)).toEqual(['queued', 'queued']);
    expect(await two.all('/api/leads')).toMatchObject([{ score: 30 }]);
    const byRoot = await one.asRoot('POST', '/api/events/ingest', { body: signup, headers: key('k1') });
    expect(byRoot.body.status).toBe('queued');
    expect(await one.all('/api/leads')).toMatchObject([{ score: 60 }]);
  });

  it('makes a repeated batch one batch', async () => {
    const project = await app().project();
    const events = ['ada', 'grace', 'ada'].map((userId) => ({ ...signup, userId }));
    const first = mustBe(await project.batch(events, key('b1')), 200);
    expect(first.body).toMatchObject({ accepted: 3, duplicates: 0 });
    const again = mustBe(await project.batch(events, key('b1')), 200);
    expect(again.body).toEqual(first.body);
    expect((await project.all('/api/leads')).map(({ score }) => score)).toEqual([60, 30]);
  });

  it('makes a repeated project one project, with the same key', async () => {
    const make = (headers: Readonly<Record<string, string>>) =>
      app().root('POST', '/api/projects', { body: { name: 'Once' }, headers });
    const [first, again] = [mustBe(await make(key('p1')), 201), mustBe(await make(key('p1')), 201)];
    expect(again.body).toEqual(first.body);
    expect((await make({})).body.projectId).not.toBe(first.body.projectId);
  });

  it('makes a repeated model one version, also when its If-Match is stale by then', async () => {
    const project = await app().project();
    const path = `/api/projects/${project.projectId}/scoring-model`;
    const { etag = '' } = (await project.read(path)).headers;
    const body = { engagement: [{ id: 'r', when: { eventType: 'signup' }, points: 1 }] };
    const put = () => project.asRoot('PUT', path, { body, headers: { ...key('m1'), 'if-match': etag } });
    const [first, again] = [mustBe(await put(), 200), mustBe(await put(), 200)];
    expect({ body: again.body, etag: again.headers['etag'] }).toEqual({
      body: first.body,
      etag: first.headers['etag'],
    });
    expect((await project.get(`${path}/versions`)).data).toHaveLength(2);
  });

  it('that comes with something else is refused, on every command, and what was asked first stays', async () => {
    const project = await app().project();
    const path = `/api/projects/${project.projectId}`;
    const model = (points: number) => ({ engagement: [{ id: 'r', when: { eventType: 'signup' }, points }] });
    const commands: readonly (readonly [string, string, object, object])[] = [
      ['POST', '/api/projects', { name: 'One' }, { name: 'Two' }],
      ['POST', `${path}/keys`, { name: 'one', scopes: ['leads:read'] }, { name: 'one', scopes: ['admin'] }],
      ['PUT', `${path}/scoring-model`, model(1), model(2)],
      ['POST', `${path}/teams`, { teamId: 'one', name: 'One' }, { teamId: 'two', name: 'Two' }],
    ];
    for (const [method, url, body, other] of commands) {
      const send = (sent: object) => app().root(method, url, { body: sent, headers: key('same') });
      const first = mustBe(await send(body), 200, 201);
      await app().settled();
      const head = await app().head();
      expect({ url, body: (await send(other)).body }).toMatchObject({
        url,
        body: { status: 422, code: 'idempotency-key-reused' },
      });
      const reordered = Object.fromEntries(Object.entries(body).toReversed());
      for (const same of [body, reordered]) expect((await send(same)).body).toEqual(first.body);
      expect(await app().head()).toBe(head);
    }
    const rename = (teamId: string) =>
      app().root('PATCH', `${path}/teams/${teamId}`, { body: { name: 'New' }, headers: key('rename') });
    mustBe(await app().root('POST', `${path}/teams`, { body: { teamId: 'two', name: 'Two' } }), 201);
    mustBe(await rename('one'), 200);
    mustBe(await rename('two'), 422);
  });

  it('that comes with two things at once does one of them', async () => {
    const project = await app().project();
    const send = (name: string) =>
      app().root('POST', `/api/projects/${project.projectId}/keys`, {
        body: { name, scopes: ['leads:read'] },
        headers: key('same'),
      });
    const answers = await Promise.all(['one', 'two', 'one', 'two'].map(send));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 201, 422, 422]);
    expect(new Set(answers.flatMap(({ body }) => body.name ?? [])).size).toBe(1);
  });

  it.each(['""', 'a b', 'x'.repeat(256)])('can not be %s', async (value) => {
    const project = await app().project();
    const { status, body } = await project.send(signup, key(value));
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid-header' });
  });
});

describe('An activity with an eventId of its own', () => {
  it('is recorded once, and later answered as a duplicate', async () => {
    const project = await app().project();
    const event = { ...signup, eventId: 'e1', timestamp: '2026-03-10T11:00:00Z', properties: { a: 1, b: 2 } };
    const first = mustBe(await project.send(event), 202).body;
    expect(first.status).toBe('queued');
    const head = await app().head();
    const again = mustBe(await project.send({ ...event, properties: { b: 2, a: 1 } }), 202).body;
    expect(again).toEqual({ ...first, status: 'duplicate' });
    const other = mustBe(await project.send({ ...event, properties: {} }), 202).body;
    expect(other).toEqual({ ...first, status: 'duplicate', conflict: true });
    expect(await app().head()).toBe(head);
  });

  it('is another activity when another person did it', async () => {
    const project = await app().project();
    await project.send({ ...signup, eventId: 'e1' });
    expect((await project.send({ ...signup, userId: 'grace', eventId: 'e1' })).body.status).toBe('queued');
    expect((await project.all('/api/leads')).map(({ score }) => score)).toEqual([30, 30]);
  });
});
