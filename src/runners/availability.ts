import type { StoreLocations } from '../config/store-location.ts';
import { StoreUnavailable } from '../eventstore/event-store.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import type { Troubles, Wording } from '../telemetry/troubles.ts';
import { poll } from './poll.ts';
import type { Recoveries } from './recoveries.ts';
import { sleep } from './waiting.ts';

/** How often is looked while a store is away, and how often whether a server still answers of which nobody complains, in ms. */
const [soon, often] = [250, 2_000];

/** Whether a store answers. */
export type Availability = {
  /** Is told of every call that failed. If the store was away then, it is looked until it answers. */
  readonly failed: (error: unknown) => void;
  readonly isAway: () => boolean;
  /** Calls back after each look that found it there. While that fails, the store counts as away if it was. */
  readonly onAnswer: (answered: () => Promise<unknown>) => void;
  readonly stop: () => Promise<void>;
};

type Dependencies = {
  /** What it is called where its troubles are told. */
  readonly name: 'event store' | 'read models';
  /** Rejects while the store is away. */
  readonly ask: () => Promise<unknown>;
  /** Whether it is a server, which may go away without anybody's call failing. */
  readonly isServer: boolean;
  readonly recoveries: Pick<Recoveries, 'announce'>;
  /** Where its troubles are told, if they are. */
  readonly troubles?: Troubles;
};

/** Whether it was a store that failed, and not what was asked of it. */
export const isUnavailable = (error: unknown): boolean =>
  error instanceof StoreUnavailable || error instanceof ReadModelsUnavailable;

const outage = (name: string): Wording => ({
  begins: `the ${name} can not be used; looking until it can`,
  lasts: `the ${name} still can not be used`,
  ends: `the ${name} can be used again`,
});
const failures = (name: string): Wording => ({
  begins: `calls to the ${name} fail, though it answers`,
  lasts: `calls to the ${name} still fail, though it answers`,
  ends: `no call to the ${name} failed for a minute`,
});

/**
 * Looks after a store, for all that use it in a process or a thread: finds out when it is away and when it is there again, tells
 * that, and wakes whoever waits. Nobody else tells of it.
 */
export const watchAvailability = ({ name, ask, isServer, recoveries, troubles }: Dependencies): Availability => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const listeners: (() => Promise<unknown>)[] = [];
  let [away, looked] = [false, -Infinity];
  let complaint: unknown;

  const gone = (error: unknown): void => {
    away = true;
    troubles?.note(name, outage(name), { error: error instanceof Error ? error.message : String(error) });
  };
  const back = (): void => {
    away = false;
    troubles?.end(name);
    recoveries.announce();
  };

  const look = async (): Promise<void> => {
    const about = complaint;
    complaint = undefined;
    try {
      await ask();
    } catch (error) {
      if (!signal.aborted) gone(error);
      return;
    }
    // Before anybody is woken: what they remember may not be there any more.
    for (const answered of listeners) await answered();
    if (away) back();
    else if (about instanceof Error)
      troubles?.noteOccurrence(`${name} calls`, failures(name), { error: about.message });
  };

  const polling = poll(
    async () => {
      if (!isServer && !away && complaint === undefined) return;
      // However many calls fail, it is asked now and then.
      await sleep(Math.max(0, looked + soon - performance.now()), signal);
      try {
        await look();
      } finally {
        looked = performance.now();
      }
    },
    {
      every: often,
      signal,
      // What somebody wants to do with its answer may fail, as it asks the store too, and is done after the next one.
      onError: (error) => void error,
      sleep: (milliseconds, woken) => sleep(away ? soon : milliseconds, woken),
    },
  );
  return {
    failed: (error) => {
      if (away || complaint !== undefined || !isUnavailable(error)) return;
      complaint = error;
      polling.wake();
    },
    isAway: () => away,
    onAnswer: (answered) => void listeners.push(answered),
    stop: async () => {
      stopping.abort();
      await polling.ended;
    },
  };
};

/** The stores as they are, without what tells of them. */
type Stores = { readonly log: Pick<EventStore, 'state'>; readonly documents: Pick<Checkpoints, 'checkpoint'> };

/** Looks after both stores of a process or a thread. */
export const watchStores = (
  { log, documents }: Stores,
  { eventStore, readModels }: StoreLocations,
  telling: Pick<Dependencies, 'recoveries' | 'troubles'>,
) => {
  const askEvents = async (): Promise<void> => {
    const state = await log.state();
    if (state !== 'up') throw new StoreUnavailable(`Nothing can be appended: ${state}`);
  };
  // No reader has that name: any answer says that they can be reached.
  const askDocuments = () => documents.checkpoint('health');
  const [name, other] = ['event store', 'read models'] as const;
  const isServer = eventStore.scheme !== 'sqlite';
  const available = {
    events: watchAvailability({ name, ask: askEvents, isServer, ...telling }),
    documents: watchAvailability({
      ...telling,
      name: other,
      ask: askDocuments,
      isServer: readModels.scheme !== 'sqlite',
    }),
  };
  return {
    ...available,
    isAway: () => available.events.isAway() || available.documents.isAway(),
    stop: async () => {
      await Promise.all([available.events.stop(), available.documents.stop()]);
    },
  };
};
export type WatchedStores = ReturnType<typeof watchStores>;
