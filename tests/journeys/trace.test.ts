import { describe, expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import { withoutAge } from '../support/answers.ts';
import type { Json, Project } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';

const app = appOfFile();

const traceOf = async (project: Project, correlationId: string, query = ''): Promise<Json> => {
  const headers = { 'leadfold-after-position': String(project.position()) };
  const answer = await project.asRoot('GET', `/api/admin/trace/${correlationId}${query}`, { headers });
  // A busy machine may be late, and is asked again as it says.
  if (answer.body?.code === 'not-there-yet') return traceOf(project, correlationId, query);
  return mustBe(answer, 200).body;
};

const allOf = async (project: Project, correlationId: string, limit: number): Promise<readonly Json[]> => {
  const facts: Json[] = [];
  let query = `?limit=${limit}`;
  for (;;) {
    const { data, nextCursor } = await traceOf(project, correlationId, query);
    facts.push(...data);
    if (nextCursor === null) return facts;
    query = `?limit=${limit}&cursor=${nextCursor}`;
  }
};

const under = (correlationId: string) => ({ 'x-correlation-id': correlationId });
const typesOf = (facts: readonly Json[]): readonly string[] => facts.map(({ type }) => type);
const positionsOf = (facts: readonly Json[]): readonly number[] => facts.map(({ position }) => position);
const growing = (numbers: readonly number[]): readonly number[] => [...new Set(numbers)].toSorted((a, b) => a - b);

describe('The trace of a request', () => {
  it('has every fact that the request led to, in order, in whichever stream it is', async () => {
    const project = await app().project();
    mustBe(await project.send({ userId: 'ada', eventType: 'signup' }, under('first')), 202);
    mustBe(await project.send({ anonymousId: 'a1', eventType: 'page_view' }, under('second')), 202);
    const event = { userId: 'ada', anonymousId: 'a1', eventType: 'download', eventId: 'e3' };
    mustBe(await project.send(event, under('merging')), 202);
    const { data, nextCursor } = await traceOf(project, 'merging');
    expect(nextCursor).toBeNull();
    expect(typesOf(data)).toEqual([
      'LeadMerged',
      'LeadAbsorbed',
      'LeadScored',
      'StageChanged',
      'ActivityRecorded',
      'LeadScored',
    ]);
    expect(new Set(data.map(({ stream }: Json) => stream)).size).toBe(2);
    expect(positionsOf(data)).toEqual(growing(positionsOf(data)));
    expect(data[4]).toMatchObject({
      id: expect.any(String),
      revision: expect.any(Number),
      recordedAt: '2026-03-10T12:00:00.000Z',
      data: { eventId: 'e3', eventType: 'download' },
      metadata: { correlationId: 'merging', commandId: expect.any(String), causationId: expect.any(String) },
    });
    expect(typesOf((await traceOf(project, 'first')).data)).toEqual(
      expect.arrayContaining(['LeadCaptured', 'ActivityRecorded']),
    );
  });

  it('has what follows from a request: the job of a new model, and the leads that it scored', async () => {
    const project = await app().project();
    mustBe(await project.send({ userId: 'ada', eventType: 'signup' }), 202);
    const model = { engagement: [{ id: 'signup', when: { eventType: 'signup' }, points: 7 }] };
    const path = `/api/projects/${project.projectId}/scoring-model`;
    mustBe(await project.asRoot('PUT', path, { body: model, headers: under('new-model') }), 200);
    await app().settled();
    const { data } = await traceOf(project, 'new-model');
    expect(typesOf(data)).toEqual(expect.arrayContaining(['ScoringModelPublished', 'JobRequested', 'LeadScored']));
    expect(positionsOf(data)).toEqual(growing(positionsOf(data)));
  });

  it('can be asked for as soon as the request was answered', async () => {
    const project = await app().project();
    mustBe(await project.send({ userId: 'ada', eventType: 'signup' }, under('at-once')), 202);
    expect(mustBe(await project.asRoot('GET', '/api/admin/trace/at-once'), 200).body.data.length).toBeGreaterThan(0);
  });

  it('is not there for a request that recorded nothing, nor for one that never was', async () => {
    const project = await app().project();
    const event = { userId: 'ada', eventType: 'signup', eventId: 'e1' };
    mustBe(await project.send(event), 202);
    mustBe(await project.send(event, under('again')), 202);
    for (const id of ['again', 'never']) {
      const answer = await project.asRoot('GET', `/api/admin/trace/${id}`);
      expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 404, code: 'trace-unknown' });
    }
  });

  it('comes in pages that miss nothing and repeat nothing, wherever they are cut', async () => {
    const project = await app().project();
    for (const round of [1, 2, 3]) {
      mustBe(await project.send({ userId: 'ada', eventType: 'page_view', eventId: `a${round}` }, under('shared')), 202);
      mustBe(await project.send({ userId: 'ada', eventType: 'page_view', eventId: `b${round}` }, under('other')), 202);
      mustBe(await project.send({ userId: `u${round}`, eventType: 'signup' }, under('shared')), 202);
    }
    const whole = (await traceOf(project, 'shared', '?limit=200')).data;
    expect(whole.every(({ metadata }: Json) => metadata.correlationId === 'shared')).toBe(true);
    expect(typesOf(whole).filter((type) => type === 'ActivityRecorded')).toHaveLength(6);
    expect(positionsOf(whole)).toEqual(growing(positionsOf(whole)));
    for (const limit of [1, 2, 5]) expect(await allOf(project, 'shared', limit)).toEqual(whole);
  });

  it('ends, with all of it, when a client gives every request the same id', async () => {
    const project = await app().project();
    const events = Array.from({ length: 420 }, (_, n) => ({
      userId: `u${n % 210}`,
      eventType: 'page_view',
      eventId: `e${n}`,
    }));
    mustBe(await project.batch(events.slice(0, 210), under('always')), 200);
    mustBe(await project.batch(events.slice(210), under('always')), 200);
    const facts = await allOf(project, 'always', 200);
    const recorded = facts.filter(({ type }) => type === 'ActivityRecorded');
    expect(new Set(recorded.map(({ data }) => data.eventId)).size).toBe(420);
    expect(new Set(facts.map(({ id }) => id)).size).toBe(facts.length);
  });

  it.each([7, 8, 9, 300, 1_100])('has the facts of a batch of %i leads', async (count) => {
    const project = await app().project();
    const events = Array.from({ length: count }, (_, n) => ({ userId: `u${n}`, eventType: 'signup' }));
    mustBe(await project.batch(events, under(`batch-${count}`)), 200);
    const facts = await allOf(project, `batch-${count}`, 200);
    expect(typesOf(facts).filter((type) => type === 'ActivityRecorded')).toHaveLength(count);
    expect(positionsOf(facts)).toEqual(growing(positionsOf(facts)));
  });

  it('is found where an id came back to a stream after very many others, a page at a time', async () => {
    const project = await app().project();
    const seen = (eventId: string) => ({ userId: 'ada', eventType: 'unheard', eventId });
    mustBe(await project.send(seen('first'), under('back')), 202);
    for (let round = 0; round < 11; round++) {
      mustBe(await project.batch(Array.from({ length: 500 }, (_, n) => seen(`${round}-${n}`))), 200);
    }
    mustBe(await project.send(seen('last'), under('back')), 202);
    const first = await traceOf(project, 'back');
    expect(typesOf(first.data)).toEqual(['LeadCaptured', 'ActivityRecorded']);
    expect(first.nextCursor).not.toBeNull();
    const facts = await allOf(project, 'back', 50);
    expect(facts.slice(1).map(({ data }) => data.eventId)).toEqual(['first', 'last']);
  });
});

describe('Whose trace', () => {
  it('a key of a project sees what is of its project, though others use the same id', async () => {
    const [mine, others] = [await app().project(), await app().project()];
    for (const project of [mine, others])
      mustBe(await project.send({ userId: 'ada', eventType: 'signup' }, under('both')), 202);
    const issued = await mine.asRoot('POST', `/api/projects/${mine.projectId}/keys`, {
      body: { name: 'operator', scopes: ['admin'] },
    });
    const key = mustBe(issued, 201).body.key;
    await traceOf(others, 'both');
    const { body } = mustBe(
      await app().transport({ method: 'GET', path: '/api/admin/trace/both', headers: bearer(key) }),
      200,
    );
    expect(body.data.length).toBeGreaterThan(0);
    expect(body.data.every(({ stream }: Json) => stream.startsWith(`lead-${mine.projectId}.`))).toBe(true);
    expect(withoutAge(body)).toEqual(withoutAge(await traceOf(mine, 'both')));
    const all = mustBe(await app().root('GET', '/api/admin/trace/both'), 200).body;
    expect(all.data).toHaveLength(2 * body.data.length);
    const answer = await app().transport({
      method: 'GET',
      path: '/api/admin/trace/both',
      headers: { ...bearer(key), 'x-project-id': others.projectId },
    });
    expect(answer.status).toBe(404);
  });

  it('is for operators only, and for ids that a request can have', async () => {
    const project = await app().project();
    expect((await app().transport({ method: 'GET', path: '/api/admin/trace/x' })).status).toBe(401);
    for (const id of ['a%20b', '%00', 'a%2Fb', 'x'.repeat(129), '%F0%9F%99%82', "'%20OR%201"]) {
      const answer = await project.asRoot('GET', `/api/admin/trace/${id}`);
      expect({ id, status: answer.status, code: answer.body.code }).toEqual({
        id,
        status: 400,
        code: 'invalid-request',
      });
    }
    expect((await project.asRoot('GET', '/api/admin/trace/x?cursor=abc')).body.code).toBe('invalid-cursor');
    for (const id of ['constructor', '__proto__', 'a.b_c-d', '-', 'x'.repeat(128)]) {
      expect((await project.asRoot('GET', `/api/admin/trace/${id}`)).body.code).toBe('trace-unknown');
    }
  });
});
