import type { Rep, Team } from '../../domain/routing/roster-events.ts';
import { roster } from '../../domain/routing/roster.ts';
import type { Spread } from '../../domain/routing/spread.ts';
import { quantileOf } from '../../domain/routing/spread.ts';
import type { RoutedLead, RoutedState } from '../../projections/routed-leads.ts';
import { lostTerm, routedLeads } from '../../projections/routed-leads.ts';
import type { RepCounts, TeamCounts } from '../../projections/routing-report.ts';
import {
  noRepCounts,
  noRoutingCounts,
  noTeamCounts,
  reportId,
  routingReport as collection,
} from '../../projections/routing-report.ts';
import type { Condition, QueryContext } from '../queries.ts';

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

const timesOf = (replies: Spread) => ({
  p50: quantileOf(replies, 0.5) ?? null,
  p90: quantileOf(replies, 0.9) ?? null,
});

/** Counts a project's leads by where they are, those of a rep or of a team, or all. */
const counting = ({ readModels }: QueryContext, projectId: string) => {
  const counted = (...where: readonly Condition<RoutedLead>[]): Promise<number> =>
    readModels.count(projectId, routedLeads, where);
  const being = (state: RoutedState): Condition<RoutedLead> => ({ field: 'state', op: 'eq', value: state });
  const closed = async (...of: readonly Condition<RoutedLead>[]) => {
    const [won, lost, disqualified] = await Promise.all([
      ...[counted(...of, being('won')), counted(...of, being('lost')), counted(...of, being('disqualified'))],
    ]);
    return { won: won ?? 0, lost: lost ?? 0, disqualified: disqualified ?? 0 };
  };
  const lost = (of: Parameters<typeof lostTerm>[0]) => counted({ field: 'lostBy', op: 'prefix', value: lostTerm(of) });
  return {
    reRouted: lost,
    totals: async () => {
      const [qualified, pending, assigned, waiting, approval] = await Promise.all([
        counted(),
        ...(['pending', 'assigned', 'waiting', 'approval'] as const).map((state) => counted(being(state))),
      ]);
      return {
        qualified,
        pending: pending ?? 0,
        assigned: assigned ?? 0,
        waiting: waiting ?? 0,
        approval: approval ?? 0,
        ...(await closed()),
      };
    },
    of: async (field: 'repId' | 'teamId', value: string) => {
      const theirs = { field, op: 'eq', value } as const;
      const who = field === 'repId' ? { repId: value } : { teamId: value };
      const [open, reRouted, outcome] = await Promise.all([
        counted(theirs, being('assigned')),
        lost(who),
        closed(theirs),
      ]);
      const ended = outcome.won + outcome.lost + outcome.disqualified;
      return { open, reRouted, ...outcome, winRate: ended === 0 ? null : rounded(outcome.won / ended) };
    },
    leadsOf: (teamId: string) => counted({ field: 'teamId', op: 'eq', value: teamId }),
  };
};
type Counting = ReturnType<typeof counting>;

const repOf = async (
  counts: Counting,
  all: number,
  repId: string,
  [rep, before]: readonly [Rep | undefined, RepCounts],
) => {
  const { assigned, byHand, accepted, declined, unassigned, overdue } = before;
  const now = await counts.of('repId', repId);
  const turns = before.turns - before.givenBack;
  return {
    repId,
    name: rep?.name ?? repId,
    teamIds: [...(rep?.teamIds ?? [])],
    assigned,
    byHand,
    accepted,
    declined,
    unassigned,
    overdue,
    ...now,
    status: rep?.status,
    capacity: rep?.capacity,
    share: all === 0 ? 0 : rounded(assigned / all),
    turns,
    expected: rounded(before.expected),
    deviation: rounded(turns - before.expected),
    utilisation: rep && rep.capacity > 0 ? rounded(now.open / rep.capacity) : null,
    responseMs: timesOf(before.replies),
  };
};

const teamOf = async (counts: Counting, teamId: string, [team, before]: readonly [Team | undefined, TeamCounts]) => {
  const { assigned, accepted, declined, replies } = before;
  const [leads, now] = await Promise.all([counts.leadsOf(teamId), counts.of('teamId', teamId)]);
  const name = team?.name ?? teamId;
  return { teamId, name, leads, assigned, accepted, declined, ...now, responseMs: timesOf(replies) };
};

/** Names in order, each once. */
const names = (...all: readonly Iterable<string>[]): readonly string[] =>
  [...new Set(all.flatMap((some) => [...some]))].sort();

/** How the leads of a project are shared out, and what reps and teams make of them. */
export const routingReport = async (context: QueryContext, projectId: string) => {
  const counts = counting(context, projectId);
  const { teams, reps } = (await context.states.refresh(roster, projectId)).state;
  const doc = (await context.readModels.get(projectId, collection, reportId)) ?? noRoutingCounts;
  const { qualifications, rules, hand, merge, approvals, failures, overdue } = doc;
  const ofReps = new Map(doc.reps.map((rep) => [rep.repId, rep]));
  const ofTeams = new Map(doc.teams.map((team) => [team.teamId, team]));
  const all = doc.reps.reduce((sum, { assigned }) => sum + assigned, 0);
  return {
    totals: {
      ...(await counts.totals()),
      qualifications,
      assignments: { rules, hand, merge },
      approvals,
      failures,
      overdue,
      reRouted: await counts.reRouted('anybody'),
    },
    reps: await Promise.all(
      names(reps.keys(), ofReps.keys()).map((id) =>
        repOf(counts, all, id, [reps.get(id), ofReps.get(id) ?? noRepCounts]),
      ),
    ),
    teams: await Promise.all(
      names(teams.keys(), ofTeams.keys()).map((id) =>
        teamOf(counts, id, [teams.get(id), ofTeams.get(id) ?? noTeamCounts]),
      ),
    ),
  };
};
