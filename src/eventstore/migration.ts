import { createHash } from 'node:crypto';
import { ownStreams } from '../domain/streams.ts';
import type { EventStore, NewEvent, Recorded } from './event-store.ts';
import { RevisionConflict } from './event-store.ts';

/** Told as it goes: how far in the log of the source, of how far; both are positions there. */
export type Progress = (position: number, head: number) => void;

/** The streams that make up the product's log. */
const own = { streams: ownStreams };

/** Reads a log from the beginning to where it ends now, a batch at a time. */
async function* wholeLog(store: EventStore, progress: Progress) {
  const head = await store.head();
  if (head === 0) return;
  const end = new AbortController();
  for await (const { events, position } of store.follow(0, end.signal, own)) {
    yield events;
    progress(Math.min(position, head), head);
    if (position >= head) end.abort();
  }
}

const copyOf = ({ id, type, data, metadata, recordedAt }: Recorded): NewEvent => ({
  id,
  type,
  data,
  metadata: { ...metadata, recordedAt: metadata.recordedAt ?? recordedAt.toISOString() },
});

/** Appends the events of one stream where they belong. What an earlier run copied is there already, by its ids. */
const copyStream = async (to: EventStore, stream: string, events: readonly Recorded[]): Promise<number> => {
  const [first] = events;
  if (!first) return 0;
  const expected = first.revision - 1;
  try {
    await to.append(stream, expected, events.map(copyOf));
    return events.length;
  } catch (error) {
    if (error instanceof RangeError && events.length > 1) return copyHalves(to, stream, events);
    if (!(error instanceof RevisionConflict)) throw error;
    const { events: there } = await to.read(stream, expected, events.length);
    const same = there.slice(0, events.length).every(({ id }, index) => id === events[index]?.id);
    if (!same || there.length === 0) {
      throw new Error(
        `${stream} has other facts in the target, from revision ${first.revision} on; take an empty target`,
        {
          cause: error,
        },
      );
    }
    return copyStream(to, stream, events.slice(there.length));
  }
};

/** What a target does not take at once, in two parts. */
const copyHalves = async (to: EventStore, stream: string, events: readonly Recorded[]): Promise<number> => {
  const half = Math.ceil(events.length / 2);
  const first = await copyStream(to, stream, events.slice(0, half));
  return first + (await copyStream(to, stream, events.slice(half)));
};

/**
 * Copies all facts of a log that nobody writes to into another store: ids, order within each stream, data and metadata stay,
 * and when they were recorded is kept. Can be run again after it was cut off. Gives the number of facts copied by this run;
 * throws when a stream of the target has other facts.
 */
export const copyLog = async (from: EventStore, to: EventStore, progress: Progress): Promise<number> => {
  let copied = 0;
  for await (const events of wholeLog(from, progress)) {
    const byStream = Map.groupBy(events, ({ stream }) => stream);
    const counts = await Promise.all([...byStream].map(([stream, some]) => copyStream(to, stream, some)));
    copied += counts.reduce((sum, count) => sum + count, 0);
  }
  return copied;
};

/** How many facts a log has, and a hash of them all that does not depend on the order of streams among each other. */
export type Summary = { readonly facts: number; readonly hash: string };

const digestOf = ({ id, type, stream, revision, data, metadata, recordedAt }: Recorded): bigint => {
  const { recordedAt: original = recordedAt.toISOString(), ...rest } = metadata;
  const text = JSON.stringify([stream, revision, id, type, data, Object.entries(rest).sort(), original]);
  return BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
};

/** Reads a whole log and sums it up. The sum of the facts' SHA-256 (modulo 2^256) says whether two logs have the same facts. */
export const summarize = async (store: EventStore, progress: Progress): Promise<Summary> => {
  let [facts, sum] = [0, 0n];
  for await (const events of wholeLog(store, progress)) {
    facts += events.length;
    for (const event of events) sum += digestOf(event);
  }
  return { facts, hash: BigInt.asUintN(256, sum).toString(16).padStart(64, '0') };
};
