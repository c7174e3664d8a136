import { describe, expect, it } from 'vitest';
import { openTestApp } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import type { Sales } from '../support/sales.ts';
import { salesOf } from '../support/sales.ts';

const reportOf = (sales: Sales): Promise<Json> => sales.project.get('/api/analytics/routing');
const repIn = ({ reps }: Json, repId: string): Json => reps.find((each: Json) => each.repId === repId);

describe('The report of routing', () => {
  it('says who got what by which share, and what came of it', async () => {
    await using app = await openTestApp();
    const sales = await salesOf(app);
    await sales.team('sales');
    await sales.rep('ann', { weight: 2 });
    await sales.rep('ben', { weight: 1 });
    await sales.publish('routing-rules', { defaultTeam: 'sales' });
    const leads: string[] = [];
    for (let n = 0; n < 6; n++) leads.push(await sales.qualify({ userId: `u${n}` }));
    const before = await reportOf(sales);
    expect(repIn(before, 'ann')).toMatchObject({
      assigned: 4,
      turns: 4,
      expected: 4,
      deviation: 0,
      open: 4,
      share: 0.667,
    });
    expect(repIn(before, 'ben')).toMatchObject({
      assigned: 2,
      turns: 2,
      expected: 2,
      deviation: 0,
      open: 2,
      share: 0.333,
    });

    const [first = '', second = '', third = ''] = leads;
    await sales.wait(10);
    const owner = (await sales.routing(first)).repId;
    mustBe(await sales.act(first, 'accept'), 200);
    mustBe(await sales.act(first, 'close', { outcome: 'won', reason: 'Signed' }), 200);
    mustBe(await sales.act(second, 'close', { outcome: 'lost', reason: 'No budget' }), 200);
    const decliner = (await sales.routing(third)).repId;
    mustBe(await sales.act(third, 'decline', { reason: 'No time' }), 200);

    const { totals, reps, teams } = await reportOf(sales);
    expect(totals).toMatchObject({ qualified: 6, assigned: 4, won: 1, lost: 1, waiting: 0, qualifications: 6 });
    expect(totals.assignments).toEqual({ rules: 7, hand: 0, merge: 0 });
    expect(repIn({ reps }, owner)).toMatchObject({ accepted: 1, won: 1 });
    const { p50, p90 } = repIn({ reps }, owner).responseMs;
    for (const ms of [p50, p90]) expect(Math.abs(ms - 600_000)).toBeLessThan(60_000);
    expect(repIn({ reps }, decliner)).toMatchObject({ declined: 1 });
    // What was declined was given back, so the shares are of six turns.
    expect(reps.reduce((sum: number, each: Json) => sum + each.turns, 0)).toBe(6);
    expect(teams).toEqual([
      {
        teamId: 'sales',
        name: 'sales',
        leads: 6,
        open: 4,
        assigned: 7,
        accepted: 1,
        declined: 1,
        reRouted: 0,
        won: 1,
        lost: 1,
        disqualified: 0,
        winRate: 0.5,
        responseMs: { p50, p90 },
      },
    ]);
  });

  it('counts a lead once that is reopened, re-routed or merged, and tells nothing to another project', async () => {
    await using app = await openTestApp();
    const sales = await salesOf(app);
    await sales.team('sales');
    await sales.rep('ann', { capacity: 1 });
    await sales.rep('ben', { capacity: 2 });
    await sales.publish('routing-rules', { defaultTeam: 'sales' });
    const ada = await sales.qualify({ userId: 'ada' });
    mustBe(await sales.act(ada, 'close', { outcome: 'lost', reason: 'Silent' }), 200);
    mustBe(await sales.act(ada, 'reopen', { reason: 'They called' }), 200);
    const cookie = await sales.qualify({ anonymousId: 'cookie' });
    expect((await reportOf(sales)).totals).toMatchObject({ qualified: 2, assigned: 2, lost: 0 });
    mustBe(await sales.project.send({ userId: 'ada', anonymousId: 'cookie', eventType: 'page_view' }), 202);
    await app.settled();
    const merged = await reportOf(sales);
    expect(merged.totals).toMatchObject({ qualified: 1, assigned: 1, waiting: 0 });
    expect(merged.teams).toMatchObject([{ leads: 1, open: 1 }]);
    expect(merged.reps.reduce((sum: number, { open }: Json) => sum + open, 0)).toBe(1);
    expect(cookie).not.toBe(ada);

    const other = await salesOf(app, 'Other');
    expect(await reportOf(other)).toMatchObject({ totals: { qualified: 0, failures: {} }, reps: [], teams: [] });
  });

  it('says why nobody fitted, what was late, and who lost a lead for it', async () => {
    await using app = await openTestApp();
    const sales = await salesOf(app);
    await sales.team('sales');
    await sales.rep('ann', { status: 'away' });
    await sales.publish('routing-rules', { defaultTeam: 'sales' });
    const ada = await sales.qualify({ userId: 'ada' });
    expect((await reportOf(sales)).totals).toMatchObject({ waiting: 1, assigned: 0, failures: { away: 1 } });
    await sales.change('ann', { status: 'active' });
    await app.settled();
    await sales.wait(46);
    // Another was looked for, and there was none: the lead has not changed hands.
    const alone = await reportOf(sales);
    expect(alone.totals).toMatchObject({ assigned: 1, overdue: 1, reRouted: 0 });
    expect(repIn(alone, 'ann')).toMatchObject({ overdue: 1, reRouted: 0, open: 1 });
    const bob = await sales.qualify({ userId: 'bob' });
    await sales.rep('ben');
    expect((await sales.routing(bob)).repId).toBe('ann');
    await sales.wait(46);
    const { totals, reps } = await reportOf(sales);
    expect(totals).toMatchObject({ waiting: 0, assigned: 2, overdue: 2, reRouted: 1 });
    expect(repIn({ reps }, 'ann')).toMatchObject({ overdue: 2, reRouted: 1, open: 1, winRate: null });
    // One missed reply is one item, however many steps the policy has for it, and says whom it is about.
    expect(await sales.work('&kind=deadline_missed')).toMatchObject([
      { leadId: ada, leadName: 'ada', priority: 'urgent', escalations: 1 },
    ]);
    expect(repIn({ reps }, 'ben')).toMatchObject({ assigned: 1, open: 1, capacity: 20, utilisation: 0.05 });
  });
});

describe('Lists of leads', () => {
  it('can be asked by whose they are, and the past too', async () => {
    await using app = await openTestApp();
    const sales = await salesOf(app);
    await sales.team('sales');
    await sales.rep('ann', { capacity: 1 });
    await sales.publish('routing-rules', { defaultTeam: 'sales' });
    const ada = await sales.qualify({ userId: 'ada' });
    await sales.wait(1);
    const bob = await sales.qualify({ userId: 'bob' });
    const idsOf = async (query: string) =>
      (await sales.project.all(`/api/leads?${query}`)).map(({ leadId }: Json) => leadId);
    expect(await idsOf('assignee=ann')).toEqual([ada]);
    expect(await idsOf('team=sales&routing=assigned')).toEqual([ada]);
    expect(await idsOf('routing=waiting')).toEqual([bob]);
    expect(await idsOf('team=other')).toEqual([]);
    mustBe(await sales.project.read('/api/leads?routing=lost'), 400);
    expect(await idsOf('routing=waiting&sort=firstSeenAt')).toEqual([bob]);
    expect(await idsOf('team=sales&sort=-lastActivityAt')).toEqual([ada]);
    expect(await idsOf('routing=assigned&assignee=ann&sort=-lastActivityAt')).toEqual([ada]);
    const unsorted = mustBe(await sales.project.read('/api/leads?routing=waiting&sort=-lastActivityAt'), 400);
    expect(unsorted.body.errors).toEqual([
      { pointer: '/sort', detail: expect.stringContaining('name a team or an assignee too') },
    ]);

    const then = app.clock.now().toISOString();
    await sales.wait(1);
    mustBe(await sales.act(ada, 'close', { outcome: 'won', reason: 'Signed' }), 200);
    const of = (leadId: string, query = ''): Promise<Json> => sales.project.get(`/api/leads/${leadId}${query}`);
    expect(await of(ada)).toMatchObject({ routing: 'closed', outcome: 'won', nextAction: 'email' });
    expect(await of(ada)).not.toHaveProperty('assignee');
    expect(await of(bob)).toMatchObject({ routing: 'assigned', assignee: 'ann', team: 'sales' });
    expect(await of(ada, `?asOf=${then}`)).toMatchObject({ routing: 'assigned', assignee: 'ann', nextAction: 'call' });
    expect(await of(bob, `?asOf=${then}`)).toMatchObject({ routing: 'waiting' });
    expect(await of(ada, `?asOfOccurred=${then}`)).not.toHaveProperty('routing');
    const health = mustBe(await app.root('GET', '/api/admin/system-health'), 200).body;
    expect(health.invariants.filter(({ violations }: Json) => violations > 0)).toEqual([]);
  });
});
