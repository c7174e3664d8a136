import { ownStreams } from '../../domain/streams.ts';
import type { Batch, Filter } from '../event-store.ts';
import { wanting } from '../event-store.ts';
import type { Sought } from './pulling.ts';
import { alarm } from './pulling.ts';
import type { Pasts } from './past.ts';
import type { Tail, Tails, Wanted } from './tail.ts';

/** Behind a subscription is always a filter of stream names: the system's own streams are nobody's concern. */
type Followed = Filter & Required<Pick<Filter, 'streams'>>;
type Reading = { readonly tails: Tails; readonly pasts: Pasts; readonly signal: AbortSignal };
/** `own` are the facts that are never taken away, unlike those of others: the last of them is told with each batch. */
type Reader = Omit<Reading, 'tails'> & { readonly tail: Tail; readonly wanted: Wanted; readonly own: Wanted };

/** At most every so many ms a reader tells that there was nothing for it: to save that costs as much as to save a fact. */
const PASSING = 100;

/**
 * Follows by what all who catch up read together, until the tail holds what comes next. Each goes through it at its own pace: who
 * is so far behind the others that it is not kept any more reads it again.
 */
async function* catchUp(from: number, sought: Sought, reader: Reader): AsyncGenerator<Batch> {
  const { pasts, tail, wanted, signal } = reader;
  const { past, leave } = pasts.enter(sought);
  const aborted = Promise.withResolvers<undefined>();
  const end = (): void => aborted.resolve(undefined);
  signal.addEventListener('abort', end);
  let position = from;
  try {
    while (!signal.aborted && !tail.holds(position)) {
      tail.check();
      const batch = await Promise.race([past.after(position), aborted.promise]);
      if (!batch || batch.position <= position) continue;
      const before = position;
      position = batch.position;
      const events = batch.events.filter((event) => event.position > before && wanted(event));
      yield { ...batch, events, end: tail.end() };
    }
  } finally {
    signal.removeEventListener('abort', end);
    leave();
  }
}

/** Takes what comes from the tail, as long as the tail holds what comes next. */
async function* goAlong(from: number, { tail, wanted, own, signal }: Omit<Reader, 'pasts'>): AsyncGenerator<Batch> {
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

/**
 * Follows the whole log behind a filter: the past together with others who catch up, and from where the tail of the connection
 * begins by that. A reader that is too slow for the tail catches up again. The server looks at the names of streams, types
 * are looked at here: it can't do both. Positions are always those of events. Ends when the signal aborts and throws
 * `StoreUnavailable` when a subscription fails, ends, or the store is closed.
 */
export async function* follow(
  from: number,
  filter: Followed,
  { tails, pasts, signal }: Reading,
): AsyncGenerator<Batch> {
  if (signal.aborted) return;
  const { tail, leave } = tails();
  const own = wanting({ streams: [...ownStreams, ...filter.streams] });
  const reader = { pasts, tail, wanted: wanting(filter), own, signal };
  pasts.expect(filter);
  let position = from;
  try {
    while (!signal.aborted) {
      const batches = tail.holds(position) ? goAlong(position, reader) : catchUp(position, filter, reader);
      for await (const batch of batches) {
        position = batch.position;
        yield batch;
      }
    }
  } finally {
    leave();
  }
}
