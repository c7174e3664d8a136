import { z } from 'zod';
import type { LeadEvent } from '../domain/lead/lead-events.ts';
import type { Candidate, Others } from '../domain/routing/ownership-events.ts';
import type { PoolEvent, PoolFact } from '../domain/routing/pool.ts';
import { projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';
import { routingFacts } from './routed-leads.ts';
import { spreadWith } from '../domain/routing/spread.ts';

const count = z.number();

const repCounts = z.object({
  /** Decisions that gave it a lead, by rules and by hand. A lead taken over in a merge is none. */
  assigned: count,
  byHand: count,
  accepted: count,
  declined: count,
  unassigned: count,
  overdue: count,
  /** Turns it had in rotations, those that were given back, and those that its weights make its own. */
  turns: count,
  givenBack: count,
  expected: count,
  replies: z.record(z.string(), count),
});
export type RepCounts = Readonly<z.infer<typeof repCounts>>;

const teamCounts = z.object({
  assigned: count,
  accepted: count,
  declined: count,
  replies: z.record(z.string(), count),
});
export type TeamCounts = Readonly<z.infer<typeof teamCounts>>;

const routingCounts = z.object({
  qualifications: count,
  rules: count,
  hand: count,
  merge: count,
  approvals: count,
  overdue: count,
  /** Why nobody fitted, by kind. */
  failures: z.record(z.string(), count),
  // Lists, because a rep may be called what every object has anyway.
  reps: z.array(repCounts.extend({ repId: z.string() })),
  teams: z.array(teamCounts.extend({ teamId: z.string() })),
});
export type RoutingCounts = Readonly<z.infer<typeof routingCounts>>;

/** The id of a project's only document. */
export const reportId = 'report';

export const noRepCounts: RepCounts = {
  assigned: 0,
  byHand: 0,
  accepted: 0,
  declined: 0,
  unassigned: 0,
  overdue: 0,
  turns: 0,
  givenBack: 0,
  expected: 0,
  replies: {},
};
export const noTeamCounts: TeamCounts = { assigned: 0, accepted: 0, declined: 0, replies: {} };
export const noRoutingCounts: RoutingCounts = {
  qualifications: 0,
  rules: 0,
  hand: 0,
  merge: 0,
  approvals: 0,
  overdue: 0,
  failures: {},
  reps: [],
  teams: [],
};

const withRep = (doc: RoutingCounts, repId: string, change: (rep: RepCounts) => Partial<RepCounts>): RoutingCounts => {
  const at = doc.reps.findIndex((each) => each.repId === repId);
  const before = doc.reps[at] ?? { ...noRepCounts, repId };
  const after = { ...before, ...change(before) };
  return { ...doc, reps: at < 0 ? [...doc.reps, after] : doc.reps.with(at, after) };
};

const withTeam = (
  doc: RoutingCounts,
  teamId: string | undefined,
  change: (team: TeamCounts) => Partial<TeamCounts>,
): RoutingCounts => {
  if (teamId === undefined || teamId === '') return doc;
  const at = doc.teams.findIndex((each) => each.teamId === teamId);
  const before = doc.teams[at] ?? { ...noTeamCounts, teamId };
  const after = { ...before, ...change(before) };
  return { ...doc, teams: at < 0 ? [...doc.teams, after] : doc.teams.with(at, after) };
};

/** Why reps are out, in the words of decisions and in those of the report. */
const kinds: Readonly<Record<string, string>> = {
  away: 'away',
  left: 'left',
  excluded: 'excluded',
  region: 'region',
  language: 'language',
  industry: 'industry',
  'off shift': 'off-shift',
  'at capacity': 'capacity',
  "at the day's cap": 'cap',
  "at the week's cap": 'cap',
  'weight 0': 'weight',
};
export const failureKinds = [...new Set([...Object.values(kinds), 'skill', 'nobody', 'other'])].sort();

const kindOf = (reason: string): string =>
  reason.startsWith('skill: ') ? 'skill' : Object.hasOwn(kinds, reason) ? (kinds[reason] ?? 'other') : 'other';

/** What kept most of the candidates from a lead; of kinds that kept as many, the first by name. */
export const failureKindOf = (candidates: readonly Candidate[], others: Others = []): string => {
  const counts = new Map<string, number>();
  const each = candidates.map(({ reason }) => ({ reason, count: 1 }));
  for (const { reason, count: more } of [...each, ...others]) {
    const kind = kindOf(reason);
    counts.set(kind, (counts.get(kind) ?? 0) + more);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? 'nobody';
};

const assigned = (doc: RoutingCounts, data: Extract<LeadEvent, { type: 'LeadAssigned' }>['data']): RoutingCounts => {
  const { by, repId, teamId } = data;
  const counted = { ...doc, [by]: doc[by] + 1 };
  if (by === 'merge') return counted;
  const rep = withRep(counted, repId, (before) => ({
    assigned: before.assigned + 1,
    byHand: before.byHand + (by === 'hand' ? 1 : 0),
  }));
  return withTeam(rep, teamId, (before) => ({ assigned: before.assigned + 1 }));
};

const accepted = (doc: RoutingCounts, data: Extract<LeadEvent, { type: 'LeadAccepted' }>['data']): RoutingCounts => {
  const { repId, teamId, tookMs } = data;
  const more = (before: RepCounts | TeamCounts) => ({
    accepted: before.accepted + 1,
    replies: spreadWith(before.replies, tookMs),
  });
  return withTeam(withRep(doc, repId, more), teamId, more);
};

/** Each candidate that was in has its share of the turn by its weight, and one has the turn. */
const turned = (doc: RoutingCounts, { repId, rotation }: PoolFact<'LeadPlaced'>['data']): RoutingCounts => {
  if (!rotation) return doc;
  const total = rotation.shares.reduce((sum, { weight }) => sum + weight, 0);
  const had = withRep(doc, repId, ({ turns }) => ({ turns: turns + 1 }));
  if (total === 0) return had;
  // All at once: there may be as many shares as there are reps.
  const shares = new Map(rotation.shares.map((share) => [share.repId, share.weight / total]));
  const reps = had.reps.map((rep) => ({ ...rep, expected: rep.expected + (shares.get(rep.repId) ?? 0) }));
  for (const { repId: known } of reps) shares.delete(known);
  const others = [...shares].map(([each, expected]) => ({ ...noRepCounts, repId: each, expected }));
  return { ...had, reps: [...reps, ...others] };
};

const evolve = (doc: RoutingCounts, { type, data }: LeadEvent | PoolEvent): RoutingCounts => {
  switch (type) {
    case 'LeadQualified':
      return data.quiet ? doc : { ...doc, qualifications: doc.qualifications + 1 };
    case 'LeadAssigned':
      return assigned(doc, data);
    case 'LeadAccepted':
      return accepted(doc, data);
    case 'LeadDeclined': {
      const more = ({ declined }: RepCounts | TeamCounts) => ({ declined: declined + 1 });
      return withTeam(withRep(doc, data.repId, more), data.teamId, more);
    }
    case 'LeadUnassigned':
      return withRep(doc, data.repId, ({ unassigned }) => ({ unassigned: unassigned + 1 }));
    case 'ResponseOverdue':
      return withRep({ ...doc, overdue: doc.overdue + 1 }, data.repId, ({ overdue }) => ({ overdue: overdue + 1 }));
    case 'RoutingFailed': {
      const kind = failureKindOf(data.candidates, data.others);
      return { ...doc, failures: { ...doc.failures, [kind]: (doc.failures[kind] ?? 0) + 1 } };
    }
    case 'ApprovalRequested':
      return { ...doc, approvals: doc.approvals + 1 };
    case 'LeadPlaced':
      return turned(doc, data);
    case 'LeadFreed': {
      if (data.rotation === undefined || data.repId === undefined) return doc;
      return withRep(doc, data.repId, ({ givenBack }) => ({ givenBack: givenBack + 1 }));
    }
    default:
      return doc;
  }
};

/** How leads were shared out in a project, and what reps made of it: as many counts as there are reps and teams. */
export const routingReport: Projection<RoutingCounts, LeadEvent | PoolEvent> = {
  name: 'routing-report',
  version: 2,
  streams: [streamsOf('lead'), streamsOf('pool')],
  types: routingFacts,
  document: routingCounts,
  indexes: [],
  keys: ({ stream }) => [{ project: projectOfStream(stream), id: reportId }],
  evolve: (doc, event: Recorded<LeadEvent | PoolEvent>) => evolve(doc ?? noRoutingCounts, event),
};
