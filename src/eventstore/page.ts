import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Event } from '../domain/event.ts';
import type { EventStore, Metadata, Recorded } from './event-store.ts';

/**
 * How much of a log is read in one go, whoever reads it: so many events at most, and when their JSON has so many characters
 * (about bytes) the next one waits for the next page. One event is always read, however large it is.
 */
export const pageLimits = { events: 1_000, bytes: 2 * 1024 * 1024 } as const;

/** How many bytes of JSON may be kept at hand in pages that were read, for those who follow the log behind the first. */
export const keptBytes = 4 * pageLimits.bytes;

/** All events of a stream above a revision (default -1), a page at a time. Each page is one read, and none comes after the last. */
export async function* streamPages<E extends Event>(
  store: Pick<EventStore, 'read'>,
  stream: string,
  after = -1,
): AsyncGenerator<readonly Recorded<E>[]> {
  for (let revision = after; ;) {
    const { events, more } = await store.read(stream, revision);
    // What a stream's name says its facts are.
    if (events.length > 0) yield events as readonly Recorded<E>[];
    revision = events.at(-1)?.revision ?? revision;
    if (!more) return;
    // To read and parse a page may be synchronous, and take several ms: others have their turn before the next one.
    await nextTurn();
  }
}

/** About how many characters a value has as JSON, for one that was parsed by somebody else. */
const lengthOf = (value: unknown): number => {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 5;
  let length = 2;
  for (const [key, part] of Object.entries(value)) length += key.length + 4 + lengthOf(part);
  return length;
};

/** Counts the bytes of a page: whether one more event has room in it. */
export const pageRoom = () => {
  let [events, bytes] = [0, 0];
  return {
    /** Puts in an event, of so many bytes where that is known. */
    put: ({ data, metadata }: { readonly data: unknown; readonly metadata: Metadata }): void => {
      events += 1;
      bytes += lengthOf(data) + lengthOf(metadata);
    },
    bytes: (): number => bytes,
    isFull: (): boolean => events >= pageLimits.events || bytes >= pageLimits.bytes,
  };
};
