import fc from 'fast-check';
import { expect, it } from 'vitest';
import { acceptLead } from '../../src/commands/routing/accept-lead.ts';
import { closeLead } from '../../src/commands/routing/close-lead.ts';
import { declineLead } from '../../src/commands/routing/decline-lead.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { reopenLead } from '../../src/commands/routing/reopen-lead.ts';
import { assignByHand, retryWaiting } from '../../src/flows/route-lead.ts';
import { unassignLead } from '../../src/commands/routing/unassign-lead.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { pool } from '../../src/domain/routing/pool.ts';
import { engineOver, openWith, request, slow } from '../support/engine.ts';
import { projectId, rep, standard, userId } from '../support/facts.ts';
import { perhaps, persistently } from '../support/racing.ts';
import { owners, qualify, react, rosterChanges, routingWrongs, withReps } from '../support/routing.ts';

const people = Array.from({ length: 20 }, (_, index) => `u${index}`);
const leadOf = (person: string): string => leadIdOf(projectId, userId(person));
const reps = ['ada', 'bob', 'cyd'];

it('No rep ever gets more than it has room for, however many leads qualify and are assigned by hand at once from two processes', async () => {
  const chosen = fc.record({ who: fc.constantFrom(...people), repId: fc.constantFrom(...reps) });
  const story = fc.record({
    turns: fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
    before: fc.array(chosen, { maxLength: 3 }),
    byHand: fc.array(chosen, { maxLength: 20 }),
    capacities: fc.tuple(
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 0, max: 6 }),
    ),
    perDay: fc.integer({ min: 1, max: 6 }),
  });
  /** The only lead that cyd may have today is taken from it at once. */
  const takenFromCyd = {
    turns: fc.stream([0].values()),
    before: ['cyd', 'ada'].map((repId) => ({ who: 'u0', repId })),
    byHand: [],
    capacities: [1, 0, 6] as [number, number, number],
    perDay: 1,
  };
  await fc.assert(
    fc.asyncProperty(story, async ({ turns, before, byHand, capacities, perDay }) => {
      const store = await openWith(standard);
      const [a = 0, b = 0, c = 0] = capacities;
      await withReps(engineOver(store), [
        { capacity: a },
        { repId: 'bob', capacity: b, weight: 3 },
        { repId: 'cyd', capacity: c, perDay },
      ]);
      const delay = (): number => turns.next().value ?? 0;
      const two = [engineOver(slow(store, delay)), engineOver(slow(store, delay))] as const;
      const either = (index: number): Engine => two[index % 2] ?? two[0];
      const assigned = (index: number, { who, repId }: (typeof byHand)[number]): Promise<void> => {
        const asked = { projectId, leadId: leadOf(who), repId, reason: 'Asked' };
        return perhaps(assignByHand(either(index), asked, request(`hand-${index}`)));
      };
      for (const [index, each] of before.entries()) {
        await qualify(either(index), each.who);
        await assigned(index, each);
      }
      await Promise.all([
        ...people.map((each, index) => perhaps(qualify(either(index), each))),
        ...byHand.map((each, index) => assigned(before.length + index, each)),
        ...two.map((engine) => persistently(() => react(engine, store))),
      ]);
      await react(engineOver(store), store);
      expect(await routingWrongs(store)).toEqual([]);
      const found = await owners(engineOver(store), people.map(leadOf));
      const waiting = found.filter((each) => each === 'waiting').length;
      expect(found.filter((each) => reps.includes(each)).length + waiting).toBe(people.length);
      // A lead that somebody takes from cyd by hand has counted in its day: how many wait is no matter of the capacities alone.
      const { open, taken } = (await engineOver(store).states.refresh(pool, projectId)).state;
      const room = reps.map((repId, index) => (capacities[index] ?? 0) - (open.get(repId) ?? 0));
      const [ofAda = 0, ofBob = 0, ofCyd = 0] = room;
      const left = ofAda + ofBob + Math.min(ofCyd, perDay - (taken.get('cyd')?.today ?? 0));
      expect(waiting === 0 ? 0 : left).toBe(0);
      await store.close();
    }),
    { numRuns: 15, examples: [[takenFromCyd]] },
  );
});

const action = fc.oneof(
  fc.record({ kind: fc.constantFrom('accept', 'decline', 'unassign', 'lost', 'disqualified', 'reopen') }),
  fc.record({ kind: fc.constant('assign' as const), repId: fc.constantFrom(...reps) }),
  fc.record({
    kind: fc.constant('rep' as const),
    repId: fc.constantFrom(...reps),
    status: fc.constantFrom('active' as const, 'away' as const, 'left' as const),
  }),
  fc.record({ kind: fc.constantFrom('retry' as const, 'react' as const) }),
);

it('Whatever happens to leads and reps, in any order and at once: no lead is lost, and places, leads and work items agree', async () => {
  const some = people.slice(0, 6);
  const story = fc.record({
    turns: fc.infiniteStream(fc.integer({ min: 0, max: 2 })),
    actions: fc.array(fc.tuple(fc.constantFrom(...some), action), { maxLength: 25 }),
  });
  await fc.assert(
    fc.asyncProperty(story, async ({ turns, actions }) => {
      const store = await openWith(standard);
      await withReps(engineOver(store), [
        { capacity: 1 },
        { repId: 'bob', capacity: 2 },
        { repId: 'cyd', capacity: 1 },
      ]);
      const delay = (): number => turns.next().value ?? 0;
      const two = [engineOver(slow(store, delay)), engineOver(slow(store, delay))] as const;
      for (const each of some) await qualify(two[0], each);
      const take = async (who: string, index: number, what: (typeof actions)[number][1]): Promise<unknown> => {
        const engine = two[index % 2] ?? two[0];
        const { handle } = engine;
        const [of, asked] = [{ projectId, leadId: leadOf(who) }, request(`action-${index}`)];
        switch (what.kind) {
          case 'accept':
            return handle(acceptLead, of, asked);
          case 'decline':
            return handle(declineLead, { ...of, reason: 'Busy' }, asked);
          case 'unassign':
            return handle(unassignLead, { ...of, reason: '' }, asked);
          case 'lost':
          case 'disqualified':
            return handle(closeLead, { ...of, outcome: what.kind, reason: '' }, asked);
          case 'reopen':
            return handle(reopenLead, { ...of, reason: '' }, asked);
          case 'retry':
            return retryWaiting(engine, projectId, asked);
          case 'react':
            return react(engine, store);
          default:
            if ('status' in what)
              return rosterChanges(engine, `rep-${index}`, {
                type: 'RepChanged',
                data: rep({ repId: what.repId, capacity: what.repId === 'bob' ? 2 : 1, status: what.status }),
              });
            return 'repId' in what ? assignByHand(engine, { ...of, repId: what.repId, reason: '' }, asked) : undefined;
        }
      };
      await Promise.all([
        ...actions.map(([who, what], index) => perhaps(take(who, index, what))),
        ...two.map((engine) => persistently(() => react(engine, store))),
      ]);
      await react(engineOver(store), store);
      expect(await routingWrongs(store)).toEqual([]);
      await store.close();
    }),
    { numRuns: 40 },
  );
});
