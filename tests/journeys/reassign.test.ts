import { describe, expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { salesOf } from '../support/sales.ts';

/** Each test has a project of its own, and leaves the clock alone. */
const shared = appOfFile();

const openSales = async (app: Parameters<typeof salesOf>[0]) => {
  const sales = await salesOf(app);
  await sales.team('sales');
  await sales.rep('ann');
  await sales.publish('routing-rules', { defaultTeam: 'sales' });
  const leads: string[] = [];
  for (const userId of ['ada', 'bob', 'cyd']) leads.push(await sales.qualify({ userId }));
  const ownersOf = async () => {
    const all = await sales.project.all('/api/leads');
    return leads.map((leadId) => all.find((each: Json) => each.leadId === leadId)?.assignee);
  };
  const reassign = async (repId: string, body: object = {}) => {
    const answer = await sales.post(`${sales.path}/reps/${repId}/reassign`, body);
    await app.settled();
    return answer;
  };
  return { sales, leads, ownersOf, reassign };
};

describe('The leads of a rep who leaves', () => {
  it('are handed on by the rules, once they are tried, and no more than once', async () => {
    const app = shared();
    const { sales, leads, ownersOf, reassign } = await openSales(app);
    await sales.rep('ben');
    await sales.change('ann', { status: 'left' });
    const before = await app.head();
    const tried = mustBe(await reassign('ann', { dryRun: true }), 200).body;
    expect(tried).toEqual({ repId: 'ann', dryRun: true, leads: leads.map((leadId) => ({ leadId })), left: 3 });
    expect({ appHead: await app.head(), owners: await ownersOf() }).toEqual({
      appHead: before,
      owners: ['ann', 'ann', 'ann'],
    });

    expect(mustBe(await reassign('ann'), 200).body).toMatchObject({ dryRun: false, left: 0 });
    expect(await ownersOf()).toEqual(['ben', 'ben', 'ben']);
    expect(mustBe(await reassign('ann'), 200).body).toMatchObject({ leads: [], left: 0 });
    expect((await sales.project.get('/api/analytics/routing')).totals).toMatchObject({ assigned: 3, reRouted: 0 });
    const health = mustBe(await app.root('GET', '/api/admin/system-health'), 200).body;
    expect(health.invariants.filter(({ violations }: Json) => violations > 0)).toEqual([]);
  });

  it('are handed on to a rep as far as that has room, as was said when it was tried', async () => {
    const app = shared();
    const { sales, leads, ownersOf, reassign } = await openSales(app);
    await sales.rep('ben', { capacity: 2 });
    const full = [
      { leadId: leads[0] },
      { leadId: leads[1] },
      { leadId: leads[2], kept: expect.stringContaining('ben') },
    ];
    expect((await reassign('ann', { to: 'ben', dryRun: true })).body).toMatchObject({
      to: 'ben',
      leads: full,
      left: 3,
    });
    expect((await reassign('ann', { to: 'ben' })).body).toMatchObject({ to: 'ben', leads: full, left: 1 });
    expect(await ownersOf()).toEqual(['ben', 'ben', 'ann']);
  });

  it('are handed on from and to reps of the project only, by who may', async () => {
    const app = shared();
    const { sales, ownersOf, reassign } = await openSales(app);
    expect((await reassign('zoe')).body).toMatchObject({ status: 404, code: 'member-unknown' });
    expect((await reassign('ann', { to: 'zoe' })).body).toMatchObject({ status: 409, code: 'rep-unknown' });
    expect((await reassign('ann', { to: 'ann' })).body.errors).toMatchObject([{ pointer: '/to' }]);
    const other = await salesOf(app, 'Other');
    expect((await other.post(`${other.path}/reps/ann/reassign`)).status).toBe(404);
    const unallowed = await sales.project.request('POST', `${sales.path}/reps/ann/reassign`);
    expect(unallowed.status).toBe(403);
    expect(await ownersOf()).toEqual(['ann', 'ann', 'ann']);
  });
});

describe('A lead that is taken from its rep by hand', () => {
  it('may come back to that rep, unless it is asked that it does not', async () => {
    const app = shared();
    const { sales, leads } = await openSales(app);
    const [lead = ''] = leads;
    mustBe(await sales.act(lead, 'assign', { repId: null, reason: 'A mistake' }), 200);
    expect(await sales.routing(lead)).toMatchObject({ status: 'assigned', repId: 'ann' });
    mustBe(await sales.act(lead, 'assign', { repId: null, reason: 'They know each other', exclude: true }), 200);
    expect(await sales.routing(lead)).toMatchObject({ status: 'waiting' });
  });
});
