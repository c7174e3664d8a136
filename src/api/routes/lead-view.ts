import { z } from 'zod';
import { identifierSchema } from '../../domain/identity/identity.ts';
import { jsonObject } from '../../domain/lead/activity.ts';
import { nextActions, risks, trends } from '../../domain/lead/insight.ts';
import { outcomes, ownershipStatuses } from '../../domain/routing/ownership-events.ts';

/** A lead in a list. Scores are in points as of `scoredAt`, times ISO 8601. */
export const leadSummary = z.object({
  leadId: z.string(),
  projectId: z.string(),
  score: z.number(),
  fit: z.number(),
  engagement: z.number(),
  scoredAt: z.string().optional(),
  stage: z.string(),
  identifiers: z.array(identifierSchema),
  profile: jsonObject,
  qualifiedAt: z.string().optional(),
  assignee: z.string().optional().describe('The rep who has it'),
  team: z.string().optional().describe('The team for which the rep has it'),
  routing: z
    .enum(ownershipStatuses)
    .optional()
    .describe(
      '`none`: nobody is to have it yet; `pending`: about to be routed; `assigned`; `waiting`: nobody fits; `approval`: ' +
        'somebody must approve; `closed`. Not there `asOfOccurred`',
    ),
  outcome: z.enum(outcomes).optional().describe('What became of it, while it is closed'),
  firstSeenAt: z.string(),
  lastActivityAt: z.string().optional(),
  activities: z.int(),
  sources: z.array(z.string()).describe('By which ways in its activities came'),
  unsubscribed: z.boolean().describe('It asked to hear no more, and has not asked to hear again since'),
  risk: z.enum(risks).describe('`high` after more than 7 days without an activity, `medium` after more than 3'),
  nextAction: z
    .enum(nextActions)
    .describe(
      '`call` when it is qualified and not closed; `none` when it is unsubscribed; `re-engage` at a high risk; `email` in ' +
        'the upper half of the stages, `invite` in the lower, `nurture` in the lowest stage',
    ),
  revision: z.int(),
});

/** A lead by itself: besides, what can be read off its activities, and why. */
export const leadView = leadSummary.extend({
  velocity: z.int().describe('Activities in the last 24 hours, by when they occurred'),
  trend: z.enum(trends).describe('Activities of the last 7 days against the 7 days before'),
  because: z
    .object({ velocity: z.string(), risk: z.string(), trend: z.string(), nextAction: z.string() })
    .describe('Why each of these is what it is'),
});
