import { z } from 'zod';
import { jsonObject } from '../../domain/lead/activity.ts';
import { identifierSchema, leadIdOf } from '../../domain/identity/identity.ts';
import type { Identifier } from '../../domain/identity/identity.ts';
import { isUnsubscribed } from '../../domain/lead/consent.ts';
import type { Pace, Standing } from '../../domain/lead/insight.ts';
import {
  insightBecause,
  nextActionOf,
  nextActions,
  riskOf,
  risks,
  trendOf,
  trends,
  windowsAt,
} from '../../domain/lead/insight.ts';
import { outcomes, ownershipStatuses } from '../../domain/routing/ownership-events.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { ScoringModel } from '../../domain/scoring/scoring-model.ts';
import { history } from '../../projections/history.ts';
import type { LeadDocument } from '../../projections/leads.ts';
import { leads } from '../../projections/leads.ts';
import { mergedLeads } from '../../projections/merged-leads.ts';
import { untilReached } from '../http/waiting.ts';
import type { ApiContext } from '../http/context.ts';

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

/** Makes the summaries of a project's leads as of now. */
export const summarizing = async ({ engine, clock }: ApiContext, projectId: string) => {
  const { model } = (await engine.states.get(project, projectId)).state.scoring;
  const now = clock();
  return (doc: LeadDocument): z.infer<typeof leadSummary> => summaryOf(projectId, doc, model, now);
};

/** A lead's document as it is shown at a time, under the model in force then. */
export const summaryOf = (
  projectId: string,
  doc: LeadDocument,
  model: ScoringModel,
  now: Date,
): z.infer<typeof leadSummary> => {
  const {
    terms: _,
    model: __,
    decision: ___,
    qualified: ____,
    consent: _____,
    unrouted: ______,
    lastActivityAt,
    ...shown
  } = doc;
  const standing = standingOf(doc, model, now);
  const { risk, unsubscribed } = standing;
  const last = lastActivityAt === '' ? {} : { lastActivityAt };
  return { ...shown, projectId, ...last, unsubscribed, risk, nextAction: nextActionOf(standing) };
};

const lastSeen = ({ firstSeenAt, lastActivityAt }: LeadDocument): string =>
  lastActivityAt === '' ? firstSeenAt : lastActivityAt;

const standingOf = (doc: LeadDocument, { stages }: ScoringModel, now: Date): Standing => ({
  qualified: doc.qualified === 1 && doc.routing !== 'closed',
  unsubscribed: isUnsubscribed(doc.consent, doc.profile),
  height: stages.findIndex(({ name }) => name === doc.stage) / Math.max(1, stages.length - 1),
  risk: riskOf(lastSeen(doc), now),
});

/** What a lead's view has besides its summary, at a time and under the model in force then. */
export const insightOf = (doc: LeadDocument, pace: Pace, model: ScoringModel, now: Date) => ({
  velocity: pace.day,
  trend: trendOf(pace.week, pace.weekBefore),
  because: insightBecause(standingOf(doc, model, now), pace, lastSeen(doc)),
});

/** A lead as of now, with what its history says. */
export const viewOf = async (
  api: ApiContext,
  projectId: string,
  doc: LeadDocument,
): Promise<z.infer<typeof leadView>> => {
  const { model } = (await api.engine.states.get(project, projectId)).state.scoring;
  const now = api.clock();
  const since = (at: string) =>
    api.readModels.count(projectId, history, [
      { field: 'leadId', op: 'eq', value: doc.leadId },
      { field: 'occurredAt', op: 'gt', value: at },
    ]);
  const windows = windowsAt(now);
  const [day, week, fortnight] = await Promise.all([since(windows.day), since(windows.week), since(windows.fortnight)]);
  const pace = { day, week, weekBefore: fortnight - week };
  return { ...summaryOf(projectId, doc, model, now), ...insightOf(doc, pace, model, now) };
};

const documentOf = async (
  { readModels }: ApiContext,
  projectId: string,
  leadId: string,
): Promise<LeadDocument | undefined> => {
  let id: string | undefined = leadId;
  // Merges only ever lead to an older lead, so the way ends.
  while (id !== undefined) {
    const doc = await readModels.get(projectId, leads, id);
    if (doc) return doc;
    id = (await readModels.get(projectId, mergedLeads, id))?.into;
  }
  return undefined;
};

/**
 * The lead of the first of some ids that leads to one, which is another one's when it was merged. What is not found is looked
 * for once more when the read models have all that was acknowledged by now: a lead can be read as soon as its id was given out.
 */
const firstDocumentOf = async (
  api: ApiContext,
  projectId: string,
  leadIds: readonly string[],
): Promise<LeadDocument | undefined> => {
  const look = async (): Promise<LeadDocument | undefined> => {
    for (const leadId of leadIds) {
      const doc = await documentOf(api, projectId, leadId);
      if (doc) return doc;
    }
    return undefined;
  };
  const seen = await look();
  if (seen) return seen;
  await untilReached(api, await api.head(), { projectId });
  return look();
};

/** The lead that an id leads to, which is another one's when it was merged. Throws a `Rejection` when there is none. */
export const leadDocumentOf = async (api: ApiContext, projectId: string, leadId: string): Promise<LeadDocument> => {
  const doc = await firstDocumentOf(api, projectId, [leadId]);
  if (doc) return doc;
  throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${leadId}`);
};

/** The lead of the first of some identifiers that leads to one. Throws a `Rejection` when none does. */
export const leadDocumentBy = async (
  api: ApiContext,
  projectId: string,
  identifiers: readonly Identifier[],
): Promise<LeadDocument> => {
  const leadIds = identifiers.map((identifier) => leadIdOf(projectId, identifier));
  const doc = await firstDocumentOf(api, projectId, leadIds);
  if (doc) return doc;
  throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${leadIds[0]}`);
};
