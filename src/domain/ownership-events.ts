import { z } from 'zod';
import { isoTime } from './activity.ts';
import { replyActions } from './reply-policy.ts';
import { strategies } from './routing-rules.ts';

/** A rep that was looked at: why it could have had the lead, or why it could not. */
export const candidateSchema = z.object({
  repId: z.string(),
  in: z.boolean(),
  reason: z.string(),
  /** Its share of the rotation, where there was one. */
  weight: z.number().int().optional(),
});
export type Candidate = Readonly<z.infer<typeof candidateSchema>>;

/** The candidates that are not recorded in full: how many there were for each reason. */
export const othersSchema = z.array(z.object({ reason: z.string(), count: z.number().int() }));
export type Others = readonly Readonly<z.infer<typeof othersSchema>[number]>[];

const decision = z.number().int().min(1);
const of = { decision, repId: z.string() };
const candidates = z.array(candidateSchema);
const others = othersSchema.optional();
const rulesVersion = z.number().int().min(0);
const reason = z.string();
const teamId = z.string().optional();

/** What a decision said: who got the lead and why. `decision` counts those of the project. */
export const assignment = {
  ...{ ...of, teamId: z.string(), by: z.enum(['rules', 'hand', 'merge']) },
  ...{ rule: z.string().optional(), rulesVersion, strategy: z.enum(strategies).optional() },
  because: z.string(),
  candidates,
  others,
};

export const outcomes = ['won', 'lost', 'disqualified'] as const;
export type Outcome = (typeof outcomes)[number];

export const ownershipStatuses = ['none', 'pending', 'assigned', 'waiting', 'approval', 'closed'] as const;

/** What a merged lead's routing was, for the lead that takes it over. */
export const absorbedRouting = z.object({
  status: z.enum(ownershipStatuses),
  workIds: z.array(z.string()),
});

/** The facts in a lead's stream about who has it. Shapes are forever. */
export const ownershipEvents = {
  LeadAssigned: z
    .object({
      ...{ ...assignment, settles: z.array(z.string()), assignedAt: isoTime },
      /** For how long it had needed somebody, if it did. */
      waitedMs: z.number().int().optional(),
    })
    .describe(
      'A rep has the lead. `candidates` are who was looked at, `others` counts those beyond the first by reason; `settles` names work items that this ends.',
    ),
  ResponseDue: z
    .object({
      ...{ ...of, teamId: z.string(), policyVersion: z.number().int().min(0), dueAt: isoTime, atRiskAt: isoTime },
      steps: z.array(z.object({ at: isoTime, action: z.enum(replyActions) })),
    })
    .describe('When the rep must have replied, and what will be done when not.'),
  ResponseAtRisk: z
    .object({ ...of, dueAt: isoTime, at: isoTime })
    .describe('Most of the time to reply is over. `at` is when that was, not when it was noticed.'),
  ResponseOverdue: z.object({ ...of, dueAt: isoTime, at: isoTime }).describe('The rep has not replied in time.'),
  ResponseStepTaken: z
    .object({
      ...{ ...of, teamId: z.string(), step: z.number().int(), action: z.enum(replyActions), at: isoTime },
      workId: z.string().optional(),
    })
    .describe('What the policy says was begun because nobody replied; a work item it opens is named.'),
  LeadAccepted: z
    .object({ ...of, teamId, acceptedAt: isoTime, tookMs: z.number().int(), settles: z.array(z.string()) })
    .describe('The rep took the lead on; `tookMs` is counted from the assignment.'),
  LeadDeclined: z
    .object({ ...of, teamId, reason, declinedAt: isoTime })
    .describe('The rep does not want the lead. Its turn is given back, and the lead goes to another.'),
  LeadUnassigned: z
    .object({ ...of, reason, unassignedAt: isoTime, excludes: z.boolean().optional() })
    .describe('The lead was taken from the rep, who gets it back this time only when `excludes` is false.'),
  RoutingFailed: z
    .object({
      ...{ reason, rule: z.string().optional(), rulesVersion, candidates, workId: z.string(), failedAt: isoTime },
      others,
    })
    .describe('Nobody fits. The lead waits with a work item, and is tried again.'),
  ApprovalRequested: z
    .object({ rule: z.string(), rulesVersion, because: z.string(), workId: z.string(), requestedAt: isoTime })
    .describe('A rule wants somebody to approve before the lead goes on. It waits with a work item.'),
  ApprovalGiven: z
    .object({ workId: z.string(), by: z.string(), approvedAt: isoTime })
    .describe('Somebody approved: the lead goes on.'),
  LeadClosed: z
    .object({
      ...{ outcome: z.enum(outcomes), reason, repId: z.string().optional(), teamId: z.string().optional() },
      ...{ value: z.number().optional(), settles: z.array(z.string()), closedAt: isoTime },
    })
    .describe('What became of the lead. Its place is free for another.'),
  LeadReopened: z.object({ reason, reopenedAt: isoTime }).describe('The lead is worked on again, and is routed anew.'),
} as const;
