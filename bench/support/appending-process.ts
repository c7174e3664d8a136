// Appends to streams of an EventStoreDB, each writer to one of its own, and tells how many appends were answered a second, and what they cost.
import { randomUUID as newId } from 'node:crypto';
import { once } from 'node:events';
import { EventStoreDBClient, jsonEvent, NO_STREAM } from '@eventstore/db-client';
import type { JSONType } from '@eventstore/db-client';
import type { NewEvent } from '../../src/eventstore/event-store.ts';
import { openEventStoreDB } from '../../src/eventstore/eventstoredb/store.ts';
import type { Appended, Appending } from './appending.ts';
import { eventOf } from './events.ts';

/** Appends to a stream at a revision, -1 when it is empty. */
type Append = (stream: string, revision: number, events: readonly NewEvent[]) => Promise<unknown>;

const [{ url, by, writers, warmUp, seconds }] = (await once(process, 'message')) as [Appending];
const client = EventStoreDBClient.connectionString(url);

const byClient: Append = (stream, revision, events) => {
  const expectedRevision = revision === -1 ? NO_STREAM : BigInt(revision);
  const proposed = events.map(({ id, type, data, metadata }) =>
    jsonEvent({ id, type, data: data as JSONType, metadata }),
  );
  return client.appendToStream(stream, proposed, { expectedRevision });
};
const store = openEventStoreDB(url);
const append: Append = by === 'client' ? byClient : (...given) => store.append(...given);

/** The facts that one activity comes to. */
const factsOf = (nth: number): readonly NewEvent[] => {
  const [commandId, correlationId] = [`once:${newId()}`, newId()];
  const metadata = { commandId, correlationId, actor: 'key:bench', causationId: commandId, version: 1 };
  const score = { score: nth, fit: 0, engagement: nth, delta: 5, model: 1, cause: 'activity', qualified: false };
  return [
    { id: newId(), type: 'ActivityRecorded', data: { eventId: newId(), ...eventOf(nth, 1_000) }, metadata },
    { id: newId(), type: 'LeadScored', data: { ...score, because: [{ rule: 'page_view', points: 5 }] }, metadata },
    { id: newId(), type: 'StageChanged', data: { from: 'cold', to: 'warm', score: nth, model: 1 }, metadata },
  ];
};

/** Throws unless the last fact of a stream has that revision. */
const mustEndAt = async (stream: string, revision: number): Promise<void> => {
  let last: number | undefined;
  const rest = client.readStream(stream, { fromRevision: BigInt(revision) });
  for await (const { event } of rest) last = Number(event?.revision);
  if (last !== revision) throw new Error(`${stream} was acknowledged up to ${revision}, but ends at ${last}`);
};

/** Appends to a stream as often as it is answered in some seconds. Says how often that was. */
const write = async (stream: string, duration: number): Promise<number> => {
  const until = performance.now() + duration * 1_000;
  let [count, revision] = [0, -1];
  while (performance.now() < until) {
    const facts = factsOf(count);
    await append(stream, revision, facts);
    revision += facts.length;
    count++;
  }
  await mustEndAt(stream, revision);
  return count;
};

const together = async (duration: number): Promise<number> => {
  // No stream of the product's own, whose projections would read it.
  const names = Array.from({ length: writers }, () => `bench-${newId()}`);
  const counts = await Promise.all(names.map((name) => write(name, duration)));
  return counts.reduce((sum, count) => sum + count, 0);
};

await together(warmUp);
const before = process.cpuUsage();
const count = await together(seconds);
const { user, system } = process.cpuUsage(before);
process.send?.({ rate: count / seconds, cpu: (user + system) / count } satisfies Appended, () => process.exit());
