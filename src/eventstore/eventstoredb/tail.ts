import { BACKWARDS, END } from '@eventstore/db-client';
import type { Batch, Recorded } from '../event-store.ts';
import { placeOfFact, StoreUnavailable } from '../event-store.ts';
import { explained, readThrough, recorded } from './client.ts';
import type { Connection } from './client.ts';
import { pulled } from './pulling.ts';
import { pageLimits } from '../page.ts';

/** Whether a reader wants an event. */
export type Wanted = (event: Recorded) => boolean;

/** The end of the log, as one subscription brings it to all who follow it over a connection. */
export type Tail = {
  /** Whether it has all that comes after a position. Before the log was looked at it has nothing, from 0 to 0. */
  readonly holds: (position: number) => boolean;
  /** What is wanted after a position that it holds, a page at most, and how far that is; with the last that is `own` up to there. */
  readonly after: (position: number, wanted: Wanted, own?: Wanted) => Batch;
  /** Where the log ended when it was last heard of; 0 before the log was looked at. */
  readonly end: () => number;
  /** Throws `StoreUnavailable` when no more will come. */
  readonly check: () => void;
  /** Calls back when there is more, or no more will come, until the returned function is called. */
  readonly watch: (changed: () => void) => () => void;
};

/** Gives the tail of a connection, until it is left. It begins with the first who enters and ends with the last who leaves. */
export type Tails = () => { readonly tail: Tail; readonly leave: () => void };

/** How many events are kept: five pages, so that who is a few batches behind still finds all that comes next. */
const KEPT = 5_000;
/**
 * How many bytes of the log the kept events may span. Positions are bytes, so the difference of two is what the events between
 * them take, give or take one. As objects they take several times as much, which a worker has to have room for twice.
 */
const SPAN = 16 * 1024 * 1024;
/** How many events before the log's end it begins with: who comes back after a failure or a start then catches up from here. */
const BEGUN = 1_000;

function startTail(connection: Connection) {
  const { client, where, closing } = connection;
  const over = new AbortController();
  const watchers = new Set<() => void>();
  const events: Recorded[] = [];
  // All events after `floor` and up to `end` are here, but for the system's.
  let [floor, end] = [0, 0];
  let readers = 0;
  let failure: unknown;

  const change = (): void => {
    for (const changed of [...watchers]) changed();
  };
  const fail = (error: unknown): void => {
    if (over.signal.aborted) return;
    failure = error;
    over.abort();
    change();
  };

  // Nobody wants the system's own events, but that the log has grown by them is seen by them alone.
  const keep = (come: readonly Recorded[]): void => {
    for (const event of come) {
      if (event.position <= end) continue;
      end = event.position;
      if (!event.stream.startsWith('$')) events.push(event);
    }
    const tooMany = events.length - KEPT;
    const first = events.findIndex(({ position }, index) => index >= tooMany && end - position <= SPAN);
    const gone = events.splice(0, first < 0 ? events.length : first);
    floor = gone.at(-1)?.position ?? floor;
  };

  // The last events as they are now, and then what comes after the last of them: nothing can be between the two.
  const begin = async (): Promise<void> => {
    const last: Recorded[] = [];
    let [count, span] = [0, 0];
    const read = client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: BEGUN, requiresLeader: true });
    await readThrough(
      connection,
      read,
      ({ event }) => {
        count += 1;
        if (event) last.push(recorded(event, where));
        span = (last[0]?.position ?? 0) - (last.at(-1)?.position ?? 0);
        return span <= SPAN;
      },
      over.signal,
    );
    if (over.signal.aborted) return;
    const whole = count < BEGUN && span <= SPAN;
    if (!whole) floor = last.at(-1)?.position ?? Infinity;
    keep(last.reverse());
    const subscription = pulled(connection, end, () => drain());
    over.signal.addEventListener('abort', subscription.end);
    const drain = (): void => {
      try {
        for (let come = subscription.take(); come.length > 0; come = subscription.take()) keep(come);
        subscription.check();
        change();
      } catch (error) {
        fail(error);
      }
    };
    change();
  };

  const close = () => fail(new StoreUnavailable(`Event store at ${where} is closed; open it again`));
  closing.addEventListener('abort', close, { signal: over.signal });
  void begin().catch(fail);

  const tail: Tail = {
    holds: (position) => position >= floor,
    after: (position, wanted, own = wanted) => {
      const found: Recorded[] = [];
      let bytes = 0;
      // Most readers are near the end.
      for (let next = events.findLastIndex((event) => event.position <= position) + 1; next < events.length; next++) {
        const event = events[next];
        if (!event || !wanted(event)) continue;
        found.push(event);
        bytes += event.position - (events[next - 1]?.position ?? event.position);
        if (found.length === pageLimits.events || bytes >= pageLimits.bytes)
          return { events: found, position: event.position, last: placeOfFact(event) };
      }
      const last = events.findLast(own);
      return { events: found, position: Math.max(position, end), ...(last && { last: placeOfFact(last) }) };
    },
    end: () => end,
    check: () => {
      if (failure !== undefined) throw explained(failure, where);
    },
    watch: (changed) => {
      watchers.add(changed);
      return () => void watchers.delete(changed);
    },
  };
  const enter = () => {
    readers += 1;
    const leave = (): void => {
      readers -= 1;
      if (readers === 0) over.abort();
    };
    return { tail, leave };
  };
  return { enter, over: over.signal };
}

/** The tail that all who follow over a connection share. One that failed or was left by all is followed by another. */
export function tailsOf(connection: Connection): Tails {
  let current: ReturnType<typeof startTail> | undefined;
  return () => {
    if (!current || current.over.aborted) current = startTail(connection);
    return current.enter();
  };
}
