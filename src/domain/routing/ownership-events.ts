import type { EventsOf } from '../event.ts';
import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import { replyActions } from './reply-policy.ts';
import { strategies } from './routing-rules.ts';

/** A rep that was looked at: why it could have had the lead, or why it could not. */
export const candidateSchema = z.strictObject({
  repId: z.string(),
  in: z.boolean(),
  reason: z.string(),
  /** Its share of the rotation, where there was one. */
  weight: z.number().int().optional(),
});
export type Candidate = Readonly<z.infer<typeof candidateSchema>>;

/** The candidates that are not recorded in full: how many there were for each reason. */
export const othersSchema = z.array(z.strictObject({ reason: z.string(), count: z.number().int() }));
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
  ...of,
  teamId: z.string(),
  by: z.enum(['rules', 'hand', 'merge']),
  rule: z.string().optional(),
  rulesVersion,
  strategy: z.enum(strategies).optional(),
  because: z.string(),
  candidates,
  others,
};

export const outcomes = ['won', 'lost', 'disqualified'] as const;
export type Outcome = (typeof outcomes)[number];

export const ownershipStatuses = ['none', 'pending', 'assigned', 'waiting', 'approval', 'closed'] as const;

/** What became of a lead when it was closed, and who had it then. */
const closing = {
  outcome: z.enum(outcomes),
  reason,
  repId: z.string().optional(),
  teamId,
  value: z.number().optional(),
};

/** How a lead was closed, and when. */
export const closingSchema = z.strictObject(closing).extend({ closedAt: isoTime });
export type Closing = Readonly<z.infer<typeof closingSchema>>;

/** The plan for a reply, as it was made. */
const due = {
  ...of,
  teamId: z.string(),
  policyVersion: z.number().int().min(0),
  dueAt: isoTime,
  atRiskAt: isoTime,
  steps: z.array(z.strictObject({ at: isoTime, action: z.enum(replyActions) })),
};

/** How far a plan for a reply is: what was said of it, and how many of its steps were taken. */
const progress = { atRisk: z.boolean(), overdue: z.boolean(), taken: z.number().int().min(0) };

/** Since when a rep has a lead, when it accepted that, and the plan for the reply that is waited for. */
export const heldSchema = z.strictObject({
  since: isoTime,
  acceptedAt: isoTime.optional(),
  plan: z.strictObject(due).extend(progress).optional(),
});
export type Held = Readonly<z.infer<typeof heldSchema>>;

/** All else that a merged lead's routing was. Merges of earlier versions brought no more than its status. */
const brought = z.strictObject({
  /** Who has it, or had it last. */
  repId: z.string().optional(),
  teamId,
  /** Since when it needed somebody when it last did. */
  since: isoTime.optional(),
  /** Who declined or lost it. */
  excluded: z.array(z.string()),
  approved: z.boolean(),
  /** Of one that a rep has. */
  held: heldSchema.optional(),
  closed: closingSchema.optional(),
  /** The leads that had been merged into it and had a routing: their decisions are part of its history. */
  histories: z.array(z.string()),
});

/** What a merged lead's routing was, for the lead that takes it over. */
export const absorbedRouting = z.strictObject({
  status: z.enum(ownershipStatuses),
  workIds: z.array(z.string()),
  brought: brought.optional(),
});
export type AbsorbedRouting = Readonly<z.infer<typeof absorbedRouting>>;

/** The facts in a lead's stream about who has it. Shapes are forever. */
export const ownershipEvents = {
  LeadAssigned: z
    .strictObject({
      ...assignment,
      settles: z.array(z.string()),
      assignedAt: isoTime,
      /** For how long it had needed somebody, if it did. */
      waitedMs: z.number().int().optional(),
      /** Of one that came with a merged lead: since when the rep has that, and when it accepted it. */
      heldSince: isoTime.optional(),
      acceptedAt: isoTime.optional(),
    })
    .describe(
      'A rep has the lead. `candidates` are who was looked at, `others` counts those beyond the first by reason; `settles` names work items that this ends.',
    ),
  ResponseDue: z
    .strictObject(due)
    .extend(z.strictObject(progress).partial().shape)
    .describe(
      'When the rep must have replied, and what will be done when not. One that came with a merged lead says how far it was.',
    ),
  ResponseAtRisk: z
    .strictObject({ ...of, dueAt: isoTime, at: isoTime })
    .describe('Most of the time to reply is over. `at` is when that was, not when it was noticed.'),
  ResponseOverdue: z.strictObject({ ...of, dueAt: isoTime, at: isoTime }).describe('The rep has not replied in time.'),
  ResponseStepTaken: z
    .strictObject({
      ...of,
      teamId: z.string(),
      step: z.number().int(),
      action: z.enum(replyActions),
      at: isoTime,
      workId: z.string().optional(),
    })
    .describe('What the policy says was begun because nobody replied; a work item it opens is named.'),
  LeadAccepted: z
    .strictObject({ ...of, teamId, acceptedAt: isoTime, tookMs: z.number().int(), settles: z.array(z.string()) })
    .describe('The rep took the lead on; `tookMs` is counted from the assignment.'),
  LeadDeclined: z
    .strictObject({ ...of, teamId, reason, declinedAt: isoTime })
    .describe('The rep does not want the lead. Its turn is given back, and the lead goes to another.'),
  LeadUnassigned: z
    .strictObject({ ...of, reason, unassignedAt: isoTime, excludes: z.boolean().optional() })
    .describe('The lead was taken from the rep, who gets it back this time only when `excludes` is false.'),
  RoutingFailed: z
    .strictObject({
      reason,
      rule: z.string().optional(),
      rulesVersion,
      candidates,
      workId: z.string(),
      failedAt: isoTime,
      others,
    })
    .describe('Nobody fits. The lead waits with a work item, and is tried again.'),
  ApprovalRequested: z
    .strictObject({ rule: z.string(), rulesVersion, because: z.string(), workId: z.string(), requestedAt: isoTime })
    .describe('A rule wants somebody to approve before the lead goes on. It waits with a work item.'),
  ApprovalGiven: z
    .strictObject({ workId: z.string(), by: z.string(), approvedAt: isoTime })
    .describe('Somebody approved: the lead goes on.'),
  LeadClosed: z
    .strictObject({
      ...closing,
      settles: z.array(z.string()),
      closedAt: isoTime,
      /** The merged lead that had been closed so. */
      from: z.string().optional(),
    })
    .describe('What became of the lead, or of one that was merged into it. Its place is free for another.'),
  RoutingRequested: z
    .strictObject({ reason, requestedAt: isoTime })
    .describe('Somebody wants a rep found for a lead that nobody was to have, such as one that a new model qualified.'),
  LeadReopened: z
    .strictObject({ reason, reopenedAt: isoTime })
    .describe('The lead is worked on again, and is routed anew.'),
} as const;

/** The facts of a lead that are about who has it, and no others. */
export type OwnershipEvent = EventsOf<typeof ownershipEvents>;
