import type { Identifier } from '../../domain/identity/identity.ts';
import { leadIdOf } from '../../domain/identity/identity.ts';
import { windowsAt } from '../../domain/lead/insight.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { history } from '../../projections/history.ts';
import type { LeadDocument } from '../../projections/leads.ts';
import { leads } from '../../projections/leads.ts';
import { mergedLeads } from '../../projections/merged-leads.ts';
import type { QueryContext } from '../queries.ts';
import type { LeadView } from './lead-view.ts';
import { insightOf, summaryOf } from './lead-view.ts';

const documentOf = async (
  { readModels }: QueryContext,
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
 * for once more when the read models have all that was acknowledged by now: a lead can be read as soon as its id was given
 * out. Throws a `Rejection` that says `missing` when there is none.
 */
const firstDocumentOf = async (
  context: QueryContext,
  projectId: string,
  leadIds: readonly string[],
  missing = `Project ${projectId} has no lead ${leadIds[0]}`,
): Promise<LeadDocument> => {
  const look = async (): Promise<LeadDocument | undefined> => {
    for (const leadId of leadIds) {
      const doc = await documentOf(context, projectId, leadId);
      if (doc) return doc;
    }
    return undefined;
  };
  const early = await look();
  if (early) return early;
  await context.caughtUp(projectId);
  const found = await look();
  if (found) return found;
  throw new Rejection('lead-unknown', missing);
};

/** A lead as of now, with what its history says. */
const viewOf = async (
  { readModels, states, clock }: QueryContext,
  projectId: string,
  doc: LeadDocument,
): Promise<LeadView> => {
  const { model } = (await states.get(project, projectId)).state.scoring;
  const now = clock();
  const since = (at: string) =>
    readModels.count(projectId, history, [
      { field: 'leadId', op: 'eq', value: doc.leadId },
      { field: 'occurredAt', op: 'gt', value: at },
    ]);
  const windows = windowsAt(now);
  const [day, week, fortnight] = await Promise.all([since(windows.day), since(windows.week), since(windows.fortnight)]);
  const pace = { day, week, weekBefore: fortnight - week };
  return { ...summaryOf(projectId, doc, model, now), ...insightOf(doc, pace, model, now) };
};

/** The id of the lead that an id leads to, which is another one's when it was merged. Throws a `Rejection` when there is none. */
export const survivorOf = async (context: QueryContext, projectId: string, leadId: string): Promise<string> =>
  (await firstDocumentOf(context, projectId, [leadId])).leadId;

/** The lead that an id leads to, which is another one's when it was merged. Throws a `Rejection` when there is none. */
export const leadOf = async (context: QueryContext, projectId: string, leadId: string): Promise<LeadView> =>
  viewOf(context, projectId, await firstDocumentOf(context, projectId, [leadId]));

/** The lead of the first of some identifiers that leads to one. Throws a `Rejection` when none does. */
export const leadBy = async (
  context: QueryContext,
  projectId: string,
  identifiers: readonly Identifier[],
): Promise<LeadView> => {
  const leadIds = identifiers.map((identifier) => leadIdOf(projectId, identifier));
  const missing = `No lead of project ${projectId} has this ${identifiers[0]?.kind}`;
  return viewOf(context, projectId, await firstDocumentOf(context, projectId, leadIds, missing));
};
