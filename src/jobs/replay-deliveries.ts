import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import { requestDelivery } from '../commands/deliveries/request-delivery.ts';
import type { Endpoint } from '../domain/deliveries/endpoints.ts';
import { endpoints } from '../domain/deliveries/endpoints.ts';
import { toldFacts } from '../domain/deliveries/told-facts.ts';
import { isoTime } from '../domain/lead/activity.ts';
import { streamsOf } from '../domain/streams.ts';
import type { EventStore, Recorded } from '../eventstore/event-store.ts';
import { dueTo, endpointsAsOf, toldAs } from '../projections/deriving.ts';
import type { JobAt, JobContext, JobHandler } from './job-handler.ts';
import { factsAfter } from './rebuild-project.ts';

/** What a replay is asked for with: of which endpoint, and of what was recorded from when until when. */
const replay = z.object({ endpointId: z.string(), after: isoTime, until: isoTime.optional() });

/** How many facts one step tells again. */
const factsAStep = 200;

/** How far the clocks of those who record may be apart, in ms. */
const clocksApart = 60_000;

type Log = Pick<EventStore, 'follow' | 'read'>;

/** A position before which nothing was recorded at a time or later. The log is in the order of time but for the clocks. */
const positionBefore = async (store: Log, at: number, context: JobContext): Promise<number> => {
  let [from, to] = [0, await context.head()];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const [first] = (await factsAfter(store, middle, context, {})).events;
    if (first && first.recordedAt.getTime() < at) from = first.position;
    else to = middle;
  }
  return from;
};

/** Has an endpoint told of a fact again, or of what it was not told then. Gives whether it wants to be told of that at all. */
const tellAgain = async (
  store: Log,
  fact: Recorded,
  [endpoint, then]: readonly [Endpoint, ReturnType<typeof endpointsAsOf>],
  [{ projectId, jobId }, { engine, request }]: readonly [JobAt, JobContext],
): Promise<boolean> => {
  const type = await toldAs(store, fact);
  if (type === undefined) return false;
  const { endpointId } = endpoint;
  const now = { endpoints: PersistentMap([[endpointId, { ...endpoint, disabled: undefined }]]) };
  const [due] = dueTo(now, fact, type);
  if (!due) return false;
  const { deliveryId, toldId, leadId } = due.data;
  const asOfThen = dueTo(await then.of(projectId, fact.position), fact, type);
  const derived = asOfThen.some(({ data }) => data.endpointId === endpointId);
  const { stream, revision, position } = fact;
  const about = { projectId, deliveryId, endpointId, ...(leadId !== undefined && { leadId }), toldId, type };
  const input = { ...about, fact: { stream, revision, position }, reason: 'replay' as const, derived };
  await engine.yieldToOthers(projectId);
  // A step that comes again finds what it asked for, also where that was done meanwhile.
  await engine.handle(requestDelivery, input, { ...request, commandId: `${jobId}:${toldId}` });
  return true;
};

/**
 * Tells an endpoint again what was recorded in a span of time, and what it was not told as it was disabled or not there: all up to
 * when that was asked for. An endpoint that is gone meanwhile is told nothing.
 */
export const replayDeliveries = (store: Log): JobHandler => ({
  kind: 'replay-deliveries',
  step: async (job, context) => {
    const { projectId, details, cursor, done, position: aim } = job;
    const { endpointId, after, until } = replay.parse(details);
    const [begin, end] = [Date.parse(after), until === undefined ? Infinity : Date.parse(until)];
    const from = cursor === '' ? await positionBefore(store, begin - clocksApart, context) : Number(cursor);
    const { state } = await context.engine.states.refresh(endpoints, projectId);
    const endpoint = state.endpoints.get(endpointId);
    const filter = { streams: [streamsOf('lead', projectId), streamsOf('work', projectId)], types: toldFacts };
    const batch = endpoint ? await factsAfter(store, from, context, filter) : { events: [], position: aim };
    const wanted = batch.events.filter(({ position }) => position <= aim);
    const facts = wanted.slice(0, factsAStep);
    const then = endpointsAsOf(store);
    let [told, reached] = [0, 0];
    for (const fact of facts) {
      // Where it has to stop in the midst of a step, the next step begins with what was not reached.
      if (!endpoint || context.signal.aborted) break;
      const at = fact.recordedAt.getTime();
      if (at >= begin && at <= end && (await tellAgain(store, fact, [endpoint, then], [job, context]))) told += 1;
      reached += 1;
    }
    const last = facts[reached - 1];
    const next = reached === wanted.length ? batch.position : (last?.position ?? from);
    const isPast = last !== undefined && last.recordedAt.getTime() > end + clocksApart;
    const complete = !endpoint || next >= aim || isPast;
    const total = done + told;
    return { cursor: String(next), done: total, total, complete, ...(complete && { result: { deliveries: total } }) };
  },
});
