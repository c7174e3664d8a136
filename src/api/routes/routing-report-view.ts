import { z } from 'zod';
import { repStatuses } from '../../domain/routing/roster-events.ts';

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
  won: count('Leads that were won'),
  lost: count('Leads that were lost'),
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
  repId: z.string(),
  name: z.string(),
  teamIds: z.array(z.string()),
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
  accepted: z.int(),
  declined: z.int(),
  unassigned: count('Leads that were taken from it by hand'),
  overdue: count('Leads that it did not reply to in time'),
  reRouted: count('Leads that went to another because of that'),
  ...outcomes,
  winRate,
  responseMs,
});

const teamView = z.object({
  teamId: z.string(),
  name: z.string(),
  leads: count('Leads that it has or had last, each once'),
  open: count('Leads that it has now'),
  assigned: count('How often it was given a lead, by rules or by hand'),
  accepted: z.int(),
  declined: z.int(),
  reRouted: z.int(),
  ...outcomes,
  winRate,
  responseMs,
});

/** What the report has: of the project, of each rep and of each team. */
export const report = z.object({ totals, reps: z.array(repView), teams: z.array(teamView) });
