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

/** Stops the app and lets another process begin to merge the two leads, and die. Says what it left in the log. */
const dieMerging = async (app: TestApp, project: Project, dieAfter: Errand['dieAfter']): Promise<readonly string[]> => {
  const left: string[] = [];
  const now = app.clock.now().toISOString();
  await app.restart(async (dataDir) => {
    const store = openSqliteEventStore(join(dataDir, 'events.db'), { clock: app.clock.now });
    const before = await store.head();
    await dieCapturing({
      ...{ dataDir, dieAfter, projectId: project.projectId },
      identifiers: [
        { kind: 'userId', value: 'ada' },
        { kind: 'email', value: address },
      ],
      activity: {
        ...{ eventId: 'last', eventType: 'download', occurredAt: now, receivedAt: now, properties: {}, source: 'api' },
      },
    });
    const stop = new AbortController();
    const head = await store.head();
    for await (const { events, position } of store.follow(before, stop.signal)) {
      left.push(...events.map(({ type }) => type));
      if (position >= head) stop.abort();
    }
    await store.close();
  });
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

it.concurrent(
  'A merge that is cut off after its first append is completed when the app starts again, by itself',
  async () => {
    await using app = await openTestApp({ clock: tickingClock() });
    const project = await app.project();
    const leads = await twoLeads(project, 3);
    const left = await dieMerging(app, project, { type: 'LeadMerged', times: 1 });
    expect(left).toEqual(['LeadMerged']);
    await app.settled();
    await expectMerged(project, leads, { activities: 4, score: 45 });

    // The sender got no answer and sends again: only that activity is added.
    const sent = { userId: 'ada', email: address, eventType: 'download', eventId: 'last' };
    const again = mustBe(await project.send(sent), 202).body;
    expect(again).toMatchObject({ status: 'queued', leadId: leads.older });
    await expectMerged(project, leads, { activities: 5, score: 60 });
  },
);

it.concurrent('A merge that is cut off is completed by the next activity too, when that comes first', async () => {
  await using app = await openTestApp({ clock: tickingClock() });
  const project = await app.project();
  const leads = await twoLeads(project, 3);
  await dieMerging(app, project, { type: 'LeadMerged', times: 1 });
  // Before the merge is complete nothing is known of the younger lead at the older one's address.
  for (const who of [{ userId: 'ada' }, { email: address }]) {
    const again = mustBe(await project.send({ ...who, eventType: 'page_view', eventId: 'e1' }), 202).body;
    expect(again).toMatchObject({ status: 'duplicate', leadId: leads.older });
  }
  await app.settled();
  await expectMerged(project, leads, { activities: 4, score: 45 });
});

it.concurrent.each([1, 2])(
  'A long merge that is cut off after %i of its three parts is completed, each activity once',
  async (times) => {
    await using app = await openTestApp({ clock: tickingClock() });
    const project = await app.project();
    const leads = await twoLeads(project, 1_200);
    const left = await dieMerging(app, project, { type: 'LeadAbsorbed', times });
    expect(left.filter((type) => type === 'LeadMerged')).toHaveLength(1);
    expect(left.filter((type) => type === 'LeadAbsorbed')).toHaveLength(times);
    await app.settled();
    await expectMerged(project, leads, { activities: 1_201, score: 6_030 });
    const facts = await project.all(`/api/leads/${leads.older}/events?limit=200`);
    expect(facts.filter(({ type }) => type === 'LeadAbsorbed').map(({ data }) => data.last)).toEqual([
      false,
      false,
      true,
    ]);
  },
);
