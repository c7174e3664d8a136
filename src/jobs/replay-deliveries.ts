import { z } from 'zod';
import { requestDelivery } from '../commands/deliveries/request-delivery.ts';
import type { Endpoint } from '../domain/deliveries/endpoints.ts';
import { endpoints } from '../domain/deliveries/endpoints.ts';
import type { ToldType } from '../domain/deliveries/told.ts';
import { wants } from '../domain/deliveries/told.ts';
import { toldFacts } from '../domain/deliveries/told-facts.ts';
import { isoTime } from '../domain/lead/activity.ts';
import { streamsOf } from '../domain/streams.ts';
import type { EventStore, Recorded } from '../eventstore/event-store.ts';
import { dueTo, endpointsAsOf, toldAs } from '../projections/deriving.ts';
import { factsAfter } from './facts-after.ts';
import type { JobAt, JobContext, JobHandler, Progress } from './job-handler.ts';

/** An end of a range: a position of the log, or a time. */
export const rangeEnd = z.union([z.number().int().min(0), isoTime]);

const detailsOf = z.object({ endpointId: z.string(), after: rangeEnd.optional(), until: rangeEnd.optional() });
type Details = z.infer<typeof detailsOf>;
type End = z.infer<typeof rangeEnd>;

/** Whether a fact comes after an end of a range. */
const isBehind = ({ position, recordedAt }: Recorded, end: End): boolean =>
  typeof end === 'number' ? position > end : recordedAt.toISOString() > end;

/** A position is not in the range that begins after it; a time is. */
const isIn = (fact: Recorded, { after = 0, until }: Details): boolean =>
  (isBehind(fact, after) || fact.recordedAt.toISOString() === after) && (until === undefined || !isBehind(fact, until));

/** A fact that an endpoint is to be told of, and whether it follows from the log that it is. */
type Wanted = { readonly fact: Recorded; readonly type: ToldType; readonly derived: boolean };

const wantedIn = async (
  store: Pick<EventStore, 'read'>,
  { projectId }: JobAt,
  { endpointId, types }: Endpoint,
  facts: readonly Recorded[],
): Promise<readonly Wanted[]> => {
  const known = endpointsAsOf(store);
  const found: Wanted[] = [];
  for (const fact of facts) {
    const type = await toldAs(store, fact);
    if (type === undefined || !wants(types, type)) continue;
    const then = await known.of(projectId, fact.position);
    const derived = dueTo(then, fact, type).some(({ data }) => data.endpointId === endpointId);
    found.push({ fact, type, derived });
  }
  return found;
};

/** Asks for the delivery of each fact: those of a lead one after the other, as they are to be sent in that order. */
const ask = async ({ engine, request }: JobContext, endpoint: Endpoint, wanted: readonly Wanted[]): Promise<void> => {
  const only = {
    endpoints: endpoints.initial.endpoints.set(endpoint.endpointId, { ...endpoint, disabled: undefined }),
  };
  const askInTurn = async (some: readonly Wanted[]): Promise<void> => {
    for (const { fact, type, derived } of some) {
      const { stream, revision, position } = fact;
      for (const { data } of dueTo(only, fact, type)) {
        const { leadId, ...about } = data;
        const place = { stream, revision, position };
        const input = {
          ...about,
          ...(leadId !== undefined && { leadId }),
          fact: place,
          reason: 'replay',
          derived,
        } as const;
        await engine.handle(requestDelivery, input, request);
      }
    }
  };
  await Promise.all([...Map.groupBy(wanted, ({ fact }) => fact.stream).values()].map(askInTurn));
};

/**
 * Has an endpoint told of all that happened in a range of the log and that it wants to be told of now: what was not made for it, as it
 * was disabled or not there, and once more what was sent. What is pending anyway is not asked for again.
 */
export const replayDeliveries = (store: Pick<EventStore, 'follow' | 'read'>): JobHandler => ({
  kind: 'replay-deliveries',
  step: async (job, context): Promise<Progress> => {
    const details = detailsOf.parse(job.details);
    const { state } = await context.engine.states.refresh(endpoints, job.projectId);
    const endpoint = state.endpoints.get(details.endpointId);
    const { done, cursor } = job;
    const begin = typeof details.after === 'number' ? details.after : 0;
    const [from = begin, aim = await context.head()] = cursor === '' ? [] : cursor.split(' ').map(Number);
    const streams = [streamsOf('lead', job.projectId), streamsOf('work', job.projectId)];
    const batch = await factsAfter(store, from, context, { streams, types: toldFacts });
    const facts = batch.events.filter((fact) => fact.position <= aim && isIn(fact, details));
    const wanted = endpoint ? await wantedIn(store, job, endpoint, facts) : [];
    if (endpoint) await ask(context, endpoint, wanted);
    const last = batch.events.at(-1);
    const isPast = last !== undefined && details.until !== undefined && isBehind(last, details.until);
    const soFar = done + wanted.length;
    const complete = !endpoint || batch.position >= aim || isPast;
    const progress = { cursor: `${batch.position} ${aim}`, done: soFar, total: soFar, complete };
    return complete ? { ...progress, result: { deliveries: soFar } } : progress;
  },
});
