import { timeSlices } from '../../engine/time-slices.ts';
import type { Event } from '../../domain/event.ts';
import { listOf } from '../../domain/lead/activities.ts';
import { consentAfter } from '../../domain/lead/consent.ts';
import { paceOf } from '../../domain/lead/insight.ts';
import type { LeadEvent } from '../../domain/lead/lead-events.ts';
import type { LeadState } from '../../domain/lead/lead.ts';
import { lead } from '../../domain/lead/lead.ts';
import { scorable, traitsOf } from '../../domain/lead/scorable.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { PublishedModel } from '../../domain/scoring/published-model.ts';
import { inPoints, stageOf, tally } from '../../domain/scoring/scoring.ts';
import { leadStreamId, streamOf } from '../../domain/streams.ts';
import type { Past } from '../../domain/lead/time-travel.ts';
import { occurredUntil, recordedUntil } from '../../domain/lead/time-travel.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { LeadDocument } from '../../projections/leads.ts';
import { leads } from '../../projections/leads.ts';
import type { QueryContext } from '../queries.ts';
import type { LeadView } from './lead-view.ts';
import { insightOf, summaryOf } from './lead-view.ts';

/** The times that are asked about: until when facts were recorded, and until when activities occurred. */
export type Then = { readonly recorded: Date | undefined; readonly occurred: Date | undefined };

/** What a stream's facts added up to; undefined when it had none. */
const foldThen = async <S, E extends Event>(
  { states }: QueryContext,
  stream: string,
  evolve: (state: S, fact: Recorded<E>) => S,
  { initial, asOf }: { readonly initial: S; readonly asOf: Date | undefined },
): Promise<S | undefined> => {
  const take = recordedUntil(evolve, asOf);
  const yieldToOthers = timeSlices();
  let past: Past<S> = { now: initial, then: undefined };
  for await (const facts of states.pages<E>(stream, -1)) {
    for (const fact of facts) {
      past = take(past, fact);
      await yieldToOthers();
    }
  }
  return past.then;
};

type LeadThen = { readonly state: LeadState; readonly doc: LeadDocument | undefined; readonly revision: number };

const seeing =
  (key: { readonly project: string; readonly id: string }, occurred: Date | undefined) =>
  ({ state, doc }: LeadThen, fact: Recorded<LeadEvent>): LeadThen => {
    const { revision } = fact;
    if (occurred === undefined) return { state: lead.evolve(state, fact), doc: leads.evolve(doc, fact, key), revision };
    const left = occurredUntil(fact, occurred.toISOString());
    return { state: left ? lead.evolve(state, left) : state, doc, revision };
  };

/** A lead and its project's model as they were, or as what was known of them; `at` is the time that scores are as of. */
export type PastLead = LeadThen & { readonly leadId: string; readonly scoring: PublishedModel; readonly at: Date };

/**
 * Where a lead had been merged by then, if its stream ends with that; undefined when all its facts have to tell. So the way
 * along many merges costs no more than its steps, whatever was moved along it.
 */
const mergedThen = async (
  { states }: QueryContext,
  [projectId, id]: readonly [string, string],
  { recorded: asOf }: Then,
): Promise<string | undefined> => {
  const { state, revision } = await states.get(lead, leadStreamId(projectId, id));
  if (state.status !== 'merged') return undefined;
  const [last] = await states.read<LeadEvent>(streamOf('lead', leadStreamId(projectId, id)), revision - 1, 1);
  if (last?.type !== 'LeadMerged' || (asOf !== undefined && last.recordedAt > asOf)) return undefined;
  return last.data.into;
};

/**
 * A lead as of a time, followed through the merges that were made until then. Reads all facts of its stream: about 1.3 s of
 * computing for a lead of 100,000 activities, in turns, so that others need not wait. Throws a `Rejection` when there was none.
 */
export const leadThen = async (
  context: QueryContext,
  projectId: string,
  asked: string,
  then: Then,
): Promise<PastLead> => {
  const { recorded: asOf, occurred } = then;
  const at = occurred ?? asOf ?? context.clock();
  const unknown = (what: string) => new Rejection('lead-unknown', `Project ${projectId} ${what} ${at.toISOString()}`);
  const initial: LeadThen = { state: lead.initial, doc: undefined, revision: -1 };
  let id: string | undefined = asked;
  while (id !== undefined) {
    const into = await mergedThen(context, [projectId, id], then);
    if (into !== undefined) {
      id = into;
      continue;
    }
    const evolve = seeing({ project: projectId, id }, occurred);
    const reached: LeadThen | undefined = await foldThen(
      context,
      streamOf('lead', leadStreamId(projectId, id)),
      evolve,
      {
        initial,
        asOf,
      },
    );
    if (!reached) break;
    if (reached.state.status === 'lead') {
      if (occurred && reached.state.activities.size === 0) throw unknown(`knows nothing that lead ${asked} did until`);
      const inForce = await foldThen(context, streamOf('project', projectId), project.evolve, {
        initial: project.initial,
        asOf,
      });
      return { ...reached, leadId: id, scoring: (inForce ?? project.initial).scoring, at };
    }
    id = reached.state.into;
  }
  throw unknown(`had no lead ${asked} at`);
};

const extent = (times: Iterable<string>): { readonly first: string; readonly last: string } => {
  let [first, last] = ['', ''];
  for (const each of times) {
    if (first === '' || each < first) first = each;
    if (each > last) last = each;
  }
  return { first, last };
};

/** What is known of a lead by what it did. When somebody was told so (`qualifiedAt`) and who has it is not among that. */
const documentOf = ({ leadId, state, revision, scoring, at }: PastLead, times: readonly string[]): LeadDocument => {
  const { version, model } = scoring;
  const activities = listOf(state.activities);
  const consent = activities.reduce<LeadDocument['consent']>(consentAfter, undefined);
  const total = tally(scoring, scorable(state), at.getTime());
  const score = inPoints(total.score);
  const { first, last } = extent(times);
  return {
    leadId,
    score,
    fit: inPoints(total.fit),
    engagement: inPoints(total.engagement),
    model: version,
    scoredAt: at.toISOString(),
    stage: stageOf(model, score),
    qualified: score >= model.qualificationThreshold ? 1 : 0,
    identifiers: [...state.identifiers.values()].toSorted((a, b) => (a.value < b.value ? -1 : 1)),
    profile: traitsOf(state),
    firstSeenAt: first,
    lastActivityAt: last,
    activities: times.length,
    sources: [...new Set(activities.map(({ source }) => source))].sort(),
    ...(consent && { consent }),
    revision,
    terms: [],
    routing: 'none',
    decision: 0,
  };
};

/** A lead as of a time, as it is shown; by what was recorded it is what was shown then. */
export const viewThen = (projectId: string, past: PastLead, { occurred }: Then): LeadView => {
  const times = listOf(past.state.activities).map(({ occurredAt }) => occurredAt);
  const doc = occurred ? documentOf(past, times) : past.doc;
  if (!doc) throw new Rejection('lead-unknown', `Project ${projectId} had no lead ${past.leadId}`);
  const { routing, ...summary } = summaryOf(projectId, doc, past.scoring.model, past.at);
  const insight = insightOf(doc, paceOf(times, past.at), past.scoring.model, past.at);
  return { ...summary, ...(!occurred && { routing }), ...insight };
};
