import { Analytics } from '@segment/analytics-node';
import { z } from 'zod';
import type { Arrival, Who } from './activity.ts';
import { timeOf } from './activity.ts';
import type { Delivering } from './deliver.ts';
import { causeOf, DemoError, jsonIn } from './http.ts';
import { resultShape } from './tally.ts';

/** Segment's unmodified client, pointed at a project. */
export type Segment = {
  /** Resolves when the service has answered all of them. Throws a `DemoError` when some could not be delivered. */
  readonly send: (arrivals: readonly Arrival[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

const batch = z.object({ batch: z.array(z.object({ messageId: z.string() })) });
const answer = z.object({ results: z.array(resultShape) });

/** "pricing_page_visit" as such clients call it: "Pricing Page Visit". */
const titleOf = (eventType: string): string =>
  eventType.replace(/(^|_)([a-z])/g, (_, before: string, letter: string) => (before && ' ') + letter.toUpperCase());

const idsOf = ({ userId, anonymousId = '' }: Who) =>
  userId === undefined ? { anonymousId } : { userId, ...(anonymousId !== '' && { anonymousId }) };

const call = (client: Analytics, beginning: Date, { activity, eventId }: Arrival): void => {
  const { eventType, at, who, sessionId, properties, traits } = activity;
  const common = {
    ...idsOf(who),
    messageId: eventId,
    timestamp: timeOf(beginning, at),
    ...(sessionId !== undefined && { context: { sessionId } }),
  };
  if (eventType === 'identify') client.identify({ ...common, ...(traits && { traits }) });
  else if (eventType === 'page_view') client.page({ ...common, ...(properties && { properties }) });
  else client.track({ ...common, event: titleOf(eventType), ...(properties && { properties }) });
};

/** Opens a client for a project. What the service answers it is heard on the way. */
export const openSegment = ({ project, beginning, tally }: Delivering): Segment => {
  const waiting = new Map<string, Arrival[]>();
  const failures: string[] = [];

  const hear = (request: string, response: string): void => {
    const { results } = answer.parse(jsonIn(response));
    batch.parse(jsonIn(request)).batch.forEach(({ messageId }, index) => {
      const arrival = waiting.get(messageId)?.shift();
      const result = results[index];
      if (arrival && result) tally.note(arrival, result);
    });
  };
  const client = new Analytics({
    host: project.url,
    writeKey: project.writeKey,
    flushAt: 50,
    maxRetries: 3,
    httpClient: async (url, { method, headers, body }) => {
      const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(30_000) });
      const text = await response.text();
      if (response.ok) {
        hear(body, text);
        tally.reached(project, Number(response.headers.get('leadfold-position') ?? 0));
      }
      return {
        status: response.status,
        statusText: response.statusText,
        headers: response.headers,
        text: async () => text,
      };
    },
  });
  client.on('error', ({ reason, code }) => failures.push(reason instanceof Error ? causeOf(reason) : code));

  return {
    send: async (arrivals) => {
      for (const arrival of arrivals) {
        waiting.set(arrival.eventId, [...(waiting.get(arrival.eventId) ?? []), arrival]);
        call(client, beginning, arrival);
      }
      await client.flush();
      const lost = [...waiting.values()].flat().length;
      if (failures.length === 0 && lost === 0) return;
      throw new DemoError(
        `Segment's client could not deliver ${lost} events to ${project.url}: ${failures.join('; ')}`,
      );
    },
    close: () => client.closeAndFlush(),
  };
};
