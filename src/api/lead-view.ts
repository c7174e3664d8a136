import { z } from 'zod';
import { jsonObject } from '../domain/activity.ts';
import { identifierSchema, leadIdOf } from '../domain/identity.ts';
import type { Identifier } from '../domain/identity.ts';
import { nextActionOf, nextActions, riskOf, risks, trendOf, trends, windowsAt } from '../domain/insight.ts';
import { outcomes, ownershipStatuses } from '../domain/ownership-events.ts';
import { project } from '../domain/project.ts';
import { Rejection } from '../domain/rejection.ts';
import type { ScoringModel } from '../domain/scoring-model.ts';
import { history } from '../projections/history.ts';
import type { LeadDocument } from '../projections/leads.ts';
import { leads } from '../projections/leads.ts';
import { mergedLeads } from '../projections/merged-leads.ts';
import { untilReached } from './waiting.ts';
import type { World } from './world.ts';

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
  risk: z.enum(risks),
  nextAction: z.enum(nextActions),
  revision: z.int(),
});

/** A lead by itself: besides, how many activities it had in the last 24 h, and whether they get more by the week. */
export const leadView = leadSummary.extend({ velocity: z.int(), trend: z.enum(trends) });

/** Makes the summaries of a project's leads as of now. */
export const summarizing = async ({ engine, clock }: World, projectId: string) => {
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
  const { terms: _, model: __, decision: ___, unrouted: ____, qualified, lastActivityAt, ...shown } = doc;
  const risk = riskOf(lastActivityAt === '' ? doc.firstSeenAt : lastActivityAt, now);
  const height = model.stages.findIndex(({ name }) => name === doc.stage) / Math.max(1, model.stages.length - 1);
  const nextAction = nextActionOf({ qualified: qualified === 1 && doc.routing !== 'closed', height, risk });
  return { ...shown, projectId, ...(lastActivityAt !== '' && { lastActivityAt }), risk, nextAction };
};

/** A lead as of now, with what its history says. */
export const viewOf = async (world: World, projectId: string, doc: LeadDocument): Promise<z.infer<typeof leadView>> => {
  const summary = (await summarizing(world, projectId))(doc);
  const since = (at: string) =>
    world.readModels.count(projectId, history, [
      { field: 'leadId', op: 'eq', value: doc.leadId },
      { field: 'occurredAt', op: 'gt', value: at },
    ]);
  const { day, week, fortnight } = windowsAt(world.clock());
  const [velocity, lastWeek, lastTwoWeeks] = await Promise.all([since(day), since(week), since(fortnight)]);
  return { ...summary, velocity, trend: trendOf(lastWeek, lastTwoWeeks - lastWeek) };
};

const documentOf = async (
  { readModels }: World,
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
 * The lead that an id leads to, which is another one's when it was merged. What is not found is looked for once more when
 * the read models have all that was acknowledged by now: a lead can be read as soon as its id was given out. Throws a
 * `Rejection` when there is none.
 */
export const leadDocumentOf = async (world: World, projectId: string, leadId: string): Promise<LeadDocument> => {
  const seen = await documentOf(world, projectId, leadId);
  if (seen) return seen;
  await untilReached(world, await world.head(), { projectId });
  const doc = await documentOf(world, projectId, leadId);
  if (doc) return doc;
  throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${leadId}`);
};

/** The lead that an identifier leads to. Throws a `Rejection` when there is none. */
export const leadDocumentBy = (world: World, projectId: string, identifier: Identifier): Promise<LeadDocument> =>
  leadDocumentOf(world, projectId, leadIdOf(projectId, identifier));
