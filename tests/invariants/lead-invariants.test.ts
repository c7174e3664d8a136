import { describe, expect, it } from 'vitest';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import { nobodysLead, withOwnership } from '../../src/domain/routing/ownership.ts';
import { routingBrought } from '../../src/domain/routing/ownership-merge.ts';
import type { PublishedModel } from '../../src/domain/scoring/published-model.ts';
import { checkpointsMove } from '../../src/invariants/checkpoints.ts';
import { leadInvariants } from '../../src/invariants/index.ts';
import type { Fact, LeadRouting, LeadEvidence } from '../../src/invariants/evidence.ts';
import { leadEvidence } from '../../src/invariants/evidence.ts';
import { history } from '../../src/projections/history.ts';
import type { HistoryEntry } from '../../src/projections/history.ts';
import { leads } from '../../src/projections/leads.ts';
import type { LeadDocument } from '../../src/projections/leads.ts';
import {
  activity,
  activityRecorded,
  approvalRequested,
  email,
  idOf,
  leadAbsorbed,
  leadAccepted,
  leadAssigned,
  leadCaptured,
  leadClosed,
  leadDeclined,
  leadId,
  leadMerged,
  leadQualified,
  leadReopened,
  leadScored,
  modelOf,
  projectId,
  routingFailed,
  standard,
} from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const stream = `lead-${projectId}.${leadId}`;
const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };

/** Facts of the lead as they were recorded, at positions 10, 20, 30... */
const recorded = (facts: readonly LeadEvent[], at = noon): readonly Fact[] =>
  facts.map((fact, revision) => ({
    ...fact,
    id: `f${revision}`,
    metadata,
    stream,
    revision,
    position: 10 * (revision + 1),
    recordedAt: at,
  }));

/** What the projections make of the first facts. */
const projected = (facts: readonly Fact[]) => {
  let document: LeadDocument | undefined;
  const entries = new Map<string, HistoryEntry | undefined>();
  for (const fact of facts) {
    document = leads.evolve(document, fact, { project: projectId, id: leadId });
    for (const key of history.keys(fact)) entries.set(key.id, history.evolve(entries.get(key.id), fact, key));
  }
  const own = [...entries.values()].filter((entry) => entry?.leadId === leadId);
  return { document, entries: own.filter((entry) => entry !== undefined) };
};

type More = Partial<LeadEvidence> & { readonly facts: readonly Fact[]; readonly models?: LeadEvidence['models'] };

const published = (...models: readonly PublishedModel[]): LeadEvidence['models'] => ({
  newest: Math.max(...models.map(({ version }) => version)),
  of: (version) => models.find((each) => each.version === version),
});

/** The invariants that a lead breaks. Its documents are of all its facts, and must be, unless something else is said. */
const broken = ({ facts, ...more }: More): readonly number[] => {
  const usual = { projectId, leadId, until: Infinity, models: published(standard), takenOver: [], ...projected(facts) };
  const seen = leadEvidence({ ...usual, facts, ...more });
  return leadInvariants.filter(({ check }) => check(seen).findings.length > 0).map(({ id }) => id);
};

const nothing = routingBrought(nobodysLead);
const second = activity({ eventId: 'e2' });
const secondScored = leadScored({
  score: 10,
  engagement: 10,
  because: [{ rule: 'page_view', points: 5, eventId: 'e2' }],
});
const plain = recorded([leadCaptured(), activityRecorded(), leadScored(), activityRecorded(second), secondScored]);

describe('A lead', () => {
  it('breaks nothing when its documents are what its facts add up to', () => {
    expect(broken({ facts: plain })).toEqual([]);
  });

  it.each([1, 2, 3, 4])('breaks nothing when its documents are %i facts behind what was recorded since', (behind) => {
    const has = projected(plain.slice(0, plain.length - behind));
    expect(broken({ facts: plain, ...has, until: 10 * (plain.length - behind) })).toEqual([]);
  });

  it('breaks nothing when its document and its history are not equally far', () => {
    const { document } = projected(plain.slice(0, 3));
    expect(broken({ facts: plain, document, until: 30 })).toEqual([]);
    const { entries } = projected(plain.slice(0, 4));
    expect(broken({ facts: plain, entries, until: 30 })).toEqual([]);
  });

  it('breaks invariants when its documents lack what they must have', () => {
    const has = projected(plain.slice(0, 3));
    expect(broken({ facts: plain, ...has, until: 50 })).toEqual([3, 5]);
    expect(broken({ facts: plain, document: projected(plain).document, entries: has.entries })).toEqual([3]);
    expect(broken({ facts: plain, entries: projected(plain.slice(0, 4)).entries })).toEqual([1]);
  });

  it('breaks 1 when two facts scored the same activity by the same rule', () => {
    const again = leadScored({ score: 10, engagement: 10 });
    const facts = recorded([leadCaptured(), activityRecorded(), leadScored(), activityRecorded(second), again]);
    expect(broken({ facts })).toEqual([1]);
  });

  it('breaks 4 when its document is ahead of its stream, or there is no stream', () => {
    expect(broken({ facts: plain.slice(0, 3), ...projected(plain) })).toContain(4);
    expect(broken({ facts: [], ...projected(plain) })).toEqual([4]);
  });

  it('breaks 5 when its stream records another score than it adds up to, or reasons that do not', () => {
    const wrong = leadScored({
      score: 15,
      engagement: 15,
      because: [{ rule: 'page_view', points: 15, eventId: 'e1' }],
    });
    expect(broken({ facts: recorded([leadCaptured(), activityRecorded(), wrong]) })).toEqual([5]);
    const unreasoned = leadScored({ because: [] });
    expect(broken({ facts: recorded([leadCaptured(), activityRecorded(), unreasoned]) })).toEqual([5]);
    expect(broken({ facts: recorded([leadCaptured(), activityRecorded()]) })).toEqual([5]);
  });

  it('may have its score by a newer model that changed nothing, not by one that nobody published', () => {
    const nothing = modelOf({ engagement: [] });
    const facts = recorded([leadCaptured(), activityRecorded()]);
    expect(broken({ facts, models: published(standard, nothing) })).toEqual([]);
    const scored = recorded([leadCaptured(), activityRecorded(), leadScored({ model: 3 })]);
    expect(broken({ facts: scored, models: published(standard, nothing) })).toContain(5);
  });

  it('may have decayed by as much as the time of its score is unsure, and no more', () => {
    const views = { id: 'page_view', when: { eventType: 'page_view' }, points: 1_000, decay: { halfLifeDays: 1 } };
    const models = published(standard, modelOf({ engagement: [views] }));
    const scoredAs = (score: number) =>
      recorded(
        [
          leadCaptured(),
          activityRecorded(),
          leadScored({
            score,
            engagement: score,
            delta: score,
            model: 2,
            because: [{ rule: 'page_view', points: score, eventId: 'e1' }],
          }),
        ],
        new Date(noon.getTime() + 86_400_000),
      );
    expect(broken({ facts: scoredAs(500), models })).toEqual([]);
    expect(broken({ facts: scoredAs(500.2), models })).toEqual([]);
    expect(broken({ facts: scoredAs(501), models })).toEqual([5]);
  });

  it('breaks 7 when its score is beyond the cap, even when its stream says so', () => {
    const much = leadScored({ score: 20_000, engagement: 20_000, because: [{ rule: 'page_view', points: 20_000 }] });
    expect(broken({ facts: recorded([leadCaptured(), activityRecorded(), much]) })).toEqual([5, 7]);
  });
});

describe('A merged lead', () => {
  const merged = recorded([leadCaptured(), activityRecorded(), leadScored(), leadMerged()]);
  const { entries } = projected(merged);
  const closer = { mergedLead: { into: leadMerged().data.into }, absorbedAt: 50 };

  it('breaks nothing when it is gone from the read models, or on its way', () => {
    expect(broken({ facts: merged, entries: [], closer })).toEqual([]);
    expect(broken({ facts: merged, entries, closer, until: 45 })).toEqual([]);
    const before = projected(merged.slice(0, 3));
    expect(broken({ facts: merged, ...before, closer: { ...closer, mergedLead: undefined }, until: 35 })).toEqual([]);
  });

  it('breaks 8 when something of it is left, or nobody took over what it had', () => {
    expect(broken({ facts: merged, entries, closer })).toEqual([8]);
    expect(broken({ facts: merged, ...projected(merged.slice(0, 3)), entries: [], closer })).toEqual([8]);
    expect(broken({ facts: merged, entries, closer: { ...closer, absorbedAt: undefined } })).toEqual([8]);
    expect(broken({ facts: merged, entries: [], closer: { ...closer, mergedLead: undefined } })).toEqual([8]);
  });

  it('that took over one that was won must be closed so, and know all of its routing', () => {
    const from = idOf(email());
    const won = [leadQualified(), leadAssigned(), leadClosed()].reduce(withOwnership, nobodysLead);
    const routing = routingBrought(won);
    const absorbed = leadAbsorbed({ from, routing });
    const taking = (theirs: typeof routing, ...facts: readonly LeadEvent[]) =>
      broken({ facts: recorded([leadCaptured(), ...facts]), takenOver: [{ from, missing: [], routing: theirs }] });
    const closed = leadClosed({ ...won.closed, settles: [], from });
    expect(taking(routing, absorbed, closed)).toEqual([]);
    expect(taking(routing, absorbed)).toEqual([8]);
    expect(taking(routing, absorbed, leadClosed({ outcome: 'lost' }))).toEqual([8]);
    const declined = routingBrought(
      [leadQualified(), leadAssigned(), leadDeclined()].reduce(withOwnership, nobodysLead),
    );
    expect(taking(declined, absorbed, closed)).toEqual([8]);
    // Merges of earlier versions brought no more than a status.
    expect(taking(routing, leadAbsorbed({ from, routing: { status: 'closed', workIds: [] } }))).toEqual([]);
  });

  it('breaks 8 when its survivor lacks an activity of it', () => {
    const from = idOf(email());
    const facts = recorded([leadCaptured(), activityRecorded(), leadScored(), leadAbsorbed({ from })]);
    expect(broken({ facts, takenOver: [{ from, missing: [], routing: nothing }] })).toEqual([]);
    expect(broken({ facts, takenOver: [{ from, missing: ['e7'], routing: nothing }] })).toEqual([8]);
  });
});

describe('A qualified lead', () => {
  const qualifying = [leadCaptured(), leadQualified()];
  const place = { repId: 'ada', decision: 1 };
  const said = { routed: Infinity, place: undefined, held: false, at: -1, deadLetter: false, work: undefined };
  const wrong = (facts: readonly LeadEvent[], routing: Partial<LeadRouting>): readonly number[] =>
    broken({ facts: recorded([...qualifying, ...facts]), routing: { ...said, ...routing } });
  const open = { open: true, position: 25 };

  it('breaks nothing when pool and work queue say the same of it as its stream', () => {
    expect(wrong([leadAssigned()], { place })).toEqual([]);
    expect(wrong([leadAssigned(), leadAccepted()], { place })).toEqual([]);
    expect(wrong([routingFailed()], { held: true, work: open })).toEqual([]);
    expect(wrong([approvalRequested()], { work: open })).toEqual([]);
    expect(wrong([leadAssigned(), leadClosed()], {})).toEqual([]);
    expect(broken({ facts: recorded([leadCaptured(), leadQualified({ quiet: true })]), routing: said })).toEqual([]);
  });

  it('breaks 9 when it is nobody’s and nobody is looking for somebody', () => {
    expect(wrong([], {})).toEqual([9]);
    expect(wrong([leadAssigned(), leadDeclined()], {})).toEqual([9]);
    expect(wrong([leadClosed(), leadReopened()], {})).toEqual([9]);
    expect(wrong([routingFailed()], { held: true })).toEqual([9]);
    expect(wrong([routingFailed()], { held: true, work: { ...open, open: false } })).toEqual([9]);
    expect(wrong([routingFailed()], { work: open })).toEqual([9]);
    expect(wrong([approvalRequested()], {})).toEqual([9]);
  });

  it('breaks 9 when the pool says that another has it, or that nobody does', () => {
    expect(wrong([leadAssigned()], {})).toEqual([9]);
    expect(wrong([leadAssigned()], { place: { ...place, repId: 'bob' } })).toEqual([9]);
    expect(wrong([leadAssigned()], { place: { ...place, decision: 2 } })).toEqual([9]);
    expect(wrong([], { place })).toEqual([9]);
    expect(wrong([routingFailed()], { place, work: open })).toEqual([9]);
    expect(wrong([leadAssigned(), leadClosed()], { place })).toEqual([9]);
    expect(broken({ facts: [], routing: { ...said, place } })).toEqual([9]);
  });

  it('breaks nothing while something is on its way, or was put aside', () => {
    expect(wrong([], { routed: 19 })).toEqual([]);
    expect(wrong([], { routed: 20 })).toEqual([9]);
    expect(wrong([], { deadLetter: true })).toEqual([]);
    expect(wrong([], { place, at: 25, routed: 24 })).toEqual([]);
    expect(wrong([leadAssigned(), leadClosed()], { place, routed: 39 })).toEqual([]);
    expect(wrong([leadAssigned()], { at: 60, routed: 59 })).toEqual([]);
    expect(wrong([routingFailed()], { held: true, work: { open: false, position: 50 }, routed: 49 })).toEqual([]);
    expect(wrong([routingFailed()], { held: true, work: { open: false, position: 50 }, routed: 50 })).toEqual([9]);
  });
});

describe('A checkpoint', () => {
  const at = { name: 'leads', before: 5, after: 5, checkpoint: 5, head: 9, aim: 9 };
  const wrong = (seen: Partial<typeof at>) => checkpointsMove.check([{ ...at, ...seen }]).findings.length;

  it('may be behind as long as it moves, and not be beyond the end of the log', () => {
    expect([
      wrong({}),
      wrong({ after: 6 }),
      wrong({ before: 9, after: 9 }),
      wrong({ checkpoint: 10, after: 10 }),
    ]).toEqual([...[1, 0, 0, 1]]);
    expect(checkpointsMove.check([{ ...at, aim: undefined }])).toEqual({ checked: 1, findings: [] });
  });

  it('may not stand on a fact that the log lacks, though it is not beyond its end and moves', () => {
    const missing = { id: 'f5', stream: 'lead-acme.x', revision: 4, position: 5 };
    const { findings } = checkpointsMove.check([{ ...at, after: 6, missing }]);
    expect(findings).toEqual([{ why: 'the checkpoint of leads stands on fact f5 at 5, which the log lacks' }]);
  });
});
