import type { ReadPosition } from '@eventstore/db-client';
import { ownStreams } from '../../domain/streams.ts';
import type { Batch, Filter, Place, Recorded } from '../event-store.ts';
import { placeOfFact, wanting } from '../event-store.ts';
import { placeOf, readThrough, recorded } from './client.ts';
import type { Connection } from './client.ts';
import { alarm, pulled, WINDOW } from './pulling.ts';
import { pageRoom } from '../page.ts';
import type { Past } from './past.ts';
import type { Tail, Tails, Wanted } from './tail.ts';

/** Behind a subscription is always a filter of stream names: the system's own streams are nobody's concern. */
type Followed = Filter & Required<Pick<Filter, 'streams'>>;
type Reading = {
  readonly connection: Connection;
  readonly tails: Tails;
  readonly past: Past;
  readonly signal: AbortSignal;
};
/** `own` are the facts that are never taken away, unlike those of others: the last of them is told with each batch. */
type Reader = Omit<Reading, 'tails'> & { readonly tail: Tail; readonly wanted: Wanted; readonly own: Wanted };

/** Milliseconds to wait for the server before looking ourselves for what comes next. */
const GRACE = 100;
/** At most every so many ms a reader tells that there was nothing for it: to save that costs as much as to save a fact. */
const PASSING = 100;

/** What is wanted of the next `count` events from a place on, and where the last of those is; 0 when there is none. */
async function nextFrom(
  place: ReadPosition,
  count: number,
  { connection, signal, wanted, own }: Reader,
): Promise<Batch> {
  const events: Recorded[] = [];
  let position = 0;
  let last: Place | undefined;
  const room = pageRoom();
  const read = connection.client.readAll({ fromPosition: place, maxCount: count, requiresLeader: true });
  const look = ({ event: stored }: { readonly event?: Parameters<typeof recorded>[0] }): boolean => {
    if (!stored) return true;
    const event = recorded(stored, connection.where);
    position = event.position;
    if (own(event)) last = placeOfFact(event);
    if (!wanted(event)) return true;
    events.push(event);
    room.put(event);
    return !room.isFull();
  };
  try {
    await readThrough(connection, read, look, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return { events, position, ...(last && { last }) };
}

/** Follows by what all who catch up read together, until the tail holds what comes next. Each goes through it at its own pace. */
async function* catchUpTogether(from: number, { past, tail, wanted, signal }: Reader): AsyncGenerator<Batch> {
  const { ring, heard } = alarm();
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  signal.addEventListener('abort', ring);
  let position = from;
  try {
    while (!signal.aborted && !tail.holds(position)) {
      tail.check();
      const stretch = await Promise.race([past(position), aborted]);
      if (!stretch) return;
      if (stretch.position <= position) {
        // The tail has seen what the server does not show yet.
        await heard(GRACE);
        continue;
      }
      const before = position;
      position = stretch.position;
      const events = stretch.events.filter((event) => event.position > before && wanted(event));
      yield { events, position, end: tail.end(), ...(stretch.last && { last: stretch.last }) };
    }
  } finally {
    signal.removeEventListener('abort', ring);
  }
}

/**
 * Follows by a subscription of its own, behind the server's filter, until the tail holds what comes next. Close to there the
 * server tells nothing of events that are not wanted, so who hears nothing looks for itself.
 */
async function* catchUpAlone(from: number, prefixes: readonly string[], reader: Reader): AsyncGenerator<Batch> {
  const { connection, tail, wanted, signal } = reader;
  const { ring, heard } = alarm();
  const subscription = pulled(connection, from, ring, prefixes);
  signal.addEventListener('abort', ring);
  let [position, late] = [from, false];

  const next = async (): Promise<Batch> => {
    const taken = subscription.take();
    const last = taken.at(-1);
    if (last) return { events: taken.filter(wanted), position: last.position, last: placeOfFact(last) };
    subscription.check();
    const checkpoint = subscription.checkpoint();
    // A checkpoint can be where the next event will begin, and is no position of something handled before that event is.
    if (checkpoint > position) return nextFrom({ commit: checkpoint, prepare: checkpoint }, 1, reader);
    return late ? nextFrom(placeOf(position), WINDOW, reader) : { events: [], position };
  };

  try {
    while (!signal.aborted && !tail.holds(position)) {
      tail.check();
      const batch = await next();
      late = false;
      if (batch.position > position) {
        const before = position;
        position = batch.position;
        yield { ...batch, end: tail.end(), events: batch.events.filter((event) => event.position > before) };
      } else {
        late = !(await heard(GRACE));
      }
    }
  } finally {
    signal.removeEventListener('abort', ring);
    subscription.end();
  }
}

/** Takes what comes from the tail, as long as the tail holds what comes next. */
async function* goAlong(
  from: number,
  { tail, wanted, own, signal }: Omit<Reader, 'connection' | 'past'>,
): AsyncGenerator<Batch> {
  const { ring, heard } = alarm();
  const forget = tail.watch(ring);
  signal.addEventListener('abort', ring);
  let [position, told, passed] = [from, from, -Infinity];
  try {
    while (!signal.aborted && tail.holds(position)) {
      const batch = tail.after(position, wanted, own);
      position = batch.position;
      const rest = passed + PASSING - performance.now();
      if (batch.events.length > 0 || (position > told && rest <= 0)) {
        if (batch.events.length === 0) passed = performance.now();
        told = position;
        yield { ...batch, end: tail.end() };
      } else {
        tail.check();
        await heard(position > told ? rest : undefined);
      }
    }
  } finally {
    forget();
    signal.removeEventListener('abort', ring);
  }
}

/** Whether streams are all that begin so: then most of the log is wanted by somebody. Those of one project are few of many. */
const areAllOfTheirKind = (prefixes: readonly string[]): boolean =>
  prefixes.every((prefix) => ownStreams.includes(prefix));

/**
 * Follows the whole log behind a filter: the past together with others who catch up, or by a subscription of its own who wants
 * little of it; and from where the tail of the connection begins by that. A reader that is too slow for the tail catches up
 * again. The server looks at the names of streams, types are looked at here: it can't do both. Positions are always those of
 * events. Ends when the signal aborts and throws `StoreUnavailable` when a subscription fails, ends, or the store is closed.
 */
export async function* follow(
  from: number,
  filter: Followed,
  { connection, tails, past, signal }: Reading,
): AsyncGenerator<Batch> {
  if (signal.aborted) return;
  const { tail, leave } = tails();
  const own = wanting({ streams: [...ownStreams, ...filter.streams] });
  const reader = { connection, past, tail, wanted: wanting(filter), own, signal };
  const catchUp = (position: number): AsyncGenerator<Batch> =>
    areAllOfTheirKind(filter.streams)
      ? catchUpTogether(position, reader)
      : catchUpAlone(position, filter.streams, reader);
  let position = from;
  try {
    while (!signal.aborted) {
      const batches = tail.holds(position) ? goAlong(position, reader) : catchUp(position);
      for await (const batch of batches) {
        position = batch.position;
        yield batch;
      }
    }
  } finally {
    leave();
  }
}
