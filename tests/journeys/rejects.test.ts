import { describe, expect, it } from 'vitest';
import { rejectStreamId } from '../../src/domain/sources/reject.ts';
import { streamOf } from '../../src/domain/streams.ts';
import { appOfFile, testClock } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

const app = appOfFile(testClock());

const rejectsPath = (project: Project, rest = ''): string => `/api/projects/${project.projectId}/rejects${rest}`;

/** The rejects of a project, the newest first, when all is projected. */
const rejectsOf = async (project: Project, query = ''): Promise<readonly Json[]> => {
  await app().settled();
  return (await project.get(rejectsPath(project, query))).data;
};

/** Does something with the rejects of a project that changes them. */
const act = (project: Project, path: string, body?: object) =>
  project.asRoot('POST', rejectsPath(project, path), body ? { body } : {});

const timelineOf = async (project: Project): Promise<readonly Json[]> => {
  const leads = await project.all('/api/leads');
  return (await Promise.all(leads.map(({ leadId }) => project.all(`/api/leads/${leadId}/timeline`)))).flat();
};

/** What the log has of a reject, as text. */
const factsOf = async ({ projectId }: Project, rejectId: string): Promise<string> =>
  JSON.stringify(
    await app()
      .app()
      .engine.states.read(streamOf('reject', rejectStreamId(projectId, rejectId)), -1, 10),
  );

/** A source of a project, and what sends to it by its token. */
const newSource = async (project: Project, more: object = {}) => {
  const path = `/api/projects/${project.projectId}/sources`;
  const body = { name: 'CRM', scheme: 'token', ...more };
  const { body: source } = mustBe(await project.asRoot('POST', path, { body }), 201);
  const headers = { authorization: `Bearer ${source.secret}` };
  return {
    source,
    send: async (sent: unknown) =>
      mustBe(await project.request('POST', source.path, { body: sent, headers }), 202).body,
    map: async (mapping: object) =>
      mustBe(await project.asRoot('PATCH', `${path}/${source.sourceId}`, { body: { mapping } }), 200),
  };
};

describe('An item that is refused', () => {
  it.each([
    ['rest', '/api/events', { eventType: 'x' }, { eventType: 'x' }],
    ['batch', '/api/events/batch', { events: [{ eventType: 'x' }] }, { eventType: 'x' }],
    ['segment', '/v1/track', { event: 'x' }, { event: 'x', type: 'track' }],
    [
      'segment',
      '/v1/batch',
      { batch: [{ type: 'track', event: 'x' }], context: { locale: 'de' } },
      { type: 'track', event: 'x', context: { locale: 'de' } },
    ],
    [
      'cloudevents',
      '/api/events',
      { specversion: '1.0', id: '1', source: '/s', type: 'x' },
      { specversion: '1.0', id: '1', source: '/s', type: 'x' },
    ],
  ])('by %s at %s is kept as it was sent', async (via, path, sent, body) => {
    const project = await app().project();
    const type = via === 'cloudevents' ? 'application/cloudevents+json' : 'application/json';
    await project.request('POST', path, { body: sent, headers: { 'content-type': type } });
    expect(await rejectsOf(project)).toMatchObject([{ via, code: 'nobody', status: 'open', body }]);
  });

  it('is kept without the key that stood in it', async () => {
    const project = await app().project();
    const sent = { eventType: 'x', writeKey: project.apiKey };
    await app().transport({ method: 'POST', path: '/api/events', body: sent });
    const [reject] = await rejectsOf(project);
    expect(reject.body).toEqual({ eventType: 'x' });
  });

  it('is kept without the keys that stand deeper in it, or in what is not JSON', async () => {
    const project = await app().project();
    const { apiKey: writeKey } = project;
    await project.request('POST', '/v1/batch', {
      body: { writeKey, batch: [{ type: 'track', context: { writeKey, locale: 'de' }, list: [{ writeKey }] }] },
    });
    const lines = `{"eventType":"x","writeKey" : "${writeKey}","cut`;
    await project.request('POST', '/api/events/batch', {
      body: lines,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    const bodies = (await rejectsOf(project)).map(({ body }) => body);
    expect(bodies).toContainEqual({ type: 'track', context: { locale: 'de' }, list: [{}] });
    expect(bodies).toContain('{"eventType":"x","writeKey" : "","cut');
  });

  it('is kept where it nests deeper than anything can be written', async () => {
    const project = await app().project();
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
    const { status, body } = await project.request('POST', '/api/events/batch', {
      body: `{"events":[{"eventType":"x","userId":"u1"},{"eventType":"x","userId":"u2","properties":${deep}}]}`,
      headers: { 'content-type': 'application/json' },
    });
    expect({ status, results: body.results }).toMatchObject({
      status: 200,
      results: [{ status: 'queued' }, { status: 'rejected' }],
    });
    expect(await rejectsOf(project)).toHaveLength(1);
  });

  it('is kept once when it comes again under its name, and each time where it has none', async () => {
    const project = await app().project();
    for (const event of [{ eventType: 'x', eventId: 'e1' }, { eventType: 'x' }])
      for (let n = 0; n < 2; n++) await project.batch([event]);
    const kept = (await rejectsOf(project)).map(({ body }) => body.eventId ?? 'none');
    expect(kept.toSorted()).toEqual(['e1', 'none', 'none']);
  });

  it('is of its project alone', async () => {
    const [project, other] = [await app().project(), await app().project('Other')];
    await project.batch([{ eventType: 'x' }]);
    const [{ rejectId }] = await rejectsOf(project);
    expect(await rejectsOf(other)).toEqual([]);
    expect(await act(other, `/${rejectId}/replay`, { body: { eventType: 'x', userId: 'u' } })).toMatchObject({
      status: 404,
      body: { code: 'reject-unknown' },
    });
    expect(await act(other, `/${rejectId}/discard`)).toMatchObject({ status: 404 });
  });

  it('that is long is kept in its first 64 KiB, and takes another body to be replayed', async () => {
    const project = await app().project();
    await project.batch([{ eventType: 'x', properties: { long: 'é'.repeat(40_000) } }]);
    const [{ rejectId, body }] = await rejectsOf(project);
    expect(typeof body).toBe('string');
    expect(Buffer.byteLength(body)).toBeGreaterThan(65_530);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(65_536);
    expect(await act(project, `/${rejectId}/replay`)).toMatchObject({ status: 409, body: { code: 'reject-cut' } });
    const again = await act(project, `/${rejectId}/replay`, { body: { eventType: 'x', userId: 'u1' } });
    expect(again.body).toMatchObject({ status: 'queued', results: [{ status: 'queued', eventId: rejectId }] });
  });
});

describe('A webhook that is authentic and can not be mapped', () => {
  it('is kept, and recorded by another mapping as of when it came, once', async () => {
    const project = await app().project();
    const { source, send, map } = await newSource(project, { mapping: { eventType: '/kind' } });
    const { status, receiptId } = await send({ kind: 'won', mail: 'ada@example.com' });
    expect(status).toBe('rejected');
    const [{ rejectId, receivedAt, ...reject }] = await rejectsOf(project, `?sourceId=${source.sourceId}&code=nobody`);
    expect(reject).toMatchObject({ via: 'webhook', sourceId: source.sourceId, status: 'open' });
    expect(await act(project, `/${rejectId}/replay`)).toMatchObject({ status: 200, body: { status: 'rejected' } });
    await map({ eventType: '/kind', email: '/mail' });
    app().clock.forward(60_000);
    const both = await Promise.all([act(project, `/${rejectId}/replay`), act(project, `/${rejectId}/replay`)]);
    expect(both.map(({ status: code }) => code)).toEqual([200, 200]);
    expect((await act(project, `/${rejectId}/replay`)).body.status).toBe('duplicate');
    expect(await rejectsOf(project)).toMatchObject([{ rejectId, status: 'replayed', body: null }]);
    expect(await timelineOf(project)).toMatchObject([{ eventId: rejectId, eventType: 'won', occurredAt: receivedAt }]);
    expect((await send({ kind: 'won', mail: 'ada@example.com' })).receiptId).toBe(receiptId);
  });

  it('is kept whole where the items are not where the mapping says, and replayed item by item', async () => {
    const project = await app().project();
    const mapping = { items: '/wrong', eventType: '/kind', email: '/mail' };
    const { send, map } = await newSource(project, { mapping });
    const rows = [{ kind: 'won', mail: 'ada@example.com' }, { kind: 'lost' }];
    expect(await send({ rows })).toMatchObject({ status: 'rejected', results: [{ status: 'rejected' }] });
    await map({ ...mapping, items: '/rows' });
    const [{ rejectId, body }] = await rejectsOf(project);
    expect(body).toEqual({ rows });
    const { results } = (await act(project, `/${rejectId}/replay`)).body;
    expect(results).toMatchObject([{ status: 'queued' }, { status: 'rejected' }]);
    // The one that is still refused stands for itself now.
    expect(await rejectsOf(project, '?status=open')).toMatchObject([{ body: { kind: 'lost' }, code: 'nobody' }]);
    expect(await timelineOf(project)).toHaveLength(1);
  });

  it('is kept as text where it is not JSON', async () => {
    const project = await app().project();
    const { send } = await newSource(project);
    expect(await send('{"broken')).toMatchObject({ status: 'rejected' });
    expect(await rejectsOf(project)).toMatchObject([{ body: '{"broken', code: 'unreadable' }]);
  });
});

describe('A reject that two deal with at once', () => {
  it('is recorded for one of those whom the bodies name', async () => {
    const project = await app().project();
    await project.batch([{ eventType: 'x' }]);
    const [{ rejectId }] = await rejectsOf(project);
    const bodies = ['u1', 'u2', 'u3'].map((userId) => ({ eventType: 'x', userId }));
    const answers = await Promise.all(bodies.map((body) => act(project, `/${rejectId}/replay`, { body })));
    const said = answers.map(({ body }) => body.status);
    expect(said.filter((status) => status === 'queued')).toHaveLength(1);
    for (const { status, body, headers } of answers)
      if (status === 409)
        expect({ code: body.code, again: headers['retry-after'] }).toEqual({
          code: 'reject-replaying',
          again: '1',
        });
      else expect(['queued', 'duplicate']).toContain(body.status);
    await app().settled();
    expect(await timelineOf(project)).toMatchObject([{ eventId: rejectId }]);
  });

  it('is either recorded or discarded', async () => {
    const project = await app().project();
    await project.batch([{ eventType: 'x' }]);
    const [{ rejectId }] = await rejectsOf(project);
    const body = { eventType: 'x', userId: 'u1' };
    const [replayed, discarded] = await Promise.all([
      act(project, `/${rejectId}/replay`, { body }),
      act(project, `/${rejectId}/discard`),
    ]);
    expect([replayed.status, discarded.status].toSorted()).toEqual([200, 409]);
    await app().settled();
    expect(await timelineOf(project)).toHaveLength(replayed.status === 200 ? 1 : 0);
  });
});

describe('Rejects', () => {
  it('are replayed all at once by a job, but for what is still refused', async () => {
    const project = await app().project();
    const { send, map } = await newSource(project, { mapping: { eventType: '/kind' } });
    for (let n = 0; n < 60; n++) await send({ kind: `k${n}`, mail: n === 7 ? 'nobody' : `p${n}@example.com` });
    await project.batch([{ eventType: 'other' }]);
    await map({ eventType: '/kind', email: '/mail' });
    const { sourceId } = (await rejectsOf(project, '?status=open')).find(({ via }) => via === 'webhook');
    const { status, body } = await act(project, '/replay', { sourceId });
    expect(status).toBe(202);
    await app().settled();
    expect(await project.asRoot('GET', `/api/admin/jobs/${body.jobId}`)).toMatchObject({
      body: { status: 'completed', done: 60 },
    });
    const left = await rejectsOf(project, '?status=open');
    expect(left.map(({ code }) => code).toSorted()).toEqual(['email', 'nobody']);
    expect(await project.all('/api/leads')).toHaveLength(59);
  });

  it('that are discarded lose what was sent, and are not told of after 30 days', async () => {
    const project = await app().project();
    await project.batch([{ eventType: 'x', properties: { secret: 'sesame-opens' } }]);
    const [{ rejectId }] = await rejectsOf(project);
    expect(await act(project, `/${rejectId}/discard`)).toMatchObject({ status: 200 });
    expect(await act(project, `/${rejectId}/replay`)).toMatchObject({ status: 409, body: { code: 'reject-settled' } });
    expect(await rejectsOf(project)).toMatchObject([{ rejectId, status: 'discarded', body: null }]);
    expect(await factsOf(project, rejectId)).not.toContain('sesame-opens');
    app().clock.forward(30 * 24 * 3_600_000 + 1);
    await app().settled();
    expect(await rejectsOf(project)).toEqual([]);
  });

  it('are kept of the first 1,000 items that one request has refused', async () => {
    const project = await app().project();
    const { body } = await project.batch(Array.from({ length: 1_002 }, () => ({ eventType: 'flood' })));
    expect(body.results).toHaveLength(1_002);
    await app().settled();
    expect(await project.all(rejectsPath(project, '?limit=200'))).toHaveLength(1_000);
  });

  it('go, the oldest first, when a way in has more than its half, and the number that went is told', async () => {
    const project = await app().project();
    await project.batch([{ eventType: 'first' }]);
    app().clock.forward(1);
    const { send } = await newSource(project, { mapping: { eventType: '/kind' } });
    await send({ kind: 'by-webhook' });
    for (let n = 0; n < 5; n++) {
      app().clock.forward(1);
      await project.batch(Array.from({ length: 1_000 }, () => ({ eventType: 'flood' })));
    }
    await app().settled();
    const page = await project.get(rejectsPath(project, '?status=open&limit=200'));
    expect(page.dropped).toBe(101);
    const kept = await project.all(rejectsPath(project, '?status=open&limit=200'));
    expect(kept).toHaveLength(4_901);
    expect(kept.some(({ body }) => body.kind === 'by-webhook')).toBe(true);
    expect(kept.some(({ body }) => body.eventType === 'first')).toBe(false);
  });
});
