import { describe, expect, it } from 'vitest';
import type { WorkItemEvent } from '../../src/domain/work/work-item.ts';
import { workItem } from '../../src/domain/work/work-item.ts';
import type { TestApp } from '../support/app.ts';
import { appOfFile, openTestApp } from '../support/app.ts';
import type { Answer, Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { open, operatorKey } from '../support/work-items.ts';

const app = appOfFile();
const minute = 60_000;

/** A project whose people may work on the queue. */
const team = async (of: TestApp = app()): Promise<Project> => {
  const made = await of.project();
  return of.known(made.projectId, await operatorKey(made), made.position());
};

const post = (project: Project, workId: string, verb: string, body?: unknown, headers = {}): Promise<Answer> =>
  project.request('POST', `/api/work-items/${workId}/${verb}`, { headers, ...(body !== undefined && { body }) });

const put = (project: Project, workId: string, item: object = {}): Promise<void> =>
  open(app().app(), { ...item, projectId: project.projectId, workId });

const codeOf = ({ status, body }: Answer) => [status, body.code];
const idsIn = (items: readonly Json[]): readonly string[] => items.map(({ workId }) => workId);

describe('The list of work items', () => {
  it('is in order of due time, what has ended last; or newest first; or by priority', async () => {
    const project = await team();
    await put(project, 'late', { dueAt: '2026-03-10T18:00:00.000Z', priority: 'urgent' });
    await put(project, 'gone', { dueAt: '2026-03-10T10:00:00.000Z', priority: 'urgent' });
    await put(project, 'soon', { dueAt: '2026-03-10T13:00:00.000Z', priority: 'low' });
    await put(project, 'then', { dueAt: '2026-03-10T14:00:00.000Z' });
    mustBe(await post(project, 'gone', 'complete'), 200);
    expect(idsIn(await project.all('/api/work-items?limit=1'))).toEqual(['soon', 'then', 'late', 'gone']);
    expect(idsIn(await project.all('/api/work-items?limit=2&sort=priority'))).toEqual(['late', 'then', 'soon', 'gone']);
    const newest = await project.all('/api/work-items?limit=3&sort=-openedAt');
    expect(new Set(idsIn(newest))).toEqual(new Set(['late', 'gone', 'soon', 'then']));
  });

  it('is narrowed by kind, status, team, assignee and lead', async () => {
    const project = await team();
    await put(project, 'a', { kind: 'approval_required', teamId: 'emea', leadId: 'l1' });
    await put(project, 'b', { kind: 'failed_work', assignee: 'ada' });
    await put(project, 'c', { teamId: 'emea' });
    mustBe(await post(project, 'c', 'claim'), 200);
    mustBe(await post(project, 'b', 'complete'), 200);
    const found = async (query: string) => idsIn(await project.all(`/api/work-items?${query}`));
    expect(await found('kind=failed_work')).toEqual(['b']);
    expect(await found('status=open')).toEqual(['a']);
    expect(await found('status=claimed')).toEqual(['c']);
    expect(await found('status=completed')).toEqual(['b']);
    expect(await found('status=cancelled')).toEqual([]);
    expect(await found('team=emea&status=claimed')).toEqual(['c']);
    expect(await found('assignee=ada')).toEqual(['b']);
    expect(await found('lead=l1&kind=approval_required&sort=priority')).toEqual(['a']);
  });

  it('is paged by cursors that fit only their own list', async () => {
    const project = await team();
    for (const n of [1, 2, 3, 4, 5]) await put(project, `w${n}`, { dueAt: '2026-03-10T16:00:00.000Z' });
    const first = await project.get('/api/work-items?limit=2');
    expect(idsIn(first.data)).toEqual(['w1', 'w2']);
    expect(idsIn(await project.all('/api/work-items?limit=2'))).toEqual(['w1', 'w2', 'w3', 'w4', 'w5']);
    const cursor = encodeURIComponent(first.nextCursor);
    expect(codeOf(await project.read(`/api/work-items?limit=2&status=open&cursor=${cursor}`))).toEqual([
      ...[400, 'invalid-cursor'],
    ]);
    for (const query of ['limit=0', 'limit=201', 'status=released', 'kind=x', 'sort=priority,due', 'team='])
      expect({ query, status: (await project.read(`/api/work-items?${query}`)).status }).toEqual({
        query,
        status: 400,
      });
  });
});

describe('A work item', () => {
  it('is claimed, given back, claimed again and completed', async () => {
    const project = await team();
    await put(project, 'w1', { leadId: 'l1', details: { dealValue: 5 } });
    const claim = mustBe(await post(project, 'w1', 'claim', { by: 'ada' }), 200);
    expect(claim.body).toEqual({ workId: 'w1', status: 'claimed', by: 'ada', until: '2026-03-10T12:15:00.000Z' });
    expect(Number(claim.headers['leadfold-position'])).toBeGreaterThan(0);
    expect(await project.get('/api/work-items/w1')).toEqual({
      workId: 'w1',
      kind: 'deadline_missed',
      status: 'claimed',
      leadId: 'l1',
      priority: 'normal',
      overdue: false,
      dueAt: '2026-03-10T16:00:00.000Z',
      reason: 'Nobody replied',
      details: { dealValue: 5 },
      escalations: 0,
      openedAt: '2026-03-10T12:00:00.000Z',
      updatedAt: '2026-03-10T12:00:00.000Z',
      revision: 1,
      by: 'ada',
      until: '2026-03-10T12:15:00.000Z',
    });
    expect(codeOf(await post(project, 'w1', 'release', { by: 'ben' }))).toEqual([409, 'work-claimed']);
    expect(mustBe(await post(project, 'w1', 'release', { by: 'ada', reason: 'Lunch' }), 200).body).toEqual({
      workId: 'w1',
      status: 'open',
    });
    mustBe(await post(project, 'w1', 'claim', { by: 'ben' }), 200);
    expect(codeOf(await post(project, 'w1', 'complete', { by: 'ada' }))).toEqual([409, 'work-claimed']);
    expect(mustBe(await post(project, 'w1', 'complete', { by: 'ben', reason: 'Called' }), 200).body).toEqual({
      workId: 'w1',
      status: 'completed',
      resolution: 'done',
    });
    expect(await project.get('/api/work-items/w1')).toMatchObject({
      status: 'completed',
      resolution: 'done',
      closedBy: 'ben',
      closedReason: 'Called',
      overdue: false,
    });
    for (const verb of ['claim', 'release', 'complete', 'approve'])
      expect([verb, ...codeOf(await post(project, 'w1', verb))]).toEqual([verb, 409, 'work-item-closed']);
  });

  it('is done in the name of the key when nobody is named', async () => {
    const project = await team();
    await put(project, 'w1');
    const { by } = mustBe(await post(project, 'w1', 'claim'), 200).body;
    expect(project.apiKey).toContain(by);
    expect(codeOf(await post(project, 'w1', 'claim'))).toEqual([409, 'work-claimed']);
    expect((await project.get('/api/work-items/w1')).by).toBe(by);
    expect((await project.asRoot('POST', '/api/work-items/w1/complete')).status).toBe(409);
    mustBe(await post(project, 'w1', 'complete', {}), 200);
  });

  it('is claimed by one of 20 who try at once; the others are told who was quicker', async () => {
    const project = await team();
    for (let round = 0; round < 20; round++) {
      const workId = `race-${round}`;
      await put(project, workId);
      const tries = Array.from({ length: 20 }, (_, n) => post(project, workId, 'claim', { by: `op-${n}` }));
      const answers = await Promise.all(tries);
      const won = answers.filter(({ status }) => status === 200);
      expect(won).toHaveLength(1);
      for (const answer of answers.filter((each) => each !== won[0])) {
        expect(codeOf(answer)).toEqual([409, 'work-claimed']);
        expect(answer.body.detail).toContain(won[0]?.body.by);
      }
      expect((await project.get(`/api/work-items/${workId}`)).by).toBe(won[0]?.body.by);
    }
  });

  it('answers a retry as before, and takes nothing twice', async () => {
    const project = await team();
    await put(project, 'w1');
    const once = { 'idempotency-key': 'claim-1' };
    const first = mustBe(await post(project, 'w1', 'claim', { by: 'ada' }, once), 200);
    const again = mustBe(await post(project, 'w1', 'claim', { by: 'ada' }, once), 200);
    expect({ body: again.body, leadfoldPosition: again.headers['leadfold-position'] }).toEqual({
      body: first.body,
      leadfoldPosition: first.headers['leadfold-position'],
    });
    mustBe(await post(project, 'w1', 'release', { by: 'ada' }), 200);
    mustBe(await post(project, 'w1', 'claim', { by: 'ben' }), 200);
    // Late, when another has it by now: still what was answered then, and nothing happens.
    expect(mustBe(await post(project, 'w1', 'claim', { by: 'ada' }, once), 200).body).toEqual(first.body);
    expect((await project.get('/api/work-items/w1')).by).toBe('ben');
    const up = { 'idempotency-key': 'up' };
    const urgent = { by: 'ben', reason: 'Now' };
    for (const _ of [1, 2, 3])
      expect(mustBe(await post(project, 'w1', 'escalate', urgent, up), 200).body.priority).toBe('high');
    expect(await project.get('/api/work-items/w1')).toMatchObject({ escalations: 1, priority: 'high', status: 'open' });
  });

  it('is not changed by somebody who saw an older one', async () => {
    const project = await team();
    await put(project, 'w1');
    const { etag = '' } = mustBe(await project.read('/api/work-items/w1'), 200).headers;
    mustBe(await post(project, 'w1', 'claim', { by: 'ada' }, { 'if-match': etag }), 200);
    expect(codeOf(await post(project, 'w1', 'complete', { by: 'ada' }, { 'if-match': etag }))).toEqual([
      ...[412, 'stale-revision'],
    ]);
  });

  it('is approved or rejected only when it asks for that, and rejected with a reason', async () => {
    const project = await team();
    for (const workId of ['yes', 'no']) await put(project, workId, { kind: 'approval_required' });
    await put(project, 'other', { kind: 'link_refused' });
    expect(codeOf(await post(project, 'yes', 'complete'))).toEqual([409, 'work-mismatched']);
    expect(codeOf(await post(project, 'other', 'approve'))).toEqual([409, 'work-mismatched']);
    expect((await post(project, 'no', 'reject')).status).toBe(400);
    expect((await post(project, 'no', 'reject', { reason: ' ' })).status).toBe(400);
    expect(mustBe(await post(project, 'yes', 'approve', { reason: 'Fine' }), 200).body.resolution).toBe('approved');
    expect(mustBe(await post(project, 'no', 'reject', { reason: 'Too dear' }), 200).body.resolution).toBe('rejected');
    expect(await project.get('/api/work-items/no')).toMatchObject({ resolution: 'rejected', closedReason: 'Too dear' });
  });

  it('of a lead that waits is not ended by hand', async () => {
    const project = await team();
    await put(project, 'w1', { kind: 'routing_failed', leadId: 'l1' });
    mustBe(await post(project, 'w1', 'claim'), 200);
    expect(codeOf(await post(project, 'w1', 'complete'))).toEqual([409, 'work-unresolved']);
    expect((await project.get('/api/work-items/w1')).status).toBe('claimed');
  });

  it('takes no amounts, values or unknown names from the caller', async () => {
    const project = await team();
    await put(project, 'w1', { kind: 'approval_required', details: { value: 200_000 } });
    for (const [verb, more] of [
      ...[['approve', { value: 1 }] as const, ['approve', { amount: 5 }] as const, ['claim', { until: 'x' }] as const],
      ...[['claim', { reason: 'x' }] as const, ['reject', { reason: 'x', details: {} }] as const],
      ...[['escalate', { reason: 'x', dueAt: '2030-01-01T00:00:00.000Z' }] as const, ['release', []] as const],
      ...[['claim', { by: '' }] as const, ['claim', { by: 'lease' }] as const, ['claim', { by: 7 }] as const],
      ...[['claim', { by: 'x'.repeat(257) }] as const, ['approve', 'approve'] as const],
    ])
      expect({ verb, more, status: (await post(project, 'w1', verb, more)).status }).toEqual({
        verb,
        more,
        status: 400,
      });
    const before = await project.get('/api/work-items/w1');
    expect(before).toMatchObject({ status: 'open', revision: 0, details: { value: 200_000 } });
  });

  it('is escalated to teams and reps that there are', async () => {
    const project = await team();
    await put(project, 'w1');
    const answer = await post(project, 'w1', 'escalate', { reason: 'Now', teamId: 'nobody', assignee: 'constructor' });
    expect([answer.status, answer.body.errors.map(({ pointer }: Json) => pointer)]).toEqual([
      ...[400, ['/teamId', '/assignee']],
    ]);
    expect((await post(project, 'w1', 'escalate', {})).status).toBe(400);
    const roster = `/api/projects/${project.projectId}`;
    mustBe(await project.asRoot('POST', `${roster}/teams`, { body: { teamId: 'emea', name: 'EMEA' } }), 201);
    const rep = { repId: 'ada', name: 'Ada', teamIds: ['emea'], capacity: 5 };
    mustBe(await project.asRoot('POST', `${roster}/reps`, { body: rep }), 201);
    mustBe(await post(project, 'w1', 'escalate', { reason: 'Now', assignee: 'ada' }), 200);
    mustBe(await post(project, 'w1', 'escalate', { reason: 'Now', teamId: 'emea' }), 200);
    const seen = await project.get('/api/work-items/w1');
    // For the team, and no more for the one who was named before.
    expect([seen.teamId, seen.assignee, seen.priority, seen.dueAt]).toEqual([
      ...['emea', undefined, 'urgent', '2026-03-10T16:00:00.000Z'],
    ]);
  });

  it('that does not exist, or can not, is not there, however it is called', async () => {
    const project = await team();
    const odd = [
      'none',
      '..',
      'a%20b',
      '%00',
      'w1%2Fclaim',
      '%F0%9F%98%80',
      'constructor',
      '__proto__',
      'x'.repeat(128),
    ];
    for (const workId of odd) {
      expect({ workId, status: (await project.read(`/api/work-items/${workId}`)).status }).toEqual({
        workId,
        status: 404,
      });
      expect({ workId, status: (await post(project, workId, 'claim')).status }).toEqual({ workId, status: 404 });
    }
  });
});

describe('The claim of a work item', () => {
  it('ends after 15 minutes, to the millisecond, and then another may have the item', async () => {
    await using own = await openTestApp();
    const project = await team(own);
    await open(own.app(), { projectId: project.projectId, workId: 'w1' });
    const opened = async () => [
      idsIn(await project.all('/api/work-items?status=open')),
      idsIn(await project.all('/api/work-items?status=claimed')),
    ];
    mustBe(await post(project, 'w1', 'claim', { by: 'ada' }), 200);
    own.clock.forward(15 * minute - 1);
    expect(codeOf(await post(project, 'w1', 'claim', { by: 'ben' }))).toEqual([409, 'work-claimed']);
    expect(await opened()).toEqual([[], ['w1']]);
    own.clock.forward(1);
    expect(await opened()).toEqual([['w1'], []]);
    const seen = await project.get('/api/work-items/w1');
    expect({ status: seen.status, by: seen.by, until: seen.until }).toEqual({
      status: 'open',
      by: undefined,
      until: undefined,
    });
    expect(mustBe(await post(project, 'w1', 'claim', { by: 'ben' }), 200).body.until).toBe('2026-03-10T12:30:00.000Z');
    expect(codeOf(await post(project, 'w1', 'complete', { by: 'ada' }))).toEqual([409, 'work-claimed']);
    await own.restart();
    expect((await project.get('/api/work-items/w1')).by).toBe('ben');
    own.clock.forward(24 * 60 * minute);
    expect((await project.get('/api/work-items/w1')).overdue).toBe(true);
    mustBe(await post(project, 'w1', 'complete', { by: 'ada' }), 200);
  });

  it('is noted as ended once, as of when it ended, though nobody looks at the item and nobody ran meanwhile', async () => {
    await using own = await openTestApp();
    const project = await team(own);
    const { projectId } = project;
    await open(own.app(), { projectId, workId: 'w1' });
    mustBe(await post(project, 'w1', 'claim', { by: 'ada' }), 200);
    await own.settled();
    expect((await project.get('/api/work-items/w1')).revision).toBe(1);
    await own.restart(() => own.clock.forward(3 * 24 * 60 * minute));
    for (const _ of [1, 2]) await own.settled();
    const { state, revision } = await own.app().engine.states.refresh(workItem, `${projectId}.w1`);
    expect({ status: state.status, by: state.by, revision }).toEqual({ status: 'open', by: '', revision: 2 });
    const [last] = await own.app().engine.states.read<WorkItemEvent>(`work-${projectId}.w1`, 1, 1);
    expect(last?.data).toMatchObject({ by: 'lease', releasedAt: '2026-03-10T12:15:00.000Z' });
    mustBe(await post(project, 'w1', 'claim', { by: 'ben' }), 200);
  });
});

describe('Keys', () => {
  it('that only read may not act, and none reaches the items of another project', async () => {
    const [mine, theirs] = [await team(), await team()];
    await put(theirs, 'w1');
    await put(mine, 'w2');
    const reader = app().known(mine.projectId, await operatorKey(mine, ['leads:read']));
    expect(idsIn(await reader.all('/api/work-items'))).toEqual(['w2']);
    for (const verb of ['claim', 'release', 'complete', 'approve', 'reject', 'escalate']) {
      expect((await post(reader, 'w2', verb, { reason: 'x' })).status).toBe(403);
      const body = verb === 'claim' ? {} : { reason: 'x' };
      expect({ verb, status: (await post(mine, 'w1', verb, body)).status }).toEqual({ verb, status: 404 });
    }
    expect((await mine.read('/api/work-items/w1')).status).toBe(404);
    expect(await theirs.get('/api/work-items/w1')).toMatchObject({ status: 'open', revision: 0 });
  });
});
