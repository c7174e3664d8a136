import type { LeadEvent } from '../../domain/lead/lead-events.ts';
import { leadStreamId, streamOf } from '../../domain/streams.ts';
import { timeSlices } from '../../engine/time-slices.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { HistoryEntry } from '../../projections/history.ts';
import { history } from '../../projections/history.ts';
import { leads } from '../../projections/leads.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { viewsOf } from '../queries.ts';

/** Does what takes long when it is its turn among others of its kind. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** A lead with more facts is long: to look through them takes more than some 10 ms. */
const longLead = 2_000;

/** How many facts are looked through first, and then at once, for the one that scored last: the usual activity is scored. */
const [few, many] = [16, 500];

/** The facts of a stream from one revision up to before another: one read gives fewer of them where they are large. */
const factsBetween = async (
  { states }: QueryContext,
  stream: string,
  [from, end]: readonly [number, number],
): Promise<readonly Recorded<LeadEvent>[]> => {
  const facts: Recorded<LeadEvent>[] = [];
  for (let next = from; next < end;) {
    const some = await states.read<LeadEvent>(stream, next - 1, end - next);
    facts.push(...some);
    next = (some.at(-1)?.revision ?? end) + 1;
  }
  return facts;
};

/** A lead's scores before some revisions of its stream, newest first, by these revisions: as its facts have them. */
const recordedBefore = async (
  context: QueryContext,
  stream: string,
  revisions: readonly number[],
): Promise<ReadonlyMap<number, number>> => {
  const scores = new Map<number, number>();
  const yieldToOthers = timeSlices();
  let [open, end, size] = [[...revisions], revisions[0] ?? 0, few];
  while (open.length > 0 && end > 0) {
    const begin = Math.max(0, end - size);
    const facts = await factsBetween(context, stream, [begin, end]);
    for (const fact of facts.toReversed()) {
      if (fact.type !== 'LeadScored') continue;
      for (const revision of open) if (revision > fact.revision) scores.set(revision, fact.data.score);
      open = open.filter((revision) => revision <= fact.revision);
    }
    [end, size] = [Math.min(begin, open[0] ?? 0), many];
    await yieldToOthers();
  }
  return scores;
};

/** The lead's scores after activities that changed nothing, by the revisions that brought them: the ones recorded before them. */
const scoresBefore = async (
  context: QueryContext,
  [projectId, leadId]: readonly [string, string],
  entries: readonly HistoryEntry[],
  inTurn: InTurn,
): Promise<ReadonlyMap<number, number>> => {
  const unscored = entries.flatMap(({ score, revision }) => (score === undefined ? [revision] : []));
  if (unscored.length === 0) return new Map();
  const doc = await context.readModels.get(projectId, leads, leadId);
  // Documents of an older version have a score and do not say which fact had it.
  const scored = doc?.scoredRevision ?? (doc?.scoredAt === undefined ? -1 : Infinity);
  // What the lead's document has heard of and not taken for a new score did not change the one that it has.
  const since = (revision: number): boolean => doc !== undefined && revision > scored && revision <= doc.revision;
  const older = [...new Set(unscored.filter((revision) => !since(revision)))].sort((a, b) => b - a);
  const look = () => recordedBefore(context, streamOf('lead', leadStreamId(projectId, leadId)), older);
  const recorded = (older[0] ?? 0) > longLead ? await inTurn(look) : await look();
  return new Map(
    unscored.map((revision) => [revision, since(revision) ? (doc?.score ?? 0) : (recorded.get(revision) ?? 0)]),
  );
};

const viewOf = (entry: HistoryEntry, scores: ReadonlyMap<number, number>) => ({
  eventId: entry.eventId,
  eventType: entry.eventType,
  occurredAt: entry.occurredAt,
  receivedAt: entry.receivedAt,
  properties: entry.properties,
  sessionId: entry.sessionId,
  source: entry.source,
  context: entry.context,
  delta: entry.delta,
  score: entry.score ?? scores.get(entry.revision) ?? 0,
  because: entry.because.map(({ rule, points }) => ({ rule, points })),
});

/** What a lead did, with what that did to its score when it was recorded, in points. */
export type TimelineEntry = ReturnType<typeof viewOf>;

/** A page of what a lead that was not merged did, by when it occurred. Of a long lead it may have to be looked far back for scores. */
export const timelineOf = async (
  context: QueryContext,
  [projectId, leadId]: readonly [string, string],
  { direction, range }: { readonly direction: 'asc' | 'desc'; readonly range: Range },
  inTurn: InTurn,
): Promise<Page<TimelineEntry>> => {
  const page = await context.readModels.find(projectId, history, {
    where: [{ field: 'leadId', op: 'eq', value: leadId }],
    sort: [{ field: 'occurredAt', direction }],
    ...range,
  });
  const scores = await scoresBefore(context, [projectId, leadId], page.docs, inTurn);
  return viewsOf(page, (entry) => viewOf(entry, scores));
};
