import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@eventstore/db-client';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { StoreUnavailable } from '../event-store.ts';

/** Without a sign from the server for so long, in ms, it is asked for one while anybody listens; how often that is looked at. */
const [quiet, lookEvery] = [1_500, 500];

/** How long an answer may have come and not be read yet, in ms. */
const late = 20;

/** What is known of whether a connection still brings anything. Times are in ms, as `performance.now()` tells them. */
export type Liveness = {
  /** The server has said something. */
  readonly heard: () => void;
  /** A call that was made at a time has had no answer for as long as one may take. Resolves when the next would be over another connection. */
  readonly unanswered: (since: number) => Promise<void>;
  /** Whether the last call to be answered or given up was given up: whoever waited for it should not wait as long again. */
  readonly isSilent: () => boolean;
  /** Calls back with the reason when the connection is given up, until the returned function is called. */
  readonly watch: (lost: (reason: Error) => void) => () => void;
};

type Connected = {
  readonly where: string;
  /** Asks the server for a sign. Its call tells by itself whether there was an answer. */
  readonly ask: () => Promise<unknown>;
  /** Gives up the connection, so that the next call makes another. */
  readonly drop: () => Promise<void>;
  /** Aborts when the store is closed. */
  readonly closing: AbortSignal;
  readonly now?: () => number;
};

/**
 * Looks after a connection. What stands in between may forget it without a word: then neither end is told, and calls just get no
 * answer. When one gets none, and the server has not said anything else since it was made, the connection is given up and
 * whoever listens on it is told.
 */
export const livenessOf = ({ where, ask, drop, closing, now = () => performance.now() }: Connected): Liveness => {
  const listeners = new Set<(reason: Error) => void>();
  // When the server was heard last, or else when the connection was made that nothing has come over yet.
  let last = now();
  let [asking, silent] = [false, false];

  const look = async (): Promise<void> => {
    if (asking || listeners.size === 0 || now() - last < quiet) return;
    asking = true;
    try {
      await ask();
    } catch (error) {
      // Whoever listens is told by `unanswered`, or of what broke by the client.
      void error;
    } finally {
      asking = false;
    }
  };
  const timer = setInterval(() => void look(), lookEvery).unref();
  closing.addEventListener('abort', () => clearInterval(timer));

  const giveUp = (): void => {
    last = now();
    const reason = new StoreUnavailable(`Event store at ${where}: the connection brings nothing any more; try again`);
    void drop();
    for (const lost of [...listeners]) lost(reason);
  };

  return {
    heard: () => {
      last = now();
      silent = false;
    },
    unanswered: async (since) => {
      if (last >= since || closing.aborted) return;
      silent = true;
      // This process may have been held up itself, with the answer waiting to be read.
      await sleep(late);
      if (last < since && !closing.aborted) giveUp();
    },
    isSilent: () => silent,
    watch: (lost) => {
      listeners.add(lost);
      return () => void listeners.delete(lost);
    },
  };
};

type Reconnect = (client: StreamsClient, failure: Error) => Promise<void>;
type ClientOf = (kind: typeof StreamsClient, name: string) => Promise<StreamsClient>;

/** Closes the connection of a client, which does so by itself when a server says that it is unavailable. The next call makes another. */
export const dropConnection = async (client: EventStoreDBClient): Promise<void> => {
  const clientOf = Reflect.get(client, 'getGRPCClient') as ClientOf;
  const reconnect = Reflect.get(client, 'handleError') as Reconnect;
  try {
    await reconnect(await clientOf(StreamsClient, 'streams'), new UnavailableError());
  } catch (error) {
    // There was none to close, as none could be made.
    void error;
  }
};
