import { expect, it } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { appOfFile, openTestApp } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import type { Sales } from '../support/sales.ts';
import { salesOf } from '../support/sales.ts';

/** For tests that leave the clock alone. */
const app = appOfFile();

const everyDay = (from: string, to: string) => ({
  timeZone: 'Europe/Berlin',
  week: Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, [{ from, to }]])),
});

/** A sales team of these reps, to whom all leads go. */
const teamOf = async (app: TestApp, ...reps: readonly (readonly [string, object])[]): Promise<Sales> => {
  const sales = await salesOf(app);
  await sales.team('sales');
  for (const [repId, more] of reps) await sales.rep(repId, more);
  await sales.publish('routing-rules', { defaultTeam: 'sales' });
  return sales;
};

const ada = { userId: 'ada' };
const statusOf = async (sales: Sales, leadId: string) => {
  const { status, repId } = await sales.routing(leadId);
  return repId === undefined ? status : `${status}: ${repId}`;
};

it('A lead that qualifies is assigned, says why, and is accepted in time', async () => {
  await using app = await openTestApp();
  const sales = await teamOf(app, ['ann', {}], ['ben', { status: 'away' }]);
  const leadId = await sales.qualify(ada);
  expect(await sales.routing(leadId)).toMatchObject({
    status: 'assigned',
    repId: 'ann',
    teamId: 'sales',
    dueAt: '2026-03-10T12:30:00.000Z',
    workIds: [],
    history: [
      { type: 'ResponseDue' },
      {
        type: 'LeadAssigned',
        data: {
          because: 'default team',
          by: 'rules',
          rulesVersion: 1,
          candidates: [
            { repId: 'ann', in: true, reason: 'chosen' },
            { repId: 'ben', in: false, reason: 'away' },
          ],
        },
      },
      { type: 'LeadQualified' },
    ],
  });
  expect(await sales.project.get(`/api/leads/${leadId}`)).toMatchObject({ assignee: 'ann' });

  await sales.wait(29);
  expect(mustBe(await sales.act(leadId, 'accept', { repId: 'ann' }), 200).body).toMatchObject({ status: 'assigned' });
  await sales.wait(24 * 60);
  const { acceptedAt, dueAt, history } = await sales.routing(leadId);
  expect({ acceptedAt, dueAt }).toEqual({ acceptedAt: '2026-03-10T12:29:00.000Z', dueAt: undefined });
  expect(history[0]).toMatchObject({ type: 'LeadAccepted', data: { tookMs: 29 * 60_000 } });
  expect(await sales.factsOf(leadId)).toEqual(['LeadAssigned', 'ResponseDue', 'ResponseAtRisk', 'LeadAccepted']);
});

it('A team and three reps are enough: leads go to them in turn, also the one that was there before them', async () => {
  const sales = await salesOf(app());
  const early = await sales.qualify({ userId: 'early' });
  expect(await statusOf(sales, early)).toBe('waiting');
  await sales.team('sales');
  await sales.rep('ann');
  await app().settled();
  expect(await statusOf(sales, early)).toBe('assigned: ann');
  for (const repId of ['ben', 'cat']) await sales.rep(repId);
  const later: string[] = [];
  for (const userId of ['second', 'third', 'fourth']) later.push(await sales.qualify({ userId }));
  expect(await Promise.all(later.map((each) => statusOf(sales, each)))).toEqual([
    ...['assigned: ann', 'assigned: ben', 'assigned: cat'],
  ]);
  const { history } = await sales.routing(early);
  expect(history.find(({ type }: Json) => type === 'LeadAssigned').data).toMatchObject({
    by: 'rules',
    rulesVersion: 0,
    because: 'no rules are published yet: everybody in turn',
  });
});

it('A lead for which nobody is on shift waits with a work item, and is assigned when a shift begins', async () => {
  await using app = await openTestApp();
  const sales = await teamOf(app, ['ann', { hours: everyDay('14:00', '18:00') }]);
  const leadId = await sales.qualify(ada);
  const [item, ...more] = await sales.work('&status=open');
  expect({ item, more }).toMatchObject({
    item: { kind: 'routing_failed', leadId, reason: 'Nobody of 1 fits: 1 off shift' },
    more: [],
  });
  expect(await sales.routing(leadId)).toMatchObject({ status: 'waiting', workIds: [item.workId] });
  expect(await sales.project.get(`/api/leads/${leadId}`)).toMatchObject({ routing: 'waiting' });

  // It is one o'clock in Berlin.
  await sales.wait(59);
  expect(await statusOf(sales, leadId)).toBe('waiting');
  await sales.wait(1);
  expect(await statusOf(sales, leadId)).toBe('assigned: ann');
  expect(await sales.work()).toMatchObject([{ workId: item.workId, status: 'completed' }]);
  expect(await sales.factsOf(leadId)).toEqual(['RoutingFailed', 'LeadAssigned', 'ResponseDue']);
});

it('A lead that nobody replies to is at risk, overdue, given to another, and accepted there', async () => {
  await using app = await openTestApp();
  const sales = await teamOf(app, ['ann', { weight: 2 }], ['ben', {}]);
  const leadId = await sales.qualify(ada);
  expect(await statusOf(sales, leadId)).toBe('assigned: ann');
  await sales.wait(24);
  expect(await sales.factsOf(leadId)).toEqual(['LeadAssigned', 'ResponseDue', 'ResponseAtRisk']);
  await sales.wait(6);
  expect((await sales.factsOf(leadId)).slice(3)).toEqual(['ResponseOverdue', 'ResponseStepTaken']);
  await sales.wait(15);
  expect(await statusOf(sales, leadId)).toBe('assigned: ben');
  expect((await sales.factsOf(leadId)).slice(5)).toEqual(['ResponseStepTaken', 'LeadAssigned', 'ResponseDue']);
  expect(mustBe(await sales.act(leadId, 'accept', { repId: 'ann' }), 409).body.code).toBe('lead-of-another');
  mustBe(await sales.act(leadId, 'accept', { repId: 'ben' }), 200);
  await sales.wait(24 * 60);
  expect((await sales.factsOf(leadId)).slice(8)).toEqual(['LeadAccepted']);
  expect(await sales.work('&status=open')).toEqual([]);
});

it('Where a rule asks for approval the lead waits for it; approved it goes on, rejected it is closed with the reason', async () => {
  const sales = await teamOf(app(), ['ann', {}]);
  const large = {
    id: 'large',
    to: { teams: ['sales'] },
    approval: [{ field: 'profile.value', op: 'gt', value: 1_000 }],
  };
  await sales.publish('routing-rules', { rules: [large] });
  const [small, yes, no] = [
    await sales.qualify({ userId: 'small' }, { value: 10 }),
    await sales.qualify({ userId: 'yes' }, { value: 5_000 }),
    await sales.qualify({ userId: 'no' }, { value: 9_000 }),
  ];
  expect(await Promise.all([small, yes, no].map((each) => statusOf(sales, each)))).toEqual([
    ...['assigned: ann', 'approval', 'approval'],
  ]);
  const items = await sales.work('&kind=approval_required');
  expect(items).toHaveLength(2);
  const decide = async (leadId: string, verb: string, body: object): Promise<void> => {
    const item = items.find((each) => each.leadId === leadId);
    mustBe(await sales.post(`/api/work-items/${item.workId}/${verb}`, body), 200);
    await app().settled();
  };
  await decide(yes, 'approve', { by: 'grace' });
  await decide(no, 'reject', { by: 'grace', reason: 'No budget' });
  expect(await statusOf(sales, yes)).toBe('assigned: ann');
  expect(await sales.routing(no)).toMatchObject({
    status: 'closed',
    outcome: 'disqualified',
    history: [{ type: 'LeadClosed', data: { reason: 'Not approved by grace: No budget' } }, {}, {}],
  });
  expect(await sales.work('&status=open')).toEqual([]);
});

it('A lead that is declined goes to another, and the turn is given back', async () => {
  const sales = await teamOf(app(), ['ann', { perDay: 1, weight: 2 }], ['ben', {}]);
  const first = await sales.qualify({ userId: 'first' });
  expect(await statusOf(sales, first)).toBe('assigned: ann');
  mustBe(await sales.act(first, 'decline', { repId: 'ann', reason: 'On the phone' }), 200);
  expect(await statusOf(sales, first)).toBe('assigned: ben');
  // Ann may have one lead a day, and has had none: what was declined does not count.
  const second = await sales.qualify({ userId: 'second' });
  expect(await statusOf(sales, second)).toBe('assigned: ann');
  const { history } = await sales.routing(first);
  const again = history.find(({ type }: Json) => type === 'LeadAssigned');
  expect(again.data.candidates).toContainEqual({ repId: 'ann', in: false, reason: 'excluded' });
});

it('A decision about 52 reps is shown with 50 of them, who was chosen first, and how many others there were', async () => {
  const sales = await teamOf(app(), ['rep-10', { status: 'away' }]);
  for (let n = 11; n < 61; n += 1) await sales.rep(`rep-${n}`, { status: 'away' });
  const test = async () =>
    mustBe(await sales.ask('POST', `${sales.path}/routing-rules/test`, { last: 1 }), 200).body.data[0];
  const waits = await sales.qualify({ userId: 'waits' });
  const tried = await test();
  expect(tried).toMatchObject({ outcome: 'failed', others: [{ reason: 'away', count: 1 }] });
  const { history: failed } = await sales.routing(waits);
  expect(failed[0]).toMatchObject({ type: 'RoutingFailed', data: { others: [{ reason: 'away', count: 1 }] } });
  expect(failed[0].data.candidates).toEqual(tried.candidates);
  expect(tried.candidates).toHaveLength(50);

  await sales.rep('zoe');
  await app().settled();
  const { history } = await sales.routing(waits);
  const { candidates, others } = history.find(({ type }: Json) => type === 'LeadAssigned').data;
  expect({ candidatesCount: candidates.length, repId: candidates[0].repId, others }).toEqual({
    candidatesCount: 50,
    repId: 'zoe',
    others: [{ reason: 'away', count: 2 }],
  });
});

it('A lead that is closed frees a place, and the lead that waits gets it', async () => {
  const sales = await teamOf(app(), ['ann', { capacity: 1 }]);
  const first = await sales.qualify({ userId: 'first' });
  const second = await sales.qualify({ userId: 'second' });
  expect([await statusOf(sales, first), await statusOf(sales, second)]).toEqual(['assigned: ann', 'waiting']);
  const byHand = await sales.act(second, 'assign', { repId: 'ann' });
  expect({ status: byHand.status, code: byHand.body.code }).toEqual({ status: 409, code: 'rep-full' });
  const closed = mustBe(await sales.act(first, 'close', { outcome: 'won', reason: 'Signed', value: 900 }), 200);
  expect(closed.body).toMatchObject({ status: 'closed', outcome: 'won' });
  expect([await statusOf(sales, first), await statusOf(sales, second)]).toEqual(['closed', 'assigned: ann']);
  expect(await sales.work()).toMatchObject([{ leadId: second, status: 'completed' }]);

  // Reopened, it waits for the one who had it, who has no room now.
  mustBe(await sales.act(first, 'reopen', { reason: 'They called' }), 200);
  expect(await statusOf(sales, first)).toBe('waiting');
  await sales.change('ann', { capacity: 2 });
  await app().settled();
  expect(await sales.routing(first)).toMatchObject({ status: 'assigned', repId: 'ann' });
});

it('Rules that change apply to new decisions only, and each decision says by which it was taken', async () => {
  const sales = await teamOf(app(), ['ann', {}]);
  await sales.team('other');
  await sales.rep('ben', { teamIds: ['other'] });
  const before = await sales.qualify({ userId: 'before' });
  expect(await sales.publish('routing-rules', { defaultTeam: 'other' })).toBe(2);
  await app().settled();
  const after = await sales.qualify({ userId: 'after' });
  expect(await sales.publish('routing-rules', { defaultTeam: 'sales' })).toBe(3);
  await app().settled();
  const stamp = async (leadId: string) => {
    const { repId, history } = await sales.routing(leadId);
    return [repId, history.find(({ type }: Json) => type === 'LeadAssigned').data.rulesVersion];
  };
  expect([await stamp(before), await stamp(after)]).toEqual([
    ['ann', 1],
    ['ben', 2],
  ]);
});

it('A lead from the US never reaches the team that serves EMEA, and waits rather', async () => {
  const sales = await salesOf(app());
  await sales.publish('routing-rules', { regions: { EMEA: ['FR', 'DE'] } });
  await sales.team('emea', { regions: ['EMEA'] });
  await sales.team('americas', { regions: ['US', 'Canada'] });
  await sales.rep('eva', { teamIds: ['emea'], weight: 100 });
  await sales.rep('uma', { teamIds: ['americas'] });
  const all = { id: 'all', to: { teams: ['emea', 'americas'] } };
  await sales.publish('routing-rules', { rules: [all], regions: { EMEA: ['FR', 'DE'] }, defaultTeam: 'emea' });
  const from = async (userId: string, country: string) => statusOf(sales, await sales.qualify({ userId }, { country }));
  expect([await from('a', 'US'), await from('b', 'United States'), await from('c', 'usa')]).toEqual([
    ...Array.from({ length: 3 }, () => 'assigned: uma'),
  ]);
  expect([await from('d', 'France'), await from('e', 'de'), await from('f', 'JP')]).toEqual([
    ...['assigned: eva', 'assigned: eva', 'waiting'],
  ]);
  await sales.change('uma', { status: 'left' });
  expect(await from('g', 'US')).toBe('waiting');
});

it('A company stays with whom it knows, by its domain; a free mailbox is no company', async () => {
  const sales = await teamOf(app(), ['ann', { weight: 3 }], ['ben', {}]);
  const of = async (email: string) => statusOf(sales, await sales.qualify({ email }));
  const first = await sales.qualify({ email: 'ada@acme.example' });
  expect(await statusOf(sales, first)).toBe('assigned: ann');
  mustBe(await sales.act(first, 'assign', { repId: 'ben', reason: 'Knows them' }), 200);
  expect([await of('bob@acme.example'), await of('cyd@ACME.example')]).toEqual(['assigned: ben', 'assigned: ben']);
  // By turns it is ann, ann, ben: nobody has all of a free mail provider.
  const free = [await of('x@gmail.com'), await of('y@gmail.com'), await of('z@gmail.com'), await of('w@gmail.com')];
  expect(new Set(free)).toEqual(new Set(['assigned: ann', 'assigned: ben']));

  // The same lead comes back to who had it.
  mustBe(await sales.act(first, 'close', { outcome: 'lost' }), 200);
  mustBe(await sales.act(first, 'reopen'), 200);
  expect(await sales.routing(first)).toMatchObject({ status: 'assigned', repId: 'ben' });
});

it('Nobody of another project sees or touches any of it', async () => {
  const sales = await teamOf(app(), ['ann', {}]);
  const leadId = await sales.qualify(ada);
  const other = await salesOf(app(), 'Other');
  expect((await other.project.read(`/api/leads/${leadId}/routing`)).status).toBe(404);
  for (const verb of ['accept', 'decline', 'close', 'reopen', 'assign']) {
    const body = verb === 'assign' ? { repId: 'ann' } : verb === 'close' ? { outcome: 'won' } : { reason: 'Mine' };
    expect({ verb, status: (await other.act(leadId, verb, verb === 'accept' ? {} : body)).status }).toEqual({
      verb,
      status: 404,
    });
  }
  expect(await statusOf(sales, leadId)).toBe('assigned: ann');
});
