import { z } from 'zod';
import type { Rep, Team } from '../domain/roster-events.ts';
import { repStatuses } from '../domain/roster-events.ts';
import { roster } from '../domain/roster.ts';
import type { RoutedLead, RoutedState } from '../projections/routed-leads.ts';
import { lostTerm, routedLeads } from '../projections/routed-leads.ts';
import type { RepCounts, TeamCounts } from '../projections/routing-report.ts';
import { noRepCounts, noRoutingCounts, noTeamCounts, reportId, routingReport } from '../projections/routing-report.ts';
import type { Spread } from '../domain/spread.ts';
import { quantileOf } from '../domain/spread.ts';
import type { Condition } from '../readmodels/read-models.ts';
import type { Routes } from './app.ts';
import { projectOf } from './auth.ts';
import type { World } from './world.ts';

const count = (what: string) => z.int().describe(what);

const responseMs = z
  .object({ p50: z.int().nullable(), p90: z.int().nullable() })
  .describe('From assignment to acceptance in ms, of half and of nine tenths of the accepted; within a tenth');

const outcomes = {
  won: count('Leads that it had when they were won, and are so now'),
  lost: count('Leads that it had when they were lost, and are so now'),
  disqualified: count('Leads that it had when they were disqualified, and are so now'),
};

const totals = z.object({
  qualified: count('Leads that are or were to have a rep, each once: a merged one is part of its survivor'),
  pending: count('Leads that are about to be routed'),
  assigned: count('Leads that a rep has'),
  waiting: count('Leads that nobody fits now'),
  approval: count('Leads that wait for approval'),
  ...{ won: count('Leads that were won'), lost: count('Leads that were lost') },
  disqualified: count('Leads that were disqualified'),
  qualifications: count('Crossings of the threshold that were to be routed: a lead may cross it more than once'),
  assignments: z
    .object({ rules: z.int(), hand: z.int(), merge: z.int() })
    .describe('How often a lead was assigned: by rules, by hand, and because one with an owner was merged into it'),
  approvals: count('How often approval was asked for'),
  failures: z
    .record(z.string(), z.int())
    .describe('How often nobody fitted, by what kept most of the candidates; `nobody` when there was no candidate'),
  overdue: count('How often there was no reply in time'),
  reRouted: count('Leads that went to another rep because there was no reply'),
});

const winRate = z.number().nullable().describe('`won` by all that were closed, from 0 to 1; null when none was');

const repView = z.object({
  ...{ repId: z.string(), name: z.string(), teamIds: z.array(z.string()) },
  status: z.enum(repStatuses).optional(),
  assigned: count('How often it was given a lead, by rules or by hand; what it took over in a merge does not count'),
  byHand: count('How many of these by hand'),
  share: z.number().describe('Its part of all that were given, from 0 to 1'),
  turns: count('Decisions of a rotation for it, without those given back because it declined or lost the lead'),
  expected: z.number().describe('What its weight among those who fitted makes of these decisions'),
  deviation: z.number().describe('`turns` less `expected`'),
  open: count('Leads that it has now'),
  capacity: z.int().optional(),
  utilisation: z.number().nullable().describe('`open` by `capacity`; null without capacity'),
  ...{ accepted: z.int(), declined: z.int() },
  unassigned: count('Leads that were taken from it by hand'),
  overdue: count('Leads that it did not reply to in time'),
  reRouted: count('Leads that went to another because of that'),
  ...{ ...outcomes, winRate, responseMs },
});

const teamView = z.object({
  ...{ teamId: z.string(), name: z.string() },
  leads: count('Leads that it has or had last, each once'),
  open: count('Leads that it has now'),
  assigned: count('How often it was given a lead, by rules or by hand'),
  ...{ accepted: z.int(), declined: z.int(), reRouted: z.int(), ...outcomes, winRate, responseMs },
});

const report = z.object({ totals, reps: z.array(repView), teams: z.array(teamView) });

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

const timesOf = (replies: Spread): z.infer<typeof responseMs> => ({
  ...{ p50: quantileOf(replies, 0.5) ?? null, p90: quantileOf(replies, 0.9) ?? null },
});

/** Counts a project's leads by where they are, those of a rep or of a team, or all. */
const counting = ({ readModels }: World, projectId: string) => {
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
        ...{ qualified, pending: pending ?? 0, assigned: assigned ?? 0, waiting: waiting ?? 0 },
        ...{ approval: approval ?? 0, ...(await closed()) },
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
): Promise<z.infer<typeof repView>> => {
  const { replies, turns: taken, givenBack, expected, ...shown } = before;
  const now = await counts.of('repId', repId);
  const turns = taken - givenBack;
  return {
    ...{ repId, name: rep?.name ?? repId, teamIds: [...(rep?.teamIds ?? [])], ...shown, ...now },
    ...(rep && { status: rep.status, capacity: rep.capacity }),
    ...{ share: all === 0 ? 0 : rounded(shown.assigned / all), turns, expected: rounded(expected) },
    deviation: rounded(turns - expected),
    utilisation: rep && rep.capacity > 0 ? rounded(now.open / rep.capacity) : null,
    responseMs: timesOf(replies),
  };
};

const teamOf = async (
  counts: Counting,
  teamId: string,
  [team, before]: readonly [Team | undefined, TeamCounts],
): Promise<z.infer<typeof teamView>> => {
  const { replies, ...shown } = before;
  const [leads, now] = await Promise.all([counts.leadsOf(teamId), counts.of('teamId', teamId)]);
  return { teamId, name: team?.name ?? teamId, leads, ...shown, ...now, responseMs: timesOf(replies) };
};

/** Names in order, each once. */
const names = (...all: readonly Iterable<string>[]): readonly string[] =>
  [...new Set(all.flatMap((some) => [...some]))].sort();

/** How leads are shared out, and what reps and teams make of them. */
export const routingAnalytics: Routes = (app, world) => {
  app.get(
    '/api/analytics/routing',
    {
      config: { scope: 'leads:read' },
      schema: {
        summary: 'How leads are shared out among reps and teams, and what comes of it',
        description:
          'Counts of what happened are of all time. Counts of leads are of now, by who has them or had them last, so that ' +
          'a lead that was merged, re-routed or qualified again counts once.',
        tags: ['Analytics'],
        response: { 200: report },
      },
    },
    async (request) => {
      const projectId = projectOf(request);
      const counts = counting(world, projectId);
      const { teams, reps } = (await world.engine.states.refresh(roster, projectId)).state;
      const doc = (await world.readModels.get(projectId, routingReport, reportId)) ?? noRoutingCounts;
      const { qualifications, rules, hand, merge, approvals, failures, overdue } = doc;
      const ofReps = new Map(doc.reps.map(({ repId, ...rep }) => [repId, rep]));
      const ofTeams = new Map(doc.teams.map(({ teamId, ...team }) => [teamId, team]));
      const all = doc.reps.reduce((sum, { assigned }) => sum + assigned, 0);
      return {
        totals: {
          ...{ ...(await counts.totals()), qualifications, assignments: { rules, hand, merge } },
          ...{ approvals, failures, overdue, reRouted: await counts.reRouted('anybody') },
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
    },
  );
};
