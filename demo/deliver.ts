import { z } from 'zod';
import type { Arrival, Way } from './activity.ts';
import { dayMinutes, days, timeOf, wayNames } from './activity.ts';
import { ask, DemoError } from './http.ts';
import type { Project } from './projects.ts';
import type { Segment } from './segment.ts';
import { openSegment } from './segment.ts';
import { ofFirst } from './story.ts';
import type { Tally } from './tally.ts';
import { resultShape } from './tally.ts';

/** Where things go to, since when, and what keeps count. */
export type Delivering = { readonly project: Project; readonly beginning: Date; readonly tally: Tally };

type Send = (to: Delivering, arrivals: readonly Arrival[]) => Promise<void>;

const receipt = resultShape.omit({ error: true });
const many = z.object({ results: z.array(resultShape) });

/** How many requests are on their way at a time, and how many items a batch has at most. */
const width = 6;
const batchSize = 100;

const inTurn = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const next = items.values();
  const worker = async (): Promise<void> => {
    for (const item of next) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
};

const nativeOf = (beginning: Date, { activity, eventId }: Arrival): object => {
  const { eventType, at, who, sessionId, properties, traits } = activity;
  return { eventType, eventId, timestamp: timeOf(beginning, at), ...who, sessionId, properties, traits };
};

const cloudEventOf = (beginning: Date, { activity, eventId }: Arrival): object => {
  const { eventType, at, who, properties, traits } = activity;
  return {
    specversion: '1.0',
    id: eventId,
    source: '/crm',
    type: eventType,
    time: timeOf(beginning, at),
    data: { ...who, ...properties, traits },
  };
};

const one =
  (path: string, type: string, write: (beginning: Date, arrival: Arrival) => object): Send =>
  ({ project, beginning, tally }, arrivals) =>
    inTurn(arrivals, async (arrival) => {
      const body = JSON.stringify(write(beginning, arrival));
      const call = { url: `${project.url}${path}`, key: project.writeKey, headers: { 'Content-Type': type }, body };
      const answer = await ask(call, receipt);
      tally.note(arrival, answer.body);
      tally.reached(project, answer.position);
    });

const together =
  (type: string, write: (items: readonly object[]) => string): Send =>
  async ({ project, beginning, tally }, arrivals) => {
    for (let from = 0; from < arrivals.length; from += batchSize) {
      const part = arrivals.slice(from, from + batchSize);
      const body = write(part.map((arrival) => nativeOf(beginning, arrival)));
      const url = `${project.url}/api/events/batch`;
      const answer = await ask({ url, key: project.writeKey, headers: { 'Content-Type': type }, body }, many);
      const { results } = answer.body;
      if (results.length !== part.length)
        throw new DemoError(`${url} answered ${results.length} of ${part.length} items`);
      part.forEach((arrival, index) => results.slice(index, index + 1).forEach((each) => tally.note(arrival, each)));
      tally.reached(project, answer.position);
    }
  };

const senders = (segment: Segment): Readonly<Record<Way, Send>> => ({
  single: one('/api/events/ingest', 'application/json', nativeOf),
  cloudevents: one('/api/events', 'application/cloudevents+json', cloudEventOf),
  batch: together('application/json', (events) => JSON.stringify({ events })),
  ndjson: together('application/x-ndjson', (items) => items.map((item) => `${JSON.stringify(item)}\n`).join('')),
  segment: (_, arrivals) => segment.send(arrivals),
});

/** A project's part of the fortnight. Days come one after the other, the ways in side by side. */
const deliverTo = async (to: Delivering, arrivals: readonly Arrival[]): Promise<void> => {
  const segment = openSegment(to);
  const send = senders(segment);
  for (let day = 0; day < days; day++) {
    const today = arrivals.filter(({ at }) => Math.floor(at / dayMinutes) === day);
    await Promise.all(
      wayNames.map((name) =>
        send[name](
          to,
          today.filter(({ way }) => way === name),
        ),
      ),
    );
  }
  await segment.close();
};

/** Sends all that arrives in the fortnight. Throws a `DemoError` when something can't be delivered. */
export const deliver = async (
  [first, second]: readonly [Project, Project],
  arrivals: readonly Arrival[],
  more: Omit<Delivering, 'project'>,
): Promise<void> => {
  const isFirst = ({ activity }: Arrival): boolean => activity.visitor < ofFirst;
  await Promise.all([
    deliverTo({ project: first, ...more }, arrivals.filter(isFirst)),
    deliverTo(
      { project: second, ...more },
      arrivals.filter((arrival) => !isFirst(arrival)),
    ),
  ]);
};
