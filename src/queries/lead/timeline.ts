import type { HistoryEntry } from '../../projections/history.ts';
import { history } from '../../projections/history.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { viewsOf } from '../queries.ts';

/** The lead's score after an activity that changed nothing: the one that was recorded before it. */
const scoreBefore = async (
  { readModels }: QueryContext,
  projectId: string,
  { leadId, revision }: HistoryEntry,
): Promise<number> => {
  const { docs } = await readModels.find(projectId, history, {
    where: [
      { field: 'scoredLead', op: 'eq', value: leadId },
      { field: 'scoredRevision', op: 'lt', value: revision },
    ],
    sort: [{ field: 'scoredRevision', direction: 'desc' }],
    limit: 1,
  });
  return docs[0]?.score ?? 0;
};

const viewOf = async (context: QueryContext, projectId: string, entry: HistoryEntry) => ({
  eventId: entry.eventId,
  eventType: entry.eventType,
  occurredAt: entry.occurredAt,
  receivedAt: entry.receivedAt,
  properties: entry.properties,
  sessionId: entry.sessionId,
  source: entry.source,
  context: entry.context,
  delta: entry.delta,
  score: entry.score ?? (await scoreBefore(context, projectId, entry)),
  because: entry.because.map(({ rule, points }) => ({ rule, points })),
});

/** What a lead did, with what that did to its score when it was recorded, in points. */
export type TimelineEntry = Awaited<ReturnType<typeof viewOf>>;

/** A page of what a lead that was not merged did, by when it occurred. */
export const timelineOf = async (
  context: QueryContext,
  [projectId, leadId]: readonly [string, string],
  direction: 'asc' | 'desc',
  range: Range,
): Promise<Page<TimelineEntry>> => {
  const page = await context.readModels.find(projectId, history, {
    where: [{ field: 'leadId', op: 'eq', value: leadId }],
    sort: [{ field: 'occurredAt', direction }],
    ...range,
  });
  const views = viewsOf(page, (entry) => viewOf(context, projectId, entry));
  return { ...views, docs: await Promise.all(views.docs) };
};
