import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import type { PoolEvent } from '../../src/domain/routing/pool.ts';
import { quantileOf, spreadWith } from '../../src/domain/routing/spread.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { project } from '../../src/projections/projection.ts';
import type { RoutedLead } from '../../src/projections/routed-leads.ts';
import { routedLeads } from '../../src/projections/routed-leads.ts';
import type { RoutingCounts } from '../../src/projections/routing-report.ts';
import { failureKindOf, failureKinds, reportId, routingReport } from '../../src/projections/routing-report.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import {
  approvalRequested,
  leadAbsorbed,
  leadAccepted,
  leadAssigned,
  leadCaptured,
  leadClosed,
  leadDeclined,
  leadFreed,
  leadMerged,
  leadPlaced,
  leadQualified,
  leadReopened,
  leadUnassigned,
  projectId,
  responseOverdue,
  responseStepTaken,
  routingFailed,
} from '../support/facts.ts';
import { noon } from '../support/noon.ts';

type Fact = Recorded<LeadEvent | PoolEvent>;

const reps = ['ada', 'bob', 'constructor', '__proto__'] as const;
const teams = ['emea', 'us', 'toString'] as const;
const leadIds = ['l1', 'l2', 'l3'] as const;
const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };

const repId = fc.constantFrom(...reps);
const teamId = fc.constantFrom(...teams);
const decision = fc.integer({ min: 1, max: 6 });
const by = fc.constantFrom('rules' as const, 'hand' as const, 'merge' as const);
const whose = fc.record({ repId, teamId, decision });
const shares = fc.uniqueArray(fc.record({ repId, weight: fc.integer({ min: 0, max: 9 }) }), {
  selector: (share) => share.repId,
  minLength: 1,
  maxLength: 4,
});
const reasons = ['off shift', 'at capacity', "at the day's cap", 'skill: cobol', 'region', 'away', 'constructor'];
const candidates = fc.array(fc.record({ repId, in: fc.constant(false), reason: fc.constantFrom(...reasons) }), {
  maxLength: 4,
});
const outcome = fc.constantFrom('won' as const, 'lost' as const, 'disqualified' as const);

const ofLead: fc.Arbitrary<LeadEvent> = fc.oneof(
  fc.boolean().map((quiet) => leadQualified({ quiet })),
  fc.record({ whose, by }).map((one) => leadAssigned({ ...one.whose, by: one.by })),
  fc.record({ whose, tookMs: fc.nat(10 ** 9) }).map((one) => leadAccepted({ ...one.whose, tookMs: one.tookMs })),
  whose.map((of) => leadDeclined(of)),
  fc.record({ decision, repId }).map((of) => leadUnassigned(of)),
  fc.record({ decision, repId }).map((of) => responseOverdue(of)),
  fc
    .record({ whose, action: fc.constantFrom('notify' as const, 're-route' as const) })
    .map((one) => responseStepTaken({ ...one.whose, action: one.action })),
  candidates.map((some) => routingFailed({ candidates: some })),
  fc.record({ outcome, whose: fc.option(whose) }).map(({ outcome: said, whose: of }) => {
    return leadClosed({ outcome: said, ...(of && { repId: of.repId, teamId: of.teamId }) });
  }),
  fc.record({ outcome, whose }).map(({ outcome: said, whose: of }) => {
    return leadClosed({ outcome: said, repId: of.repId, teamId: of.teamId, from: 'l9' });
  }),
  fc.constantFrom<LeadEvent>(
    ...[approvalRequested(), leadReopened(), leadMerged()],
    leadAbsorbed({ routing: { status: 'assigned', workIds: [] } }),
  ),
);
const ofPool: fc.Arbitrary<PoolEvent> = fc.oneof(
  fc.record({ whose, shares }).map((one) => {
    return leadPlaced({ ...one.whose, rotation: { pool: 'team:emea', shares: one.shares } });
  }),
  whose.map((of) => leadPlaced(of)),
  fc.record({ repId, rotation: fc.option(fc.constant('team:emea')) }).map(({ repId: of, rotation }) => {
    return leadFreed({ repId: of, credit: true, ...(rotation !== null && { rotation }) });
  }),
);

/** Facts of three leads that were captured first, and of the pool: they need not make sense after each other. */
const log: fc.Arbitrary<readonly Fact[]> = fc
  .array(
    fc.oneof(
      fc.record({ event: ofLead, id: fc.constantFrom(...leadIds) }).map(({ event, id }) => {
        return { event, stream: `lead-${projectId}.${id}` };
      }),
      ofPool.map((event) => ({ event, stream: `pool-${projectId}` })),
    ),
    { maxLength: 60, size: 'max' },
  )
  .map((some) => {
    const captured = leadIds.map((id) => ({ event: leadCaptured(), stream: `lead-${projectId}.${id}` }));
    const revisions = new Map<string, number>();
    return [...captured, ...some].map(({ event, stream }, index) => {
      const revision = (revisions.get(stream) ?? -1) + 1;
      revisions.set(stream, revision);
      return { ...event, id: `f${index}`, metadata, stream, revision, position: index + 1, recordedAt: noon };
    });
  });

/** What both projections make of facts that come in batches of a size, each batch as often as is said. */
const projected = async (facts: readonly Fact[], size: number, times: number) => {
  const readModels = openSqliteReadModels(':memory:');
  await readModels.prepare([routingReport, routedLeads]);
  const [report, routed] = [project(routingReport, readModels), project(routedLeads, readModels)];
  for (let from = 0; from < facts.length; from += size) {
    const events = facts.slice(from, from + size);
    for (let time = 0; time < times; time++) {
      for (const run of [report, routed]) await run({ events, position: events.at(-1)?.position ?? 0 });
    }
  }
  const doc = await readModels.get(projectId, routingReport, reportId);
  const { docs } = await readModels.find(projectId, routedLeads, { where: [], sort: [], limit: 10 });
  await readModels.close();
  return { doc, docs };
};

type DataOf<T extends Fact['type']> = Extract<LeadEvent | PoolEvent, { type: T }>['data'];

const dataOf = <T extends Fact['type']>(facts: readonly Fact[], type: T) =>
  facts.filter((fact) => fact.type === type).map(({ data }) => data as DataOf<T>);

/** The counts of a rep, each by going through all facts once more. */
const recounted = (facts: readonly Fact[], of: string) => {
  const theirs = <D extends { readonly repId?: string | undefined }>(all: readonly D[]) =>
    all.filter((data) => data.repId === of);
  const given = theirs(dataOf(facts, 'LeadAssigned')).filter((data) => data.by !== 'merge');
  const turns = dataOf(facts, 'LeadPlaced').flatMap(({ repId: who, rotation }) =>
    rotation ? [{ who, rotation }] : [],
  );
  const due = turns.map(({ rotation }) => {
    const total = rotation.shares.reduce((sum, { weight }) => sum + weight, 0);
    return total === 0 ? 0 : (rotation.shares.find((share) => share.repId === of)?.weight ?? 0) / total;
  });
  return {
    assigned: given.length,
    byHand: given.filter((data) => data.by === 'hand').length,
    accepted: theirs(dataOf(facts, 'LeadAccepted')).length,
    declined: theirs(dataOf(facts, 'LeadDeclined')).length,
    unassigned: theirs(dataOf(facts, 'LeadUnassigned')).length,
    overdue: theirs(dataOf(facts, 'ResponseOverdue')).length,
    turns: turns.filter(({ who }) => who === of).length,
    givenBack: theirs(dataOf(facts, 'LeadFreed')).filter(({ rotation }) => rotation !== undefined).length,
    expected: expect.closeTo(
      due.reduce((sum, each) => sum + each, 0),
      6,
    ),
  };
};

const countOf = (all: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(all, (each) => each)].map(([each, those]) => [each, those.length]));

/** What is left of a lead by its own aggregate: whose the last decision that it heard of made it, until it was closed without. */
const routedBy = (facts: readonly Fact[], id: string): RoutedLead | undefined => {
  const own = facts.filter(({ stream }) => stream === `lead-${projectId}.${id}`) as readonly Recorded<LeadEvent>[];
  let [state, owner] = [lead.initial, {}];
  for (const fact of own) {
    const before = state.ownership.decision;
    state = lead.evolve(state, fact);
    const { decision: heard, repId: who, teamId: team } = state.ownership;
    if (heard > before) owner = { repId: who, teamId: team };
    if (fact.type === 'LeadClosed' && fact.data.from !== undefined) owner = { repId: who, teamId: team };
    if (fact.type === 'LeadClosed' && fact.data.repId === undefined) owner = {};
  }
  const { status, outcome: became, decision: last } = state.ownership;
  if (status === 'none') return undefined;
  return { leadId: id, state: status === 'closed' ? (became ?? 'closed') : status, decision: last, ...owner };
};

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

describe('The report of routing', () => {
  it('counts what a recount of all facts counts', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (facts) => {
        const { doc } = await projected(facts, 7, 1);
        const assignments = dataOf(facts, 'LeadAssigned');
        for (const of of reps) {
          const counted = doc?.reps.find((each) => each.repId === of);
          if (counted) expect(counted).toMatchObject(recounted(facts, of));
          else expect(Object.values(recounted(facts, of)).slice(0, 8)).toEqual(Array.from({ length: 8 }, () => 0));
          expect(sum(counted?.replies ?? {})).toBe(counted?.accepted ?? 0);
        }
        for (const of of teams) {
          const counted = doc?.teams.find((each) => each.teamId === of);
          const theirs = assignments.filter((data) => data.by !== 'merge' && data.teamId === of).length;
          const taken = dataOf(facts, 'LeadAccepted').filter((data) => data.teamId === of).length;
          expect([counted?.assigned ?? 0, counted?.accepted ?? 0]).toEqual([theirs, taken]);
        }
        expect(doc?.qualifications ?? 0).toBe(dataOf(facts, 'LeadQualified').filter(({ quiet }) => !quiet).length);
        const failures = dataOf(facts, 'RoutingFailed').map((data) => failureKindOf(data.candidates));
        expect(doc?.failures ?? {}).toEqual(countOf(failures));
        const ways = countOf(assignments.map((data) => data.by));
        const { rules, hand, merge }: Partial<RoutingCounts> = doc ?? {};
        expect([rules ?? 0, hand ?? 0, merge ?? 0]).toEqual(['rules', 'hand', 'merge'].map((each) => ways[each] ?? 0));
      }),
      { numRuns: 150 },
    );
  });

  it('is the same when batches come again, and whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(log, fc.integer({ min: 1, max: 9 }), async (facts, size) => {
        const once = await projected(facts, facts.length, 1);
        expect(await projected(facts, size, 2)).toEqual(once);
      }),
      { numRuns: 50 },
    );
  });

  it('names one of a few kinds of reasons why nobody fitted', () => {
    const out = (...all: readonly string[]) => all.map((reason) => ({ repId: 'ada', in: false, reason }));
    expect(failureKindOf(out('off shift', 'at capacity', 'off shift'))).toBe('off-shift');
    expect(failureKindOf(out('skill: cobol', 'skill: rust', 'away'))).toBe('skill');
    expect(failureKindOf(out("at the day's cap", "at the week's cap", 'region'))).toBe('cap');
    expect([failureKindOf([]), failureKindOf(out('constructor'))]).toEqual(['nobody', 'other']);
    const others = [{ reason: 'off shift', count: 3 }];
    expect(failureKindOf(out('away', 'away'), others)).toBe('off-shift');
    expect(failureKindOf(out('away', 'away', 'away', 'away'), others)).toBe('away');
    fc.assert(fc.property(candidates, (some) => failureKinds.includes(failureKindOf(some))));
  });
});

describe('The leads that are or were to have a rep', () => {
  it('are there once each, as their own streams say', async () => {
    await fc.assert(
      fc.asyncProperty(log, async (facts) => {
        // What is merged takes no more facts.
        const gone = new Set<string>();
        const possible = facts.filter(({ type, stream }) => {
          if (gone.has(stream)) return false;
          if (type === 'LeadMerged') gone.add(stream);
          return true;
        });
        const { docs } = await projected(possible, 5, 1);
        const expected = leadIds.flatMap((id) => {
          return gone.has(`lead-${projectId}.${id}`) ? [] : (routedBy(possible, id) ?? []);
        });
        expect(docs.map(({ asked: _, lostBy: __, ...doc }) => doc)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

describe('A lead that changes hands because there was no reply', () => {
  const one = (...facts: readonly LeadEvent[]): readonly Fact[] =>
    [leadCaptured(), leadQualified(), ...facts].map((event, revision) => ({
      ...event,
      id: `f${revision}`,
      metadata,
      stream: `lead-${projectId}.l1`,
      revision,
      position: revision + 1,
      recordedAt: noon,
    }));
  const has = (repId: string, decision: number, by: 'rules' | 'hand' = 'rules') =>
    leadAssigned({ repId, decision, by, teamId: 'emea' });
  const step = (repId: string, decision: number) => responseStepTaken({ repId, decision, action: 're-route' });

  it.each<[string, readonly LeadEvent[], readonly unknown[] | undefined]>([
    ['by the rules', [has('ada', 1), step('ada', 1), has('bob', 2)], ['anybody', 'ada', 'emea']],
    [
      'twice',
      [has('ada', 1), step('ada', 1), has('bob', 2), step('bob', 2), has('ada', 3)],
      ['anybody', 'ada', 'emea', 'bob'],
    ],
    ['not at all', [has('ada', 1), step('ada', 1)], undefined],
    ['by hand', [has('ada', 1), step('ada', 1), has('bob', 2, 'hand')], undefined],
    ['without having been late', [has('ada', 1), has('bob', 2)], undefined],
    [
      'after somebody had given it up',
      [has('ada', 1), step('ada', 1), leadDeclined({ repId: 'ada', decision: 1 }), has('bob', 2)],
      undefined,
    ],
    ['back to who has it', [has('ada', 1), step('ada', 1), has('ada', 2)], undefined],
  ])('%s, counts for who lost it', async (_, facts, lost) => {
    const { docs } = await projected(one(...facts), 3, 2);
    const terms = docs[0]?.lostBy?.map((term) => JSON.parse(term).at(-1));
    expect(terms).toEqual(lost);
  });
});

describe('A spread of times', () => {
  it('knows its quantiles to within a tenth', () => {
    const times = fc.array(fc.oneof(fc.nat(100), fc.nat(10 ** 9)), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(times, fc.constantFrom(0.5, 0.9, 1), (all, share) => {
        const spread = all.reduce<Readonly<Record<string, number>>>(spreadWith, {});
        const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * share) - 1] ?? 0;
        const found = quantileOf(spread, share) ?? -1;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.max(1, exact * 0.1));
      }),
    );
    expect(quantileOf({}, 0.5)).toBeUndefined();
  });
});
