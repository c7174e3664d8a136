import { setTimeout as sleep } from 'node:timers/promises';
import { BACKWARDS, END, ErrorType, isCommandError } from '@eventstore/db-client';
import { ownStreams } from '../../domain/streams.ts';
import type { Appended, EventStore, NewEvent, Recorded, StreamPage } from '../event-store.ts';
import { placeOfFact, RevisionConflict, StoreUnavailable } from '../event-store.ts';
import type { Answer } from './append-call.ts';
import { appendingTo } from './appending.ts';
import { clientFor, deadlineIn, isRefusal, positionOf, readThrough, recorded } from './client.ts';
import type { Connection } from './client.ts';
import { addressOf, hostsIn } from './connecting.ts';
import { follow } from './following.ts';
import { dropConnection, livenessOf } from './liveness.ts';
import { pastsOf } from './past.ts';
import { reasonOf } from './reasons.ts';
import { scan } from './scanning.ts';
import { tailsOf } from './tail.ts';
import { truncateStream } from './truncating.ts';
import { pageLimits, pageRoom } from '../page.ts';

/**
 * `deadline` is how long, in ms, an answer may take where the connection string does not say: short, as an API needs it, when
 * left out. `maxInFlight` is how many events may wait to be written.
 */
export type EventStoreDBOptions = { readonly deadline?: number; readonly maxInFlight?: number };

/**
 * How much of its time a call has after one that had no answer, until the server is heard again: a request that makes several calls
 * is to be answered in time too. Looks for the head of the log have all of it, so that a server that is slow is heard.
 */
const afterSilence = 1 / 8;

/** How long closing waits for the client to end its calls, in ms. */
const goodbye = 500;

const isOf = (error: unknown, type: ErrorType): boolean =>
  error instanceof Error && isCommandError(error) && error.type === type;

/**
 * The log in an EventStoreDB, by its connection string. Connects when it is first used, and again when the server was away.
 * Positions are commit positions. Throws when the string can't be read.
 */
export function openEventStoreDB(connectionString: string, options: EventStoreDBOptions = {}): EventStore {
  const { maxInFlight = 2_000 } = options;
  const deadline = deadlineIn(connectionString, options.deadline ?? 1_500);
  const closing = new AbortController();
  const client = clientFor(connectionString);
  const [where, { signal }] = [hostsIn(connectionString), closing];
  const liveness = livenessOf({
    where,
    ask: () => headOf(connection),
    drop: () => dropConnection(client),
    closing: signal,
  });
  const connection: Connection = { client, where, deadline, closing: signal, liveness };
  // Calls in a hurry are no reason to give up a connection, which a slow server would never get to use.
  const hurried: Connection = {
    ...connection,
    deadline: deadline * afterSilence,
    liveness: { ...liveness, unanswered: async () => undefined },
  };
  const current = (): Connection => (liveness.isSilent() ? hurried : connection);
  const [tails, pasts] = [tailsOf(connection), pastsOf(connection)];
  const appending = appendingTo(connection);
  const room = waitingRoom(maxInFlight);

  const mustBeOpen = (): void => {
    if (closing.signal.aborted) throw new StoreUnavailable(`Event store at ${where} is closed; open it again`);
  };

  const read = async (stream: string, after = -1, limit: number = pageLimits.events): Promise<StreamPage> => {
    mustBeOpen();
    const most = Math.min(limit, pageLimits.events);
    const [events, room]: [Recorded[], ReturnType<typeof pageRoom>] = [[], pageRoom()];
    let more = false;
    // One more than the page may have tells whether there are more.
    const asked = { fromRevision: BigInt(after + 1), requiresLeader: true, maxCount: most + 1 };
    try {
      await readThrough(current(), client.readStream(stream, asked), ({ event: stored }) => {
        if (!stored) return true;
        more = events.length === most || room.isFull();
        // A call that ends by itself need not be cut off.
        if (more) return events.length === most;
        const event = recorded(stored, where);
        events.push(event);
        room.put(event);
        return true;
      });
      return { events, more };
    } catch (error) {
      if (isOf(error, ErrorType.STREAM_NOT_FOUND)) return { events: [], more: false };
      throw error;
    }
  };

  const write = (stream: string, expected: number, events: readonly NewEvent[]): Promise<Answer> =>
    room.wait(events.length, () => appending.append(current(), { stream, expected, events }));

  // A server that finds the very same events there already may not say where they are.
  const lastOf = async (stream: string, revision: number): Promise<number> => {
    const {
      events: [last],
    } = await read(stream, revision - 1, 1);
    if (last) return last.position;
    throw new StoreUnavailable(`Event store at ${where} does not show revision ${revision} of ${stream}; try again`);
  };

  const append = async (stream: string, expected: number, events: readonly NewEvent[]): Promise<Appended> => {
    mustBeOpen();
    if (events.length === 0) throw new RangeError(`An append to ${stream} has no events; append one at least`);
    try {
      const { revision, position } = await write(stream, expected, events);
      if (!position) return { revision, position: await lastOf(stream, revision) };
      return { revision, position: positionOf({ position, streamId: stream }, where) };
    } catch (error) {
      if (isOf(error, ErrorType.WRONG_EXPECTED_VERSION)) throw new RevisionConflict(stream, expected);
      if (!isOf(error, ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED)) throw error;
      const size = `${events.length} events for ${stream} are more than the server takes at once`;
      throw new RangeError(`${size}; append fewer or smaller ones`, { cause: error });
    }
  };

  return {
    read,
    at: async (stream, revision) => {
      const {
        events: [fact],
      } = await read(stream, revision - 1, 1);
      return fact?.revision === revision ? placeOfFact(fact) : undefined;
    },
    append,
    truncate: async (stream, before) => {
      mustBeOpen();
      await truncateStream(connection, stream, before);
    },
    follow: async function* (from, signal, { streams = ownStreams, types } = {}) {
      mustBeOpen();
      yield* follow(from, { streams, ...(types && { types }) }, { tails, pasts, signal });
    },
    scan: async (from, { streams = ownStreams, types }, limits) => {
      mustBeOpen();
      return scan(current(), from, { streams, ...(types && { types }) }, limits);
    },
    head: async () => {
      mustBeOpen();
      return headOf(connection);
    },
    // What it can't take now it says at the append, and nobody else can tell why.
    state: async () => {
      mustBeOpen();
      try {
        await headOf(connection);
      } catch (error) {
        const reason = isRefusal(error) ? undefined : await reasonOf(addressOf(connectionString));
        if (reason === undefined) throw error;
        throw new StoreUnavailable(`Event store at ${where}: ${reason}`, { cause: error });
      }
      return 'up';
    },
    close: async () => {
      await room.empty();
      closing.abort();
      appending.end();
      // It cancels every call and then waits for word of each, which does not always come.
      await Promise.race([client.dispose(), sleep(goodbye, undefined, { ref: false })]);
    },
  };
}

/** Where the whole log ends, other streams and the system's included. */
async function headOf(connection: Connection): Promise<number> {
  let position = 0;
  const options = { direction: BACKWARDS, fromPosition: END, maxCount: 1, requiresLeader: true } as const;
  await readThrough(connection, connection.client.readAll(options), ({ event }) => {
    if (event) position = positionOf(event, connection.where);
    return true;
  });
  return position;
}

/** Lets a number of events wait to be written; beyond, an append fails at once. A larger one still gets in, alone. */
function waitingRoom(maxInFlight: number) {
  const writing = new Set<Promise<unknown>>();
  let inFlight = 0;
  const wait = async <T>(size: number, write: () => Promise<T>): Promise<T> => {
    if (inFlight > 0 && inFlight + size > maxInFlight)
      throw new StoreUnavailable(`${inFlight} events wait to be written, at most ${maxInFlight} may; try again`);
    inFlight += size;
    const written = write();
    writing.add(written);
    try {
      return await written;
    } finally {
      inFlight -= size;
      writing.delete(written);
    }
  };
  return { wait, empty: () => Promise.allSettled(writing) };
}
