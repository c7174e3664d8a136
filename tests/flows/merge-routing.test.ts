import { describe, expect, it } from 'vitest';
import { acceptLead } from '../../src/commands/routing/accept-lead.ts';
import { capture } from '../../src/flows/capture.ts';
import { closeLead } from '../../src/commands/routing/close-lead.ts';
import { declineLead } from '../../src/commands/routing/decline-lead.ts';
import { mindResponse } from '../../src/commands/routing/mind-response.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { reopenLead } from '../../src/commands/routing/reopen-lead.ts';
import { assignByHand } from '../../src/flows/route-lead.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import type { Ownership } from '../../src/domain/routing/ownership.ts';
import type { Outcome } from '../../src/domain/routing/ownership-events.ts';
import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import type { RoutedLead } from '../../src/projections/routed-leads.ts';
import { routedLeads } from '../../src/projections/routed-leads.ts';
import { breaking, allFacts, engineOver, openWith, request } from '../support/engine.ts';
import { activity, idOf, projectId, standard, userId } from '../support/facts.ts';
import { noon } from '../support/noon.ts';
import { owners, qualify, react, routingWrongs, withReps } from '../support/routing.ts';

const people = { older: userId('older'), younger: { kind: 'anonymousId' as const, value: 'younger' } };
type Who = keyof typeof people;
const leadIds = { older: idOf(people.older), younger: idOf(people.younger) };
const of = (who: Who) => ({ projectId, leadId: leadIds[who] });
const other: Readonly<Record<Who, Who>> = { older: 'younger', younger: 'older' };

/** Two leads, who of them is the older one, in a project with two reps. */
const openTwo = async (reps = [{}, { repId: 'bob' }]) => {
  const store = await openWith(standard);
  const time = { at: noon.getTime() };
  const clock = () => new Date(time.at);
  const engine = engineOver(store, { clock });
  await withReps(engine, reps);
  let asked = 0;
  const next = () => request(`asked-${(asked += 1)}`);
  const did = (who: Who, eventType: string) =>
    capture(
      engine,
      projectId,
      [{ identifiers: [people[who]], activity: activity({ eventId: `e${(asked += 1)}`, eventType }), exactTime: true }],
      next(),
    );
  const settle = () => react(engine, store);
  const ownershipOf = async (who: Who): Promise<Ownership> =>
    (await engine.states.refresh(lead, `${projectId}.${leadIds[who]}`)).state.ownership;
  await did('older', 'page_view');
  time.at += 1_000;
  await did('younger', 'page_view');
  return {
    store,
    engine,
    settle,
    ownershipOf,
    next,
    wait: (minutes: number) => void (time.at += minutes * 60_000),
    /** Somebody signs, and gets a rep. */
    sign: async (who: Who, repId?: string) => {
      await did(who, 'contract_signed');
      await settle();
      if (repId !== undefined) await assignByHand(engine, { ...of(who), repId, reason: '' }, next());
      await settle();
    },
    close: async (who: Who, outcome: Outcome) => {
      await engine.handle(closeLead, { ...of(who), outcome, reason: 'Said so', value: 900 }, next());
      await settle();
    },
    decline: async (who: Who) => {
      await engine.handle(declineLead, { ...of(who), reason: 'Busy' }, next());
      await settle();
    },
    /** The two turn out to be one. */
    join: (by: Engine = engine) =>
      capture(
        by,
        projectId,
        [{ identifiers: [people.older, people.younger], activity: activity({ eventId: 'join' }), exactTime: true }],
        request('join'),
      ),
    factsOf: async (who: Who): Promise<readonly Recorded[]> =>
      (await allFacts(store)).filter(({ stream }) => stream === `lead-${projectId}.${leadIds[who]}`),
  };
};
type Two = Awaited<ReturnType<typeof openTwo>>;

/** What the report says of the lead that is left. */
const reported = async ({ store }: Two): Promise<readonly RoutedLead[]> => {
  const docs = new Map<string, RoutedLead>();
  for (const fact of await allFacts(store)) {
    for (const { project, id } of routedLeads.keys(fact as never)) {
      const doc = routedLeads.evolve(docs.get(id), fact as never, { project, id });
      if (doc) docs.set(id, doc);
      else docs.delete(id);
    }
  }
  return [...docs.values()];
};

const outcome = (two: Two) =>
  two.ownershipOf('older').then(({ status, outcome: became, repId }) => [status, became, repId]);

describe('Of two leads that turn out to be one', () => {
  it.each<[Who, Outcome]>([
    ['older', 'won'],
    ['younger', 'won'],
    ['older', 'disqualified'],
    ['younger', 'disqualified'],
  ])('when the %s was closed as %s and the other is worked on, what is left is closed so', async (closed, became) => {
    const two = await openTwo();
    await two.sign(closed, 'ada');
    await two.sign(other[closed], 'bob');
    await two.close(closed, became);
    await two.join();
    await two.settle();
    expect(await outcome(two)).toEqual(['closed', became, 'ada']);
    expect(await reported(two)).toMatchObject([{ leadId: leadIds.older, state: became, repId: 'ada' }]);
    expect(await routingWrongs(two.store)).toEqual([]);
    await two.store.close();
  });

  it.each<[Who, Outcome]>([
    ['older', 'lost'],
    ['younger', 'lost'],
    ['younger', 'won'],
    ['younger', 'disqualified'],
  ])(
    'when the %s was closed as %s and the other never qualified, what is left is closed so, and says all of it',
    async (closed, became) => {
      const two = await openTwo();
      await two.sign(closed, 'ada');
      await two.close(closed, became);
      await two.join();
      await two.settle();
      expect(await outcome(two)).toEqual(['closed', became, 'ada']);
      expect((await two.ownershipOf('older')).closed).toEqual({
        outcome: became,
        reason: 'Said so',
        repId: 'ada',
        teamId: 'sales',
        value: 900,
        closedAt: '2026-03-10T12:00:01.000Z',
      });
      expect(await reported(two)).toMatchObject([{ state: became, repId: 'ada' }]);
      // Reopened, it goes to who had it, and a disqualified one does not come back by itself.
      await two.engine.handle(reopenLead, { ...of('older'), reason: '' }, two.next());
      await two.settle();
      expect(await owners(two.engine, [leadIds.older])).toEqual(['ada']);
      await two.store.close();
    },
  );

  it.each<[Outcome, Outcome, Outcome]>([
    ['lost', 'won', 'won'],
    ['won', 'lost', 'won'],
    ['disqualified', 'lost', 'disqualified'],
    ['lost', 'disqualified', 'disqualified'],
    ['disqualified', 'won', 'won'],
    ['won', 'disqualified', 'won'],
  ])('when the older was closed as %s and the younger as %s, what is left is closed as %s', async (a, b, expected) => {
    const two = await openTwo();
    await two.sign('older', 'ada');
    await two.sign('younger', 'bob');
    await two.close('older', a);
    await two.close('younger', b);
    await two.join();
    await two.settle();
    expect(await outcome(two)).toEqual(['closed', expected, a === expected ? 'ada' : 'bob']);
    expect(await reported(two)).toMatchObject([{ state: expected, repId: a === expected ? 'ada' : 'bob' }]);
    await two.store.close();
  });

  it.each<[Who]>([['older'], ['younger']])(
    'when the %s was lost and somebody works on the other, that goes on',
    async (closed) => {
      const two = await openTwo();
      await two.sign(closed, 'ada');
      await two.sign(other[closed], 'bob');
      await two.close(closed, 'lost');
      await two.join();
      await two.settle();
      expect(await outcome(two)).toEqual(['assigned', undefined, 'bob']);
      expect(await routingWrongs(two.store)).toEqual([]);
      await two.store.close();
    },
  );

  it('a disqualified one is not routed again when the two together qualify', async () => {
    const two = await openTwo();
    await two.close('younger', 'disqualified');
    await two.sign('older');
    await two.join();
    await two.settle();
    expect(await outcome(two)).toEqual(['closed', 'disqualified', 'ada']);
    await two.store.close();
  });

  it.each<[string, Who]>([
    ['older', 'older'],
    ['younger', 'younger'],
  ])('a rep who declined the %s does not get what is left, when nobody else has room either', async (_, declined) => {
    const two = await openTwo();
    await two.sign(declined, 'ada');
    await two.decline(declined);
    expect(await owners(two.engine, [leadIds[declined]])).toEqual(['bob']);
    await two.join();
    await two.settle();
    expect(await owners(two.engine, [leadIds.older])).toEqual(['bob']);
    await two.decline('older');
    expect(await owners(two.engine, [leadIds.older])).toEqual(['waiting']);
    await two.store.close();
  });

  it('who has the one keeps it, also after declining the other, which was lost', async () => {
    const two = await openTwo();
    await two.sign('older', 'ada');
    await two.decline('older');
    await two.close('older', 'lost');
    await two.sign('younger', 'ada');
    await two.join();
    await two.settle();
    expect(await owners(two.engine, [leadIds.older])).toEqual(['ada']);
    await two.store.close();
  });

  it('the rep of the merged one, who declined the other, does not keep it', async () => {
    const two = await openTwo([{}]);
    await two.sign('older', 'ada');
    await two.decline('older');
    await two.sign('younger', 'ada');
    expect(await owners(two.engine, [leadIds.older, leadIds.younger])).toEqual(['waiting', 'ada']);
    await two.join();
    await two.settle();
    expect(await owners(two.engine, [leadIds.older])).toEqual(['waiting']);
    expect(await routingWrongs(two.store)).toEqual([]);
    await two.store.close();
  });

  it('the deadline of the merged one goes on, with what was said of it', async () => {
    const two = await openTwo();
    await two.sign('younger', 'ada');
    const { plan: before } = await two.ownershipOf('younger');
    two.wait(25);
    await two.engine.handle(mindResponse, { ...of('younger'), decision: before?.decision ?? 0, taken: 0 }, two.next());
    await two.join();
    await two.settle();
    const { plan, repId, assignedAt, decision } = await two.ownershipOf('older');
    expect(repId).toBe('ada');
    expect(plan).toEqual({ ...before, atRisk: true, decision });
    expect(assignedAt).toBe('2026-03-10T12:00:01.000Z');
    two.wait(1);
    const accepted = await two.engine.handle(acceptLead, of('older'), two.next());
    expect(accepted.events).toMatchObject([{ type: 'LeadAccepted', data: { tookMs: 26 * 60_000 } }]);
    await two.store.close();
  });

  it('what the rep of the merged one accepted stays accepted, and no reply is waited for', async () => {
    const two = await openTwo();
    await two.sign('younger', 'bob');
    await two.engine.handle(acceptLead, of('younger'), two.next());
    const before = await two.ownershipOf('younger');
    two.wait(10);
    await two.join();
    await two.settle();
    const { status, repId, acceptedAt, plan } = await two.ownershipOf('older');
    expect({ status, repId, acceptedAt, plan }).toEqual({
      status: 'assigned',
      repId: 'bob',
      acceptedAt: before.acceptedAt,
      plan: undefined,
    });
    expect((await two.engine.handle(acceptLead, of('older'), two.next())).events).toEqual([]);
    await two.store.close();
  });

  it('the decisions of all that were merged, one into the other, are part of the history of what is left', async () => {
    const two = await openTwo();
    await two.sign('younger', 'ada');
    const third = await qualify(two.engine, 'third');
    await two.settle();
    await two.join();
    await two.settle();
    const { histories } = await two.ownershipOf('older');
    expect(histories).toEqual([leadIds.younger]);
    expect(third).not.toBe('');
    await two.store.close();
  });
});

describe('Whoever completes a merge that died half-way', () => {
  const story = async (store?: (inner: EventStore) => EventStore) => {
    const two = await openTwo();
    await two.sign('older', 'bob');
    await two.sign('younger', 'ada');
    await two.close('younger', 'won');
    const dying = store ? engineOver(store(two.store), { clock: two.engine.clock }) : two.engine;
    await two.join(dying).catch(() => undefined);
    await two.join();
    await two.settle();
    await two.settle();
    const [end, wrongs, said] = [await outcome(two), await routingWrongs(two.store), await reported(two)];
    const closings = (await two.factsOf('older')).filter(({ type }) => type === 'LeadClosed').length;
    await two.store.close();
    return { end, wrongs, said: said.map(({ state, repId }) => [state, repId]), closings };
  };

  it('comes to the same, and closes once, wherever it died', async () => {
    const whole = await story();
    expect(whole).toEqual({ end: ['closed', 'won', 'ada'], wrongs: [], said: [['won', 'ada']], closings: 1 });
    for (const when of ['before', 'after'] as const) {
      for (const nth of [1, 2, 3]) expect(await story((inner) => breaking(inner, nth, when).store)).toEqual(whole);
    }
  });
});
