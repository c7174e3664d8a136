import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { addDeadLetter } from '../../src/commands/jobs/add-dead-letter.ts';
import type { FailedEvent } from '../../src/domain/jobs/dead-letter.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import type { TestApp } from '../support/app.ts';
import { openTestApp } from '../support/app.ts';
import type { Answer, Json, Project } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';
import { request } from '../support/engine.ts';
import { jobClaimed, jobFailed, jobRequested, workParked } from '../support/facts.ts';
import { factsIn } from '../support/facts-in.ts';

/** Puts aside that a merge of two people is completed. Says by which name operators know that. */
const parkMerge = async (app: TestApp, { projectId }: Project, event: FailedEvent): Promise<string> => {
  const { lastFailedAt: _, ...parked } = workParked().data;
  await app.app().engine.handle(addDeadLetter, { ...parked, projectId, event }, request(`park-${event.id}`));
  await app.settled();
  return `${projectId}.complete-merges.${event.id}`;
};

/** A fact of two people who turned out to be one. */
const mergeOf = async (app: TestApp, project: Project): Promise<FailedEvent> => {
  const older = mustBe(await project.send({ userId: 'ada', eventType: 'signup' }), 202).body;
  const younger = mustBe(await project.send({ anonymousId: 'cookie', eventType: 'page_view' }), 202).body;
  await project.send({ userId: 'ada', anonymousId: 'cookie', eventType: 'download' });
  await app.settled();
  const gone = [older, younger].map(({ leadId }) => `lead-${project.projectId}.${leadId}`);
  const store = openSqliteEventStore(join(app.dataDir, 'events.db'), { clock: app.clock.now });
  const facts = (await Promise.all(gone.map((stream) => factsIn(store, stream)))).flat();
  await store.close();
  const merged = facts.find(({ type }) => type === 'LeadMerged');
  if (!merged) throw new Error('Nobody was merged');
  const { id, type, stream, revision, position } = merged;
  return { id, type, stream, revision, position };
};

/** Leaves a job of the project in the log that has failed, while the app is stopped. */
const failJob = (app: TestApp, { projectId }: Project): Promise<void> =>
  app.restart(async (dataDir) => {
    const store = openSqliteEventStore(join(dataDir, 'events.db'), { clock: app.clock.now });
    const metadata = { commandId: 'x', correlationId: 'x', causationId: 'x' };
    const facts = [jobRequested({ projectId, jobId: 'rescore-1', version: 1 }), jobClaimed(), jobFailed()];
    await store.append(`job-${projectId}.rescore-1`, -1, [
      ...facts.map((fact, at) => ({ ...fact, id: `fact-${at}`, metadata })),
    ]);
    await store.close();
  });

const listed = async (app: TestApp): Promise<readonly Json[]> => {
  await app.settled();
  return mustBe(await app.root('GET', '/api/admin/failed-jobs'), 200).body.data;
};
const statsOf = async (app: TestApp): Promise<Json> =>
  mustBe(await app.root('GET', '/api/admin/queue-stats'), 200).body;
const post = (app: TestApp, path: string, body?: object, headers = {}): Promise<Answer> =>
  app.root('POST', `/api/admin/${path}`, { headers, ...(body && { body }) });

describe('What failed', () => {
  it('is in one list: jobs, and what follows from events; retrying does it, and takes it off', async () => {
    await using app = await openTestApp();
    const project = await app.project();
    const merged = await mergeOf(app, project);
    await failJob(app, project);
    const parked = await parkMerge(app, project, merged);
    const job = `${project.projectId}.rescore-1`;
    const failed = await listed(app);
    expect(new Map(failed.map((each) => [each.id, each]))).toEqual(
      new Map([
        [parked, expect.objectContaining({ kind: 'event', reactor: 'complete-merges', attempts: 5, event: merged })],
        [job, expect.objectContaining({ kind: 'job', error: 'It broke', attempts: 5, status: 'failed' })],
      ]),
    );
    expect(await statsOf(app)).toMatchObject({ failed: 2, jobs: { failed: 1, requested: 0, running: 0 } });
    expect((await app.transport({ method: 'GET', path: '/api/health' })).body.status).toBe('healthy');

    const before = await project.all('/api/leads');
    expect(mustBe(await post(app, `retry-failed/${parked}`), 202).body).toEqual({ id: parked, status: 'retrying' });
    expect((await listed(app)).map(({ id }) => id)).toEqual([job]);
    expect(mustBe(await post(app, 'retry-failed'), 202).body).toEqual({ retried: 1 });
    expect(await listed(app)).toEqual([]);
    expect((await app.root('GET', `/api/admin/jobs/${job}`)).body.status).toBe('completed');
    expect(mustBe(await post(app, 'retry-failed'), 202).body).toEqual({ retried: 0 });
    expect((await post(app, `retry-failed/${parked}`)).status).toBe(404);
    expect(await project.all('/api/leads')).toEqual(before);
  });

  it('is told to a key of its project without the texts of errors, in lists, jobs and traces; the root key has them', async () => {
    await using app = await openTestApp();
    const project = await app.project();
    await failJob(app, project);
    const parked = await parkMerge(app, project, workParked().data.event);
    const job = `${project.projectId}.rescore-1`;
    const wanted = { body: { name: 'operator', scopes: ['admin'] } };
    const keys = `/api/projects/${project.projectId}/keys`;
    const { key } = mustBe(await app.root('POST', keys, wanted), 201).body;
    const said = async (path: string) => {
      const own = mustBe(await app.transport({ method: 'GET', path, headers: bearer(key) }), 200).body;
      return [own, mustBe(await app.root('GET', path), 200).body];
    };
    const secrets = /It broke|worker-1/;
    const errors = ['It broke', workParked().data.error];

    const [own, all] = await said('/api/admin/failed-jobs');
    expect(all.data.map(({ error }: Json) => error).toSorted()).toEqual(errors.toSorted());
    const withheld = expect.stringContaining('root key only');
    expect(new Map(own.data.map((each: Json) => [each.id, each]))).toEqual(
      new Map([
        [parked, expect.objectContaining({ kind: 'event', reactor: 'complete-merges', attempts: 5, error: withheld })],
        [job, expect.objectContaining({ kind: 'job', attempts: 5, error: withheld })],
      ]),
    );
    for (const path of ['/api/admin/jobs', `/api/admin/jobs/${job}`, '/api/admin/trace/x']) {
      const [mine, whole] = (await said(path)).map((body) => JSON.stringify(body));
      expect(whole).toContain('It broke');
      expect(mine).toContain('root key only');
      expect(mine).not.toMatch(secrets);
    }
    const [traced] = await said(`/api/admin/trace/${request('park').correlationId}`);
    const data = expect.objectContaining({ error: withheld, attempts: 5 });
    expect(traced.data).toContainEqual(expect.objectContaining({ type: 'WorkParked', data }));
  });

  it('and fails again stays in the list, with what happened; twice the same request is one try', async () => {
    await using app = await openTestApp();
    const project = await app.project();
    const event = { ...workParked().data.event, stream: `lead-${project.projectId}.none` };
    const id = await parkMerge(app, project, event);
    // Nothing is to be completed for a lead that is not there, but its fact is missed.
    const once = { 'idempotency-key': 'again' };
    const first = await post(app, `retry-failed/${id}`, undefined, once);
    await app.settled();
    expect((await post(app, `retry-failed/${id}`, undefined, once)).headers['leadfold-position']).toBe(
      first.headers['leadfold-position'],
    );
    expect(await listed(app)).toMatchObject([
      { id, attempts: 6, status: 'failed', error: expect.stringContaining('no fact 4') },
    ]);
  });

  it('is discarded with a reason, and not without; then it is out of the list, and a job is cancelled', async () => {
    await using app = await openTestApp();
    const project = await app.project();
    await failJob(app, project);
    const parked = await parkMerge(app, project, workParked().data.event);
    const job = `${project.projectId}.rescore-1`;
    expect((await post(app, `discard-failed/${parked}`, {})).status).toBe(400);
    expect((await post(app, `discard-failed/${parked}`, { reason: '  ' })).status).toBe(400);
    for (const id of [parked, job]) {
      const { body } = mustBe(await post(app, `discard-failed/${id}`, { reason: 'Not needed' }), 200);
      expect(body).toEqual({ id, status: 'discarded' });
    }
    expect(await listed(app)).toEqual([]);
    expect((await app.root('GET', `/api/admin/jobs/${job}`)).body).toMatchObject({ status: 'cancelled' });
    expect((await post(app, 'discard-failed/none.at-all', { reason: 'x' })).body).toMatchObject({
      status: 404,
      code: 'work-unknown',
    });
  });

  it('is retried, all of it, for the own project only by a key of a project', async () => {
    await using app = await openTestApp();
    const [mine, theirs] = [await app.project(), await app.project()];
    const ids: string[] = [];
    for (const project of [mine, theirs]) {
      const event = { ...workParked().data.event, id: `e-${project.projectId}` };
      ids.push(await parkMerge(app, project, { ...event, stream: `lead-${project.projectId}.none` }));
    }
    const wanted = { name: 'operator', scopes: ['admin'] };
    const { key } = mustBe(
      await mine.asRoot('POST', `/api/projects/${mine.projectId}/keys`, { body: wanted }),
      201,
    ).body;
    const path = '/api/admin/retry-failed';
    const answer = await app.transport({ method: 'POST', path, headers: bearer(key) });
    expect(mustBe(answer, 202).body).toEqual({ retried: 1 });
    const attempts = new Map((await listed(app)).map((each) => [each.id, each.attempts]));
    expect(ids.map((id) => attempts.get(id))).toEqual([6, 5]);
  });
});

describe('A job', () => {
  it('is listed by status and kind, and is not cancelled when it is completed', async () => {
    await using app = await openTestApp();
    const project = await app.project();
    const model = { engagement: [{ id: 'came', when: { eventType: 'signup' }, points: 7 }] };
    const put = await project.asRoot('PUT', `/api/projects/${project.projectId}/scoring-model`, { body: model });
    const { jobId } = mustBe(put, 200).body;
    await app.settled();
    const list = async (query: string) => mustBe(await app.root('GET', `/api/admin/jobs?${query}`), 200).body.data;
    expect(await list('status=completed&kind=rescore')).toMatchObject([{ jobId, progress: 1, attempts: 1 }]);
    expect(await list('status=running')).toEqual([]);
    expect(await list('kind=rebuild-project')).toEqual([]);
    const cancelled = await post(app, `jobs/${jobId}/cancel`, { reason: 'Late' });
    expect({ status: cancelled.status, code: cancelled.body.code }).toEqual({ status: 409, code: 'job-ended' });
    expect((await post(app, 'jobs/none.at-all/cancel')).status).toBe(404);
    const { data } = mustBe(await app.root('GET', '/api/admin/projections'), 200).body;
    expect(data.map(({ name, lag, state }: Json) => [name, lag, state])).toContainEqual(['leads', 0, 'live']);
  });
});
