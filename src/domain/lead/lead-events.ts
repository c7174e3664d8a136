import { z } from 'zod';
import { activitySchema, isoTime, jsonObject } from './activity.ts';
import type { EventsOf } from '../event.ts';
import { identifierSchema, linkLimits, mergesSchema } from '../identity/identity.ts';
import { absorbedRouting, ownershipEvents } from '../routing/ownership-events.ts';

const points = z.number();
const because = z.strictObject({ rule: z.string(), points, eventId: z.string().optional() });
const cause = z.enum(['activity', 'merge', 'model']);

const qualifications = z.strictObject({
  above: z.boolean(),
  count: z.number().int().min(0),
  firstAt: isoTime.optional(),
});

/** What a merged lead brings besides identifiers and activities. What is optional came later, and comes with the last part. */
export const broughtSchema = z.strictObject({
  qualifications,
  routing: absorbedRouting.optional(),
  /** The leads that had been merged into it, and how many merges lay one behind the other. */
  merges: mergesSchema.optional(),
});
export type Brought = Readonly<z.infer<typeof broughtSchema>>;

/** The facts of a lead's stream, which is also the stream of the identifier the lead id is made of. Shapes are forever. */
export const leadEvents = {
  ...ownershipEvents,
  LeadCaptured: z
    .strictObject({
      projectId: z.string(),
      leadId: z.uuid(),
      identifier: identifierSchema,
      capturedAt: isoTime,
      stage: z.string(),
    })
    .describe('A lead lives here. Always the first fact of its stream.'),
  LeadMerged: z
    .strictObject({ into: z.uuid(), identifier: identifierSchema.optional(), stage: z.string().optional() })
    .describe(
      'See that lead: the only fact of a linked `identifier`, or the last of a lead, with the stage it was in.',
    ),
  LeadAbsorbed: z
    .strictObject({
      from: z.uuid(),
      identifiers: z.array(identifierSchema),
      activities: z.array(activitySchema),
      known: z.array(z.string()),
      qualifications,
      last: z.boolean(),
      ...broughtSchema.omit({ qualifications: true }).shape,
    })
    .describe(
      'What a merged lead had. `known` are the event ids that were here already. A long one comes in parts; `last` ends it.',
    ),
  IdentifierAdded: z.strictObject({ identifier: identifierSchema }).describe('An identifier leads to this lead.'),
  LinkRefused: z
    .strictObject({
      identifier: identifierSchema,
      leadId: z.uuid(),
      reason: z.string(),
      /** The limit that stands in the way, when one does. */
      limit: z.enum(linkLimits).optional(),
    })
    .describe(
      "An identifier of this lead's activity stays with another lead, or leads to none, because a lead has one userId at most, or is as large as one may be.",
    ),
  IdentityConflict: z
    .strictObject({ userIds: z.array(z.string()) })
    .describe('Two processes joined two userIds at the same instant; the lead keeps both.'),
  ActivityRecorded: activitySchema.describe('Something the person did.'),
  ProfileUpdated: z
    .strictObject({ changes: jsonObject })
    .describe("What an activity's traits changed; null for a trait that was taken away."),
  LeadScored: z
    .strictObject({
      score: points,
      fit: points,
      engagement: points,
      delta: points,
      model: z.number().int(),
      cause,
      because: z.array(because),
      /** Whether the score reaches the model's qualification threshold. */
      qualified: z.boolean(),
    })
    .describe(
      'The score changed. `because` sums up to `delta`: what changed since it was last recorded, by rule and, where one did it, by activity.',
    ),
  StageChanged: z
    .strictObject({ from: z.string(), to: z.string(), score: points, model: z.number().int() })
    .describe('The score moved the lead to another stage.'),
  LeadQualified: z
    .strictObject({
      score: points,
      threshold: points,
      model: z.number().int(),
      cause,
      factors: z.array(z.strictObject({ rule: z.string(), points })),
      count: z.number().int().min(1),
      quiet: z.boolean(),
      qualifiedAt: isoTime,
    })
    .describe(
      'The score crossed the qualification threshold upward. A `quiet` one was caused by a new model and starts no routing.',
    ),
} as const;

export type LeadEvent = EventsOf<typeof leadEvents>;
export type LeadFact<T extends LeadEvent['type']> = Extract<LeadEvent, { type: T }>;
export type ScoreCause = z.infer<typeof cause>;
export type Because = Readonly<z.infer<typeof because>>;
export type Qualifications = Readonly<z.infer<typeof qualifications>>;
