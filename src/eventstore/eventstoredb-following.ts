import { BACKWARDS, streamNameFilter } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, AllStreamSubscription } from '@eventstore/db-client';
import type { Batch, Filter, Recorded } from './event-store.ts';
import { StoreUnavailable } from './event-store.ts';
import { explained, placeOf, positionOf, readThrough, recorded } from './eventstoredb-client.ts';
import type { Connection } from './eventstoredb-client.ts';

/** Where the log was last seen to end, by anybody who uses the connection. */
export type Heads = {
  readonly latest: () => number;
  readonly look: () => Promise<number>;
  /** Calls back when the log is seen to have grown, until the returned function is called. */
  readonly watch: (grown: () => void) => () => void;
};

/** Behind a subscription is always a filter of stream names: the system's own streams are nobody's concern. */
type Followed = Filter & Required<Pick<Filter, 'streams'>>;
type Reading = { readonly connection: Connection; readonly heads: Heads; readonly signal: AbortSignal };

/** Events in a batch at most. */
const PAGE = 1_000;
/** After how many events that are not wanted the server says how far it has looked, and how many we look through ourselves. */
const WINDOW = 500;
/** Milliseconds to wait for events before looking whether those that are missing are wanted at all. */
const GRACE = 25;
/** Milliseconds after which a reader that hears nothing looks where the log ends. */
const IDLE = 1_000;

/** A call to wake up that is not lost when nobody waits for it. */
function alarm() {
  let rung = false;
  let wake = (): void => undefined;
  const ring = (): void => {
    rung = true;
    wake();
  };
  /** Whether it rang in a time, in ms, or since it was last heard. */
  const heard = (milliseconds: number): Promise<boolean> =>
    new Promise((resolve) => {
      const done = (result: boolean): void => {
        clearTimeout(timer);
        wake = () => undefined;
        rung = false;
        resolve(result);
      };
      const timer = setTimeout(done, milliseconds, false);
      wake = () => done(true);
      if (rung) wake();
    });
  return { ring, heard };
}

/** A subscription to pull from. It tells of errors and of its end, which is a failure too, when nothing is left to take. */
function pulled({ client, where, closing }: Connection, from: number, prefixes: readonly string[], ring: () => void) {
  let checkpoint = 0n;
  let failure: unknown;
  const fail = (error: unknown): void => {
    failure ??= error;
    ring();
  };
  const filter = streamNameFilter({
    prefixes: [...prefixes],
    maxSearchWindow: WINDOW,
    checkpointInterval: 1,
    checkpointReached: (_, { commit }) => {
      checkpoint = commit;
      ring();
    },
  });
  const subscription: AllStreamSubscription = client.subscribeToAll(
    { fromPosition: placeOf(from), filter },
    { highWaterMark: PAGE },
  );
  subscription.on('readable', ring);
  subscription.on('error', fail);
  subscription.on('end', () => fail(new StoreUnavailable(`Event store at ${where} ended a subscription; try again`)));

  const take = (): readonly Recorded[] => {
    const events: Recorded[] = [];
    while (events.length < PAGE) {
      const resolved = subscription.read() as AllStreamResolvedEvent | null;
      if (!resolved) break;
      if (resolved.event) events.push(recorded(resolved.event, where));
    }
    return events;
  };
  return {
    take,
    /** Says how far the server had looked when it last told, once; 0 when it has not. Everything before was taken by then. */
    checkpoint: (): bigint => {
      const last = checkpoint;
      checkpoint = 0n;
      return last;
    },
    check: (): void => {
      if (closing.aborted) throw new StoreUnavailable(`Event store at ${where} is closed; open it again`);
      if (failure !== undefined) throw explained(failure, where);
    },
    // The subscription does not end its call by itself.
    end: (): void => {
      void subscription.unsubscribe().catch(() => undefined);
      subscription.destroy();
    },
  };
}

/**
 * The position of the last event before a checkpoint. A checkpoint can be where the next event will begin, which would be
 * left out if the checkpoint itself were taken for the position of something handled.
 */
async function eventBefore({ connection, signal }: Reading, checkpoint: bigint): Promise<number> {
  let position = 0;
  const fromPosition = { commit: checkpoint, prepare: checkpoint };
  const read = connection.client.readAll({ direction: BACKWARDS, fromPosition, maxCount: 1, requiresLeader: true });
  await readThrough(
    connection,
    read,
    ({ event }) => !event || ((position = positionOf(event, connection.where)), true),
    signal,
  );
  return position;
}

/** How far the log has nothing that is wanted after a position. The server tells only of each WINDOW events. */
async function unwantedAfter(reading: Reading, position: number, prefixes: readonly string[]): Promise<number> {
  const { connection, heads, signal } = reading;
  if (heads.latest() <= position && (await heads.look()) <= position) return position;
  let passed = position;
  const isWanted = (stream: string): boolean => prefixes.some((prefix) => stream.startsWith(prefix));
  const read = connection.client.readAll({ fromPosition: placeOf(position), maxCount: WINDOW, requiresLeader: true });
  const pass = ({ event }: AllStreamResolvedEvent): boolean => {
    if (!event) return true;
    const next = positionOf(event, connection.where);
    if (next > position && isWanted(event.streamId)) return false;
    passed = Math.max(passed, next);
    return true;
  };
  await readThrough(connection, read, pass, signal);
  return passed;
}

/** The subscription says itself when the store is away; a look besides it that fails is made again later. */
async function unlessAway(look: Promise<number>, otherwise: number): Promise<number> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof StoreUnavailable) return otherwise;
    throw error;
  }
}

/**
 * Follows the whole log behind a filter. The server looks at the names of streams, types are looked at here: it can't do
 * both. Positions are always those of events. Ends when the signal aborts and throws `StoreUnavailable` when the
 * subscription fails, ends, or the store is closed.
 */
export async function* follow(
  from: number,
  { streams: prefixes, types }: Followed,
  reading: Reading,
): AsyncGenerator<Batch> {
  const { connection, heads, signal } = reading;
  if (signal.aborted) return;
  const { ring, heard } = alarm();
  const subscription = pulled(connection, from, prefixes, ring);
  const forget = heads.watch(ring);
  signal.addEventListener('abort', ring);
  connection.closing.addEventListener('abort', ring);
  let [position, patience, late] = [from, GRACE, false];
  try {
    while (!signal.aborted) {
      const taken = subscription.take().filter((event) => event.position > position);
      const checkpoint = taken.length > 0 ? 0n : subscription.checkpoint();
      const passed = async (): Promise<number> => {
        if (checkpoint > position) return unlessAway(eventBefore(reading, checkpoint), position);
        return late ? unlessAway(unwantedAfter(reading, position, prefixes), position) : position;
      };
      if (taken.length === 0) subscription.check();
      const reached = taken.at(-1)?.position ?? (await passed());
      patience = reached > position ? GRACE : late ? Math.min(2 * patience, IDLE) : patience;
      late = false;
      if (reached > position) {
        position = reached;
        yield { events: types ? taken.filter(({ type }) => types.includes(type)) : taken, position };
      } else {
        late = !(await heard(heads.latest() > position ? patience : IDLE));
      }
    }
  } finally {
    forget();
    signal.removeEventListener('abort', ring);
    connection.closing.removeEventListener('abort', ring);
    subscription.end();
  }
}
