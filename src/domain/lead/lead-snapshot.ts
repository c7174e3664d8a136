import { Map as PersistentMap, Set as PersistentSet } from 'immutable';
import { z } from 'zod';
import type { Activities } from './activities.ts';
import { activitiesFrom, listOf } from './activities.ts';
import type { Activity, Json } from './activity.ts';
import type { SnapshotFormat } from '../event.ts';
import { identifierKey, identifierSchema, mergesSchema, normalized, withUserId } from '../identity/identity.ts';
import { leadEvents } from './lead-events.ts';
import type { LeadState } from './lead.ts';
import { profileBytesOf } from './profile.ts';
import {
  closingSchema,
  heldSchema,
  outcomes,
  ownershipEvents,
  ownershipStatuses,
} from '../routing/ownership-events.ts';

const names = z.array(z.string());
const plan = ownershipEvents.ResponseDue.extend({ atRisk: z.boolean(), overdue: z.boolean(), taken: z.number() });

/**
 * A lead's state as JSON. Maps and sets are lists in the order in which they are gone through, which is what a merge relies
 * on. The activities fitted their schema when they were
 * recorded: to check ten thousand again would cost more than to read them.
 */
const packedLead = z.object({
  status: z.enum(['unused', 'lead', 'merged']),
  leadId: z.string(),
  capturedAt: z.string(),
  into: z.string().optional(),
  identifiers: z.array(identifierSchema),
  activities: z.array(z.custom<Activity>((value) => typeof value === 'object' && value !== null)),
  profile: z.array(z.tuple([z.string(), z.object({ value: z.custom<Json>(), at: z.string(), by: z.string() })])),
  absorbed: names,
  refused: names,
  merges: mergesSchema,
  scored: z.object({
    score: z.number(),
    fit: z.number(),
    engagement: z.number(),
    model: z.number(),
    stage: z.string(),
    lines: z.array(z.tuple([z.string(), z.number()])),
  }),
  qualifications: leadEvents.LeadAbsorbed.shape.qualifications,
  ownership: z.object({
    status: z.enum(ownershipStatuses),
    decision: z.number(),
    round: z.number(),
    since: z.string(),
    repId: z.string().optional(),
    teamId: z.string().optional(),
    assignedAt: z.string(),
    acceptedAt: z.string().optional(),
    plan: plan.optional(),
    workIds: names,
    excluded: names,
    approved: z.boolean(),
    outcome: z.enum(outcomes).optional(),
    closed: closingSchema.optional(),
    held: heldSchema.optional(),
    histories: names,
  }),
});

const packedOwnership = (ownership: LeadState['ownership']) => ({
  ...ownership,
  workIds: [...ownership.workIds],
  excluded: [...ownership.excluded],
  histories: [...ownership.histories],
});

const pack = (state: LeadState): z.input<typeof packedLead> => {
  const { userIds: _, emails: __, profileBytes: ___, ...kept } = state;
  const { identifiers, activities, profile, absorbed, refused, scored, ownership, ...plain } = kept;
  return {
    ...plain,
    identifiers: [...identifiers.values()],
    activities: [...listOf(activities)],
    profile: [...profile],
    absorbed: [...absorbed],
    refused: [...refused],
    scored: { ...scored, lines: [...scored.lines] },
    ownership: packedOwnership(ownership),
  };
};

const unpackedActivities = (packed: readonly Activity[]): Activities => {
  const activities = activitiesFrom(packed);
  if (activities.kept.places.size === activities.size) return activities;
  throw new RangeError('Two activities have one event id; read the facts instead');
};

const unpack = (packed: unknown): LeadState => {
  const { into, identifiers, activities, profile, absorbed, refused, scored, ownership, ...plain } =
    packedLead.parse(packed);
  const { repId, teamId, acceptedAt, plan: due, outcome, excluded, closed, held } = ownership;
  return {
    ...plain,
    into,
    userIds: identifiers.reduce<readonly string[]>(withUserId, []),
    emails: PersistentSet(identifiers.filter(({ kind }) => kind === 'email').map((each) => normalized(each).value)),
    profileBytes: profileBytesOf(profile),
    identifiers: PersistentMap(identifiers.map((identifier) => [identifierKey(identifier), identifier])),
    activities: unpackedActivities(activities),
    profile: PersistentMap(profile),
    absorbed: PersistentSet(absorbed),
    refused: PersistentSet(refused),
    scored: { ...scored, lines: new Map(scored.lines) },
    ownership: {
      ...ownership,
      repId,
      teamId,
      acceptedAt,
      plan: due,
      outcome,
      excluded: PersistentSet(excluded),
      closed,
      held,
    },
  };
};

/** How snapshots of leads are made. */
export const leadSnapshot: SnapshotFormat<LeadState> = { version: 4, pack, unpack };
