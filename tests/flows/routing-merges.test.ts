import fc from 'fast-check';
import { expect, it } from 'vitest';
import { capture } from '../../src/flows/capture.ts';
import { closeLead } from '../../src/commands/routing/close-lead.ts';
import { declineLead } from '../../src/commands/routing/decline-lead.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { reopenLead } from '../../src/commands/routing/reopen-lead.ts';
import { findLead } from '../../src/flows/resolve.ts';
import { assignByHand } from '../../src/flows/route-lead.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { engineOver, openWith, request, slow } from '../support/engine.ts';
import { activity, anonymousId, projectId, standard, userId } from '../support/facts.ts';
import { perhaps, persistently } from '../support/racing.ts';
import { react, routingWrongs, withReps } from '../support/routing.ts';

const people = [0, 1, 2];

/** Each of three people is known by a name and by two devices, which are leads of their own until they meet. */
const known = people.flatMap((n) => [userId(`u${n}`), anonymousId(`a${n}`), anonymousId(`b${n}`)]);

const who = fc.constantFrom(...known);
const action = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('join' as const),
      n: fc.constantFrom(...people),
      device: fc.constantFrom('a', 'b'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('decline' as const, 'close' as const, 'reopen' as const), who }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('assign' as const), who, repId: fc.constantFrom('ada', 'bob') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('react' as const) }) },
);

it('Whichever leads turn out to be one while they are assigned, wait, are declined or closed: each that is left has a rep, waits or is closed', async () => {
  const story = fc.record({
    turns: fc.infiniteStream(fc.integer({ min: 0, max: 2 })),
    room: fc.integer({ min: 0, max: 4 }),
    settled: fc.boolean(),
    actions: fc.array(action, { maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(story, async ({ turns, room, settled, actions }) => {
      const store = await openWith(standard);
      await withReps(engineOver(store), [{ capacity: room }, { repId: 'bob', capacity: 2 }]);
      const delay = (): number => turns.next().value ?? 0;
      const two = [engineOver(slow(store, delay)), engineOver(slow(store, delay))] as const;
      for (const [index, identifier] of known.entries()) {
        const did = activity({ eventId: `deal-${index}`, eventType: 'contract_signed' });
        const captured = [{ identifiers: [identifier] as const, activity: did, exactTime: true }];
        await capture(two[0], projectId, captured, request(`qualify-${index}`));
      }
      if (settled) await react(engineOver(store), store);
      const take = async (engine: Engine, index: number, what: (typeof actions)[number]): Promise<unknown> => {
        const asked = request(`action-${index}`);
        if (what.kind === 'react') return react(engine, store);
        if (what.kind === 'join') {
          const identifiers = [userId(`u${what.n}`), anonymousId(`${what.device}${what.n}`)] as const;
          const did = activity({ eventId: `join-${index}` });
          return capture(engine, projectId, [{ identifiers, activity: did, exactTime: true }], asked);
        }
        const found = await findLead(engine.states, projectId, leadIdOf(projectId, what.who));
        const of = { projectId, leadId: found?.leadId ?? '' };
        if (what.kind === 'assign') return assignByHand(engine, { ...of, repId: what.repId, reason: '' }, asked);
        if (what.kind === 'decline') return engine.handle(declineLead, { ...of, reason: 'Busy' }, asked);
        if (what.kind === 'close') return engine.handle(closeLead, { ...of, outcome: 'lost', reason: '' }, asked);
        return engine.handle(reopenLead, { ...of, reason: '' }, asked);
      };
      await Promise.all([
        ...actions.map((what, index) => perhaps(take(two[index % 2] ?? two[0], index, what))),
        ...two.map((engine) => persistently(() => react(engine, store))),
      ]);
      await react(engineOver(store), store);
      expect(await routingWrongs(store)).toEqual([]);
      await store.close();
    }),
    { numRuns: 30 },
  );
}, 60_000);
