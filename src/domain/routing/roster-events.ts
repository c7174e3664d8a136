import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import type { EventsOf } from '../event.ts';
import { replyPolicySchema } from './reply-policy.ts';
import { routingRulesSchema } from './routing-rules.ts';
import { workingHoursSchema } from './working-time.ts';

/** The id of a team or of a rep: whoever makes it may choose it. */
export const rosterId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'An id has 1-64 of a-z, 0-9, "_" and "-", and begins with a letter or a digit');

const text = z.string().trim().min(1).max(128);
const texts = z.array(text);

export const teamSchema = z.strictObject({
  teamId: rosterId,
  name: text,
  /** Countries (ISO 3166, two letters) and names of regions that it serves; none: all. */
  regions: texts,
  /** The rep to whom what others miss is escalated. */
  leadRepId: rosterId.optional(),
});
export type Team = Readonly<z.infer<typeof teamSchema>>;

export const skillSchema = z.strictObject({ skill: text, level: z.number().int().min(1).max(5) });
export type Skill = Readonly<z.infer<typeof skillSchema>>;

export const repStatuses = ['active', 'away', 'left'] as const;

export const repSchema = z.strictObject({
  repId: rosterId,
  name: text,
  email: z.string().max(256).optional(),
  teamIds: z.array(rosterId).max(50),
  status: z.enum(repStatuses),
  skills: z.array(skillSchema).max(100),
  languages: texts,
  /** Countries and names of regions; none: all. */
  regions: texts,
  industries: texts,
  /** The share of a rotation; 0 takes no part in one. */
  weight: z.number().int().min(0).max(100),
  /** How many leads may be open at a time. */
  capacity: z.number().int().min(0).max(100_000),
  perDay: z.number().int().min(0).max(100_000).optional(),
  perWeek: z.number().int().min(0).max(100_000).optional(),
  /** Without hours always on shift. */
  hours: workingHoursSchema.optional(),
  timeOff: z.array(z.strictObject({ from: isoTime, to: isoTime })).max(400),
});
export type Rep = Readonly<z.infer<typeof repSchema>>;

const version = z.number().int().min(1);

/** The facts of a project's roster, `roster-<projectId>`: who may get leads, by which rules, and how soon they reply. Shapes are forever. */
export const rosterEvents = {
  TeamAdded: teamSchema.describe('A team began.'),
  TeamChanged: teamSchema.describe('A team is this from now on.'),
  RepAdded: repSchema.describe('Somebody may get leads.'),
  RepChanged: repSchema.describe('A rep is this from now on.'),
  RoutingRulesPublished: z
    .strictObject({ version, rules: routingRulesSchema, publishedAt: isoTime, restores: version.optional() })
    .describe('Routing rules came into force, as a whole; `restores` names the version that they are again.'),
  ReplyPolicyPublished: z
    .strictObject({ version, policy: replyPolicySchema, publishedAt: isoTime })
    .describe('How soon assigned leads must be replied to, from now on.'),
} as const;
export type RosterEvent = EventsOf<typeof rosterEvents>;
