import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { activityOf, eventIdsOf } from '../../src/domain/lead/activities.ts';
import type { Capture } from '../../src/flows/capture-groups.ts';
import type { Captured } from '../../src/flows/capture.ts';
import { capture } from '../../src/flows/capture.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { completeMerge } from '../../src/flows/merge.ts';
import { findLead, findLeadBy } from '../../src/flows/resolve.ts';
import type { Identifier } from '../../src/domain/identity/identity.ts';
import { identifierKey } from '../../src/domain/identity/identity.ts';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import { leadLimits } from '../../src/domain/lead/lead-limits.ts';
import type { LeadState } from '../../src/domain/lead/lead.ts';
import { leadStreamId } from '../../src/domain/streams.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { allFacts, engineOver, openWith, request } from '../support/engine.ts';
import {
  activity,
  activityRecorded,
  anonymousId,
  email,
  idOf,
  leadAbsorbed,
  leadCaptured,
  leadMerged,
  linkRefused,
  projectId,
  standard,
  userId,
} from '../support/facts.ts';
import { wrongsIn } from '../support/outcome.ts';

const metadata = { commandId: 'before', correlationId: 'test', causationId: 'before' };

/** Puts facts into the log as somebody recorded them before. */
const recorded = async (store: EventStore, identifier: Identifier, facts: readonly LeadEvent[]): Promise<void> => {
  const stream = `lead-${leadStreamId(projectId, idOf(identifier))}`;
  const events = facts.map((fact, place) => ({ ...fact, id: `${idOf(identifier)}-${place}`, metadata }));
  await store.append(stream, -1, events);
};

/** A lead that has absorbed another, which had so many identifiers and merges, and with a trait so long, all in the past. */
const large = (
  identifier: Identifier,
  { identifiers = 0, leads = 0, depth = 0, trait = 0, day = 1 },
): readonly LeadEvent[] => [
  leadCaptured({ identifier, leadId: idOf(identifier), capturedAt: `2026-01-0${day}T00:00:00.000Z` }),
  leadAbsorbed({
    from: idOf(anonymousId(`from ${identifier.value}`)),
    identifiers: Array.from({ length: identifiers }, (_, place) => anonymousId(`${identifier.value}-${place}`)),
    activities: [activity({ eventId: `from ${identifier.value}`, traits: { [identifier.value]: 'x'.repeat(trait) } })],
    merges: { leads, depth },
  }),
];

const { identifiers: most, mergedLeads, mergeDepth, profileBytes, traits } = leadLimits;

const nearlyFull = [
  [userId('u0'), large(userId('u0'), { identifiers: most - 4, trait: profileBytes - 40, day: 1 })],
  [email('e0'), large(email('e0'), { leads: mergedLeads - 3, day: 2 })],
  [anonymousId('a0'), large(anonymousId('a0'), { identifiers: 2, depth: mergeDepth - 2, day: 3 })],
] as const;

const opened = async (): Promise<EventStore> => {
  const store = await openWith(standard);
  for (const [identifier, facts] of nearlyFull) await recorded(store, identifier, facts);
  return store;
};

const userIds = [0, 1].map((n) => userId(`u${n}`));
const emails = [0, 1, 2].map((n) => email(`e${n}`));
const devices = [0, 1, 2, 3, 4, 5].map((n) => anonymousId(`a${n}`));
const everyone = [...userIds, ...emails, ...devices];

const named = fc
  .tuple(...[userIds, emails, devices].map((all) => fc.option(fc.constantFrom(...all), { nil: undefined })))
  .map((all) => all.filter((each) => each !== undefined))
  .filter((all) => all.length > 0);

/** Batches of activities, each with an event id of its own and some with traits, that come one after the other or at once. */
const traffic = fc.record({
  batches: fc.array(fc.array(fc.record({ named, trait: fc.nat(40) }), { minLength: 1, maxLength: 5 }), {
    maxLength: 8,
  }),
  atOnce: fc.boolean(),
});

const [u0, e0, e1, e2, a0, a1] = [
  userId('u0'),
  email('e0'),
  email('e1'),
  email('e2'),
  anonymousId('a0'),
  anonymousId('a1'),
];

const does = (...identifiers: readonly Identifier[]) => ({ named: identifiers, trait: 0 });

/** A lead has room for one more again when the second activity of the first batch is looked at, and had none when the first was. */
const roomMeanwhile = {
  batches: [[does(u0, e1), does(u0, e1, a0)], [does(e0, a0), does(a0)], [does(u0, a1)], [does(u0, e2, a1)]],
  atOnce: true,
};

const capturesOf = (batches: readonly (readonly { named: readonly Identifier[]; trait: number }[])[]) =>
  batches.map((batch, at) =>
    batch.map(({ named: [first = userId(), ...others], trait }, place): Capture => {
      const eventId = `${at}-${place}`;
      const told = { [`t${trait % 3}`]: 'y'.repeat(trait) };
      return {
        identifiers: [first, ...others],
        activity: activity({ eventId, ...(trait > 9 && { traits: told }) }),
        exactTime: true,
      };
    }),
  );

const leadsOf = async (store: EventStore): Promise<readonly LeadState[]> => {
  const { states } = engineOver(store);
  const found = await Promise.all(everyone.map((each) => findLeadBy(states, projectId, each)));
  return found.flatMap((each) => (each ? [each.lead.state] : []));
};

/** What was recorded that names an identifier, in order. */
const toldOf = async (store: EventStore, { value }: Identifier): Promise<readonly string[]> => {
  const facts = (await allFacts(store)) as readonly (LeadEvent & { stream: string })[];
  return facts.flatMap(({ type, data }) => ('identifier' in data && data.identifier?.value === value ? [type] : []));
};

const send = async (engine: Engine, batches: readonly (readonly Capture[])[], atOnce: boolean, name: string) => {
  const one = (batch: readonly Capture[], at: number) => capture(engine, projectId, batch, request(`${name}-${at}`));
  if (atOnce) return (await Promise.all(batches.map(one))).flat();
  const answers: Captured[] = [];
  for (const [at, batch] of batches.entries()) answers.push(...(await one(batch, at)));
  return answers;
};

describe('Leads that are as large as they may be', () => {
  it('grow no further and lose nothing, whatever comes in which order, and a retry is a duplicate', async () => {
    await fc.assert(
      fc.asyncProperty(traffic, async ({ batches, atOnce }) => {
        const store = await opened();
        const engine = engineOver(store);
        const captures = capturesOf(batches);
        const answers = await send(engine, captures, atOnce, 'first');
        expect(answers.map(({ status }) => status)).toEqual(captures.flat().map(() => 'queued'));

        for (const state of await leadsOf(store)) {
          expect(state.identifiers.size).toBeLessThanOrEqual(most);
          expect(state.merges.leads).toBeLessThanOrEqual(mergedLeads);
          if (!atOnce) expect(state.merges.depth).toBeLessThanOrEqual(mergeDepth);
          expect(state.profile.size).toBeLessThanOrEqual(traits);
          expect(state.profileBytes).toBeLessThanOrEqual(profileBytes);
        }
        const fresh = engineOver(store);
        for (const { leadId, eventId } of answers) {
          const found = await findLead(fresh.states, projectId, leadId);
          expect(found && activityOf(found.lead.state.activities, eventId)).toBeDefined();
        }
        expect(await wrongsIn(store)).toEqual([]);

        const before = await allFacts(store);
        const again = await send(fresh, captures, false, 'again');
        expect(again.map(({ status, conflict }) => [status, conflict])).toEqual(
          answers.map(() => ['duplicate', undefined]),
        );
        // A lead tells once what was refused, also one that an activity came to by a merge since.
        const more = (await allFacts(store)).slice(before.length).map(({ type }) => type);
        if (!atOnce) expect(more.filter((type) => type !== 'LinkRefused')).toEqual([]);
        await store.close();
      }),
      // Who is first differs from one time to the next.
      { numRuns: 25, examples: Array.from({ length: 5 }, () => [roomMeanwhile] as const) },
    );
  }, 120_000);

  it('take no more identifiers of one batch than they have room for, and say which are refused', async () => {
    const store = await openWith(standard);
    const batch = Array.from({ length: most + 2 }, (_, n): Capture => ({
      identifiers: [userId(), anonymousId(`d${n}`)],
      activity: activity({ eventId: `d${n}` }),
      exactTime: true,
    }));
    const answers = await capture(engineOver(store), projectId, batch, request('batch'));
    const refused = answers.flatMap((each) => each.refused ?? []);
    expect(refused.map(({ identifier: { value }, limit }) => [value, limit])).toEqual([
      [`d${most - 1}`, 'identifiers'],
      [`d${most}`, 'identifiers'],
      [`d${most + 1}`, 'identifiers'],
    ]);
    const facts = await allFacts(store);
    expect(facts.filter(({ type }) => type === 'LinkRefused')).toHaveLength(3);
    expect(facts.filter(({ type }) => type === 'ActivityRecorded')).toHaveLength(most + 2);
    await store.close();
  });

  it('are not made larger by many merges at once, each of which would be small enough', async () => {
    const store = await openWith(standard);
    const chain = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => email(`e${n}`));
    for (const [place, each] of chain.entries())
      await recorded(store, each, large(each, { identifiers: 399, day: place + 1 }));
    const batch = chain.slice(1).map((each, place): Capture => ({
      identifiers: [each, anonymousId(`e${place + 1}-7`)],
      activity: activity({ eventId: `pair-${place}` }),
      exactTime: true,
    }));
    // What leads to the other lead of each pair.
    for (const each of chain)
      await recorded(store, anonymousId(`${each.value}-7`), [
        leadMerged({ into: idOf(each), identifier: anonymousId(`${each.value}-7`) }),
      ]);
    const answers = await capture(engineOver(store), projectId, batch, request('pairs'));
    expect(answers.map(({ status }) => status)).toEqual(batch.map(() => 'queued'));
    const { states } = engineOver(store);
    const sizes = new Map<string, number>();
    for (const each of chain) {
      const found = await findLeadBy(states, projectId, each);
      if (found) sizes.set(found.leadId, found.lead.state.identifiers.size);
    }
    expect(Math.max(...sizes.values())).toBeLessThanOrEqual(most);
    // Some were merged, two by two, and nobody was lost.
    expect(sizes.size).toBeLessThan(chain.length);
    expect([...sizes.values()].reduce((sum, size) => sum + size)).toBe(8 * 400);
    await store.close();
  });

  it('record what a refused identifier does by itself on a lead of its own', async () => {
    const store = await opened();
    const engine = engineOver(store);
    const one = async (eventId: string, ...[first = userId(), ...others]: readonly Identifier[]) =>
      (
        await capture(
          engine,
          projectId,
          [{ identifiers: [first, ...others], activity: activity({ eventId }), exactTime: true }],
          request(eventId),
        )
      )[0];
    for (const name of ['x', 'y', 'z']) await one(name, userId('u0'), anonymousId(name));
    expect(await one('more', userId('u0'), anonymousId('w'))).toMatchObject({
      leadId: idOf(userId('u0')),
      refused: [{ identifier: anonymousId('w'), leadId: idOf(anonymousId('w')) }],
    });
    expect(await one('own', anonymousId('w'))).toMatchObject({ leadId: idOf(anonymousId('w')) });
    expect(await one('stronger', email('new'), anonymousId('x'))).toMatchObject({
      leadId: idOf(email('new')),
      refused: [{ identifier: anonymousId('x'), leadId: idOf(userId('u0')) }],
    });
    await store.close();
  });

  describe('when others stop what they were linking', () => {
    const devices = ['x', 'y', 'z'].map((name) => anonymousId(name));
    const batch = [[u0, e1] as const, [u0, e1, a0] as const].map((identifiers, place): Capture => ({
      identifiers: [...identifiers],
      activity: activity({ eventId: `b${place}` }),
      exactTime: true,
    }));
    const refusedIn = (answers: readonly Captured[]) =>
      answers.map(({ refused = [] }) => refused.map(({ identifier }) => identifier.value));

    /** A lead with room for as many devices as others are linking to it, and who begins and stops that. */
    const filling = async () => {
      const store = await opened();
      onTestFinished(() => store.close());
      const engine = engineOver(store);
      const begin = () => engine.links.begin(idOf(u0), devices.map(identifierKey));
      return { store, engine, begin };
    };

    it('note what they refused for one activity of a batch and linked for the next one', async () => {
      const { store, engine, begin } = await filling();
      const others = begin();
      // Both activities have a turn to be linked, and then both have one for where that led to.
      let turns = 0;
      const yieldToOthers = async () => void (++turns === 4 && engine.links.end(others));
      const answers = await capture({ ...engine, yieldToOthers }, projectId, batch, request('batch'));

      expect([turns, refusedIn(answers)]).toEqual([4, [[], ['a0']]]);
      expect(await toldOf(store, e1)).toEqual(['LeadMerged', 'IdentifierAdded']);
      expect(await wrongsIn(store)).toEqual([]);
    });

    it('note what they linked when a request comes again that was refused it', async () => {
      const { store, engine, begin } = await filling();
      const others = begin();
      const first = await capture(engine, projectId, batch, request('batch'));
      expect(refusedIn(first)).toEqual([['e1'], ['e1', 'a0']]);
      engine.links.end(others);

      const again = await capture(engine, projectId, batch, request('batch'));
      expect(refusedIn(again)).toEqual([[], ['a0']]);
      expect(await toldOf(store, e1)).toEqual(['LinkRefused', 'LeadMerged', 'IdentifierAdded']);
      expect(await wrongsIn(store)).toEqual([]);
    });
  });

  it('take in what leads to them already, however full they are and whatever they refused', async () => {
    const store = await openWith(standard);
    const full = [
      ...large(u0, { identifiers: most - 1 }),
      linkRefused({ identifier: e1, leadId: idOf(e1), limit: 'identifiers' }),
    ];
    await recorded(store, u0, full);
    await recorded(store, e1, [leadMerged({ into: idOf(u0), identifier: e1 })]);
    const { states } = engineOver(store);
    expect((await findLeadBy(states, projectId, e1))?.lead.state.identifiers.size).toBe(most);
    expect(await wrongsIn(store)).toHaveLength(1);

    // Twice, and from two processes at once.
    const complete = (name: string) => completeMerge(engineOver(store), { projectId, from: idOf(e1) }, request(name));
    await Promise.all([complete('one'), complete('other')]);
    await complete('again');
    expect(await toldOf(store, e1)).toEqual(['LinkRefused', 'LeadMerged', 'IdentifierAdded']);
    expect(await wrongsIn(store)).toEqual([]);
    await store.close();
  });

  it('are completed where a merge was begun before there was a limit', async () => {
    const store = await openWith(standard);
    await recorded(store, userId('u0'), large(userId('u0'), { identifiers: 2 * most }));
    const gone = [
      ...large(email('e0'), { identifiers: 50, trait: 2 * profileBytes, day: 2 }),
      activityRecorded(activity({ eventId: 'last' })),
      leadMerged({ into: idOf(userId('u0')) }),
    ];
    await recorded(store, email('e0'), gone);
    const engine = engineOver(store);
    await completeMerge(engine, { projectId, from: idOf(email('e0')) }, request('complete'));
    const state = (await findLeadBy(engine.states, projectId, email('e0')))?.lead.state;
    expect({ leadId: state?.leadId, identifiersCount: state?.identifiers.size }).toEqual({
      leadId: idOf(userId('u0')),
      identifiersCount: 2 * most + 52,
    });
    expect((state ? eventIdsOf(state.activities) : []).sort()).toEqual(['from e0', 'from u0', 'last']);
    // The trait for which there is no room stays with the merged lead's own facts, and its name with the activity.
    expect(state && activityOf(state.activities, 'from e0')?.traitsLeftOut).toEqual(['e0']);
    await store.close();
  });
});
