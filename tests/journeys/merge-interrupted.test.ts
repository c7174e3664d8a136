import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import type { TestApp } from '../support/app.ts';
import { openTestApp, tickingClock } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import type { Errand } from '../support/dying-process.ts';
import { dieCapturing } from '../support/dying-process.ts';

const address = 'ada@example.com';

/** An older lead by e-mail, with one activity, and a younger one by userId, with many. */
const twoLeads = async (project: Project, many: number) => {
  const older = mustBe(await project.send({ email: address, eventType: 'signup', eventId: 'first' }), 202).body;
  const views = Array.from({ length: many }, (_, at) => ({ userId: 'ada', eventType: 'page_view', eventId: `e${at}` }));
  const { body } = mustBe(await project.batch(views), 200);
  expect(body.accepted).toBe(many);
  return { older: older.leadId, younger: body.results[0].leadId };
};

/** Lets a process begin to merge the two leads in the log of a folder, and die. Says what it left there. */
const dieMerging = async (
  dataDir: string,
  clock: () => Date,
  { projectId }: Project,
  dieAfter: Errand['dieAfter'],
): Promise<readonly string[]> => {
  const left: string[] = [];
  const now = clock().toISOString();
  const store = openSqliteEventStore(join(dataDir, 'events.db'), { clock });
  const before = await store.head();
  await dieCapturing({
    dataDir,
    dieAfter,
    projectId,
    identifiers: [
      { kind: 'userId', value: 'ada' },
      { kind: 'email', value: address },
    ],
    activity: {
      eventId: 'last',
      eventType: 'download',
      occurredAt: now,
      receivedAt: now,
      properties: {},
      source: 'api',
    },
  });
  const stop = new AbortController();
  const head = await store.head();
  for await (const { events, position } of store.follow(before, stop.signal)) {
    left.push(...events.map(({ type }) => type));
    if (position >= head) stop.abort();
  }
  await store.close();
  return left;
};

const expectMerged = async (
  project: Project,
  { older, younger }: { readonly older: string; readonly younger: string },
  { activities, score }: { readonly activities: number; readonly score: number },
): Promise<void> => {
  expect(await project.all('/api/leads')).toMatchObject([{ leadId: older, score, activities }]);
  const answer = mustBe(await project.read(`/api/leads/${younger}`), 200);
  expect(answer.headers['content-location']).toBe(`/api/leads/${older}`);
  const identifiers = answer.body.identifiers.map(({ kind }: Json) => kind);
  expect(identifiers.toSorted()).toEqual(['email', 'userId']);
  const timeline = await project.all(`/api/leads/${younger}/timeline?limit=200`);
  expect(new Set(timeline.map(({ eventId }) => eventId)).size).toBe(activities);
  expect(timeline).toHaveLength(activities);
  const explanation = await project.get(`/api/leads/${older}/score`);
  expect(explanation.score).toBe(score);
  const { totals, stages } = await project.get('/api/analytics/dashboard');
  expect(totals).toMatchObject({ leads: 1, merged: 1 });
  expect(Object.values<number>(stages).reduce((sum, each) => sum + each)).toBe(1);
};

/** A project whose leads are being merged when the process dies that does it, and how many activities and points they have together. */
const cut = async (app: TestApp, many: number, dieAfter: Errand['dieAfter']) => {
  const project = await app.project();
  return { project, leads: await twoLeads(project, many), dieAfter, activities: many + 1, score: 30 + 5 * many };
};

it('A merge that is cut off is completed when the app starts again, by itself or by an activity that comes first, each activity once', async () => {
  await using app = await openTestApp({ clock: tickingClock() });
  const first = { type: 'LeadMerged', times: 1 };
  const short = await cut(app, 3, first);
  const hurried = await cut(app, 3, first);
  const long = await cut(app, 1_001, { type: 'LeadAbsorbed', times: 2 });
  const all = [short, hurried, long];
  const left: (readonly string[])[] = [];
  await app.restart(async (dataDir) => {
    for (const { project, dieAfter } of all) left.push(await dieMerging(dataDir, app.clock.now, project, dieAfter));
  });
  // Before the merge is complete nothing is known of the younger lead at the older one's address.
  for (const who of [{ userId: 'ada' }, { email: address }]) {
    const sent = { ...who, eventType: 'page_view', eventId: 'e1' };
    const again = mustBe(await hurried.project.send(sent), 202).body;
    expect(again).toMatchObject({ status: 'duplicate', leadId: hurried.leads.older });
  }
  const parts = (one: number) => left[one]?.filter((type) => ['LeadMerged', 'LeadAbsorbed'].includes(type));
  expect(left[0]).toEqual(['LeadMerged']);
  expect(parts(1)).toEqual(['LeadMerged']);
  expect(parts(2)).toEqual(['LeadMerged', 'LeadAbsorbed', 'LeadAbsorbed']);
  await app.settled();
  for (const { project, leads, activities, score } of all) await expectMerged(project, leads, { activities, score });
  const facts = await long.project.all(`/api/leads/${long.leads.older}/events?limit=200`);
  const absorbed = facts.filter(({ type }) => type === 'LeadAbsorbed');
  expect(absorbed.map(({ data }) => data.last)).toEqual([false, false, true]);

  // The sender got no answer and sends again: only that activity is added.
  const sent = { userId: 'ada', email: address, eventType: 'download', eventId: 'last' };
  const again = mustBe(await short.project.send(sent), 202).body;
  expect(again).toMatchObject({ status: 'queued', leadId: short.leads.older });
  await expectMerged(short.project, short.leads, { activities: 5, score: 60 });
});
