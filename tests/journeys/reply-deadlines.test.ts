import { describe, expect, it, onTestFinished } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { openTestApp, testClock } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

/** Nine to five in Berlin, from Monday to Friday; there the clocks go forward on Sunday 2026-03-29. */
const shift = [{ from: '09:00', to: '17:00' }];
const week = { mon: shift, tue: shift, wed: shift, thu: shift, fri: shift };
const hours = { timeZone: 'Europe/Berlin', week, holidays: [] as string[] };

/** Friday, ten to five in Berlin: ten minutes are left of the week. */
const friday = '2026-03-27T15:50:00.000Z';
/** Half an hour of work later it is Monday, twenty past nine, in summer time. */
const dueAt = '2026-03-30T07:20:00.000Z';
const atRiskAt = '2026-03-30T07:14:00.000Z';
const [notifyAt, reRouteAt, escalateAt] = [dueAt, '2026-03-30T07:35:00.000Z', '2026-03-30T07:50:00.000Z'];

type Office = { readonly app: TestApp; readonly project: Project; readonly leadId: string };

/** An app on that Friday. */
const opened = async (start = friday): Promise<TestApp> => {
  const app = await openTestApp({ clock: testClock(start) });
  onTestFinished(() => app.close());
  return app;
};

/** A project with a team of reps, and a lead that has just qualified. */
const office = async (app: TestApp, reps: readonly object[]): Promise<Office> => {
  const project = await app.project();
  const path = `/api/projects/${project.projectId}`;
  const put = async (method: string, rest: string, body: object) =>
    mustBe(await project.asRoot(method, `${path}/${rest}`, { body }), 200, 201).body;
  await put('POST', 'teams', { teamId: 'sales', name: 'Sales' });
  for (const rep of reps) await put('POST', 'reps', { name: 'Rep', teamIds: ['sales'], hours, ...rep });
  await put('PUT', 'routing-rules', { rules: [], defaultTeam: 'sales' });
  const sent = mustBe(await project.send({ userId: 'u1', eventId: 'e1', eventType: 'contract_signed' }), 202).body;
  await app.settled();
  return { app, project, leadId: sent.leadId };
};

const until = async ({ app }: Office, time: string): Promise<void> => {
  app.clock.forward(Date.parse(time) - app.clock.now().getTime());
  await app.settled();
};

const routingOf = ({ project, leadId }: Office): Promise<Json> => project.get(`/api/leads/${leadId}/routing?limit=200`);

/** What was said of the reply, oldest first, with the planned times; what is about the owner besides. */
const said = async (of: Office): Promise<readonly string[]> => {
  const { history } = await routingOf(of);
  return history
    .toReversed()
    .filter(({ type }: Json) => !['LeadQualified', 'ResponseDue'].includes(type))
    .map(({ type, data }: Json) =>
      [type, data.action, data.at ?? data.repId].filter((part) => part !== undefined).join(' '),
    );
};
const planned = [
  'LeadAssigned ada',
  `ResponseAtRisk ${atRiskAt}`,
  `ResponseOverdue ${dueAt}`,
  `ResponseStepTaken notify ${notifyAt}`,
  `ResponseStepTaken re-route ${reRouteAt}`,
];

const accept = async ({ app, project, leadId }: Office, repId?: string): Promise<number> => {
  const body = repId === undefined ? {} : { repId };
  const { status } = await project.asRoot('POST', `/api/leads/${leadId}/accept`, { body });
  await app.settled();
  return status;
};

const listed = async ({ project }: Office, query = ''): Promise<readonly Json[]> =>
  project.all(`/api/routing/deadlines${query}`);

const [ada, grace] = [
  { repId: 'ada', weight: 9 },
  { repId: 'grace', weight: 1 },
];

describe('A reply that does not come', () => {
  it('is counted over the weekend and the change of clocks, and brings the lead to another; a holiday and time off are not counted', async () => {
    const app = await opened();
    const at = await office(app, [ada, grace]);
    const free = { ...hours, holidays: ['2026-03-30'] };
    const timeOff = [{ from: '2026-03-31T07:00:00.000Z', to: '2026-03-31T08:00:00.000Z' }];
    const later = await office(app, [{ ...ada, hours: free, timeOff }]);
    expect(await routingOf(later)).toMatchObject({ dueAt: '2026-03-31T08:20:00.000Z' });
    expect(await routingOf(at)).toMatchObject({ status: 'assigned', repId: 'ada', dueAt });
    expect(await listed(at)).toMatchObject([{ leadId: at.leadId, repId: 'ada', dueAt, atRiskAt, status: 'in-time' }]);

    await until(at, '2026-03-30T07:13:59.999Z');
    expect(await said(at)).toEqual(planned.slice(0, 1));
    await until(at, atRiskAt);
    expect(await said(at)).toEqual(planned.slice(0, 2));
    expect(await listed(at)).toMatchObject([{ status: 'at-risk', next: { at: dueAt, action: 'notify' } }]);
    await until(at, dueAt);
    expect(await said(at)).toEqual(planned.slice(0, 4));
    expect(await listed(at)).toMatchObject([{ status: 'overdue', next: { at: reRouteAt, action: 're-route' } }]);
    await until(at, '2026-03-30T07:34:59.999Z');
    expect(await said(at)).toEqual(planned.slice(0, 4));
    await until(at, reRouteAt);
    expect(await said(at)).toEqual([...planned, 'LeadAssigned grace']);

    const again = { repId: 'grace', dueAt: '2026-03-30T08:05:00.000Z', status: 'in-time' };
    expect(await listed(at)).toMatchObject([again]);
    await until(at, '2026-03-30T08:04:59.999Z');
    expect(await accept(at, 'grace')).toBe(200);
    expect((await said(at)).slice(-2)).toEqual(['ResponseAtRisk 2026-03-30T07:59:00.000Z', 'LeadAccepted grace']);
    expect(await listed(at)).toEqual([]);
    const facts = (await said(at)).length;
    await until(later, '2026-03-31T08:13:59.999Z');
    expect(await said(later)).toEqual(planned.slice(0, 1));
    await until(at, '2026-04-30T00:00:00.000Z');
    expect(await said(at)).toHaveLength(facts);
  });

  it('is seen to with the planned times after days without any process, also when nobody else is there; it goes to another once, whenever it is noticed, and no step of the old plan comes after that', async () => {
    const app = await opened();
    const [at, shared] = [await office(app, [ada]), await office(app, [ada, grace])];
    await app.restart(() => app.clock.forward(Date.parse('2026-04-01T12:00:00.000Z') - Date.parse(friday)));
    await app.settled();
    expect(await said(at)).toEqual([...planned, `ResponseStepTaken escalate ${escalateAt}`]);
    const items = await at.project.all('/api/work-items');
    expect(items).toMatchObject([
      { workId: `${at.leadId}.1.reply`, dueAt: '2026-03-30T08:05:00.000Z', priority: 'urgent', escalations: 1 },
    ]);
    expect(await listed(at)).toMatchObject([{ repId: 'ada', status: 'overdue' }]);
    expect(await accept(at)).toBe(200);
    expect(await listed(at)).toEqual([]);
    const ended = await at.project.all('/api/work-items?status=completed');
    expect(ended).toHaveLength(1);

    expect(await said(shared)).toEqual([...planned, 'LeadAssigned grace']);
    expect(await routingOf(shared)).toMatchObject({ repId: 'grace', dueAt: '2026-04-01T12:30:00.000Z' });
    await app.restart();
    await app.settled();
    expect(await said(shared)).toHaveLength(planned.length + 1);
  });
});

describe('A reply', () => {
  it('is in time a moment before it is due, and late from then on, whether or not somebody has noticed', async () => {
    const app = await opened();
    const [inTime, late] = [await office(app, [ada]), await office(app, [ada])];
    await until(inTime, '2026-03-30T07:19:59.999Z');
    expect(await accept(inTime)).toBe(200);
    app.clock.forward(1);
    expect(await accept(late)).toBe(200);
    expect((await said(late)).filter((each) => !each.startsWith('ResponseStepTaken'))).toEqual([
      ...planned.slice(0, 3),
      'LeadAccepted ada',
    ]);
    await until(inTime, '2026-04-30T00:00:00.000Z');
    expect(await said(inTime)).toEqual([...planned.slice(0, 2), 'LeadAccepted ada']);
  });

  it('counts once, is not waited for when the policy says so, and around the clock when it counts so', async () => {
    const app = await opened();
    const accepted = await office(app, [ada]);
    expect([await accept(accepted), await accept(accepted)]).toEqual([200, 200]);
    expect(await said(accepted)).toEqual(['LeadAssigned ada', 'LeadAccepted ada']);
    const at = await office(app, [ada]);
    const path = `/api/projects/${at.project.projectId}/reply-policy`;
    const publish = async (change: object) => {
      const { version: _, ...policy } = mustBe(await at.project.asRoot('GET', path), 200).body;
      mustBe(await at.project.asRoot('PUT', path, { body: { ...policy, ...change } }), 200);
    };
    const another = async (userId: string): Promise<Office> => {
      const event = { userId, eventId: userId, eventType: 'contract_signed' };
      const { leadId } = mustBe(await at.project.send(event), 202).body;
      await at.app.settled();
      return { ...at, leadId };
    };
    await publish({ countedIn: 'always' });
    expect(await routingOf(await another('u2'))).toMatchObject({ dueAt: '2026-03-27T16:20:00.000Z' });
    await publish({ enabled: false });
    const { dueAt: none } = await routingOf(await another('u3'));
    expect(none).toBeUndefined();
    expect(await listed(at)).toHaveLength(2);
    expect(await listed(at, '?rep=ada&team=sales&limit=1')).toHaveLength(2);
    expect(await listed(at, '?rep=grace')).toEqual([]);
  });
});

describe('While nobody works', () => {
  it('a claim ends by itself, also while no process runs, and a lead that nobody fits is assigned when a shift begins', async () => {
    const at = await office(await opened('2026-03-28T12:00:00.000Z'), [ada]);
    const [{ workId }] = await at.project.all('/api/work-items');
    const path = `/api/work-items/${workId}/claim`;
    mustBe(await at.project.asRoot('POST', path, { body: { by: 'grace' } }), 200);
    await at.app.restart(() => at.app.clock.forward(20 * 60_000));
    await at.app.settled();
    const [first] = await at.project.all('/api/work-items');
    expect(first).toMatchObject({ workId, status: 'open', revision: 2 });

    expect(await routingOf(at)).toMatchObject({ status: 'waiting' });
    await until(at, '2026-03-30T06:59:59.999Z');
    expect(await routingOf(at)).toMatchObject({ status: 'waiting' });
    await until(at, '2026-03-30T07:00:00.000Z');
    expect(await routingOf(at)).toMatchObject({ status: 'assigned', repId: 'ada', dueAt: '2026-03-30T07:30:00.000Z' });
  });
});
