import { ownStreams } from '../../domain/streams.ts';
import type { Place, Recorded } from '../event-store.ts';
import { placeOfFact, wanting } from '../event-store.ts';
import { keptBytes, pageLimits, pageRoom } from '../page.ts';
import { placeOf, readThrough, recorded } from './client.ts';
import type { Connection } from './client.ts';

/** What the log has of our streams after a position and up to another; `last` is the last of it. */
export type Stretch = {
  readonly from: number;
  readonly position: number;
  readonly events: readonly Recorded[];
  readonly last?: Place;
  /** About how much memory it takes as JSON. */
  readonly bytes: number;
};

/** What a stretch takes at least: most of a log may be other applications' events. */
const LEAST = 16 * 1024;

/**
 * The next stretch after a position, at least as far as the next event; with no events and at the same position when the log has
 * no more. Rejects with `StoreUnavailable`.
 */
export type Past = (from: number) => Promise<Stretch>;

/** The log before its tail, in stretches that are read and decoded once for all who catch up over a connection. */
export function pastOf(connection: Connection): Past {
  const own = wanting({ streams: ownStreams });
  // Those that were asked for last are at the end.
  const kept = new Set<Stretch>();
  const underway = new Map<number, Promise<Stretch>>();

  const keep = (stretch: Stretch): void => {
    kept.delete(stretch);
    kept.add(stretch);
    let bytes = 0;
    for (const each of [...kept].reverse()) {
      bytes += each.bytes;
      if (bytes > keptBytes && each !== stretch) kept.delete(each);
    }
  };

  const read = async (from: number): Promise<Stretch> => {
    const events: Recorded[] = [];
    const room = pageRoom();
    let position = from;
    // One more, as the event at the position itself comes again.
    const options = { fromPosition: placeOf(from), maxCount: pageLimits.events + 1, requiresLeader: true };
    await readThrough(connection, connection.client.readAll(options), ({ event: stored }) => {
      const event = stored && recorded(stored, connection.where);
      if (!event || event.position <= from) return true;
      position = event.position;
      if (!own(event)) return true;
      events.push(event);
      room.put(event);
      return !room.isFull();
    });
    const last = events.at(-1);
    return { from, position, events, bytes: LEAST + room.bytes(), ...(last && { last: placeOfFact(last) }) };
  };

  const load = (from: number): Promise<Stretch> => {
    const loading = read(from).finally(() => underway.delete(from));
    underway.set(from, loading);
    return loading.then((stretch) => {
      if (stretch.position > from) keep(stretch);
      return stretch;
    });
  };

  return async (from) => {
    for (const stretch of kept) {
      if (from < stretch.from || from >= stretch.position) continue;
      keep(stretch);
      return stretch;
    }
    return underway.get(from) ?? load(from);
  };
}
