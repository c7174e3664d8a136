import type { Batch, EventStore, Filter } from './event-store.ts';

/**
 * `load` gives the checkpoint and `handle` moves it, together with what it made of the batch. `retryDelay` gives the
 * milliseconds to wait after the nth failure in a row.
 */
export type Reader = {
  readonly name: string;
  readonly store: EventStore;
  readonly filter?: Filter;
  readonly load: () => Promise<number>;
  readonly handle: (batch: Batch) => Promise<void>;
  readonly now: () => Date;
  readonly retryDelay?: (attempt: number) => number;
};

/** `since` is when the state was entered, `attempts` counts failures in a row and `error` is the last of them. */
export type SubscriptionStatus = {
  readonly name: string;
  readonly position: number;
  /** `live` means it has come to the log's end as it was when it looked; `standby`, that another process runs it. */
  readonly state: 'starting' | 'catching-up' | 'live' | 'stalled' | 'standby';
  readonly attempts: number;
  readonly error?: string;
  readonly since: Date;
};

/** A running reader with a checkpoint. */
export type Subscription = {
  readonly name: string;
  readonly status: () => SubscriptionStatus;
  /** Resolves once everything up to the position is handled; rejects when the signal aborts or the subscription stops. */
  readonly reached: (position: number, signal?: AbortSignal) => Promise<void>;
  /** Ends reading after the batch in hand. Never rejects because of a failure of the reader. */
  readonly stop: () => Promise<void>;
};

type Progress = Omit<SubscriptionStatus, 'name'>;
type Waiter = { readonly position: number; readonly settle: (reason?: Error) => void };

/**
 * Reads the log from the checkpoint on, a batch at a time, until stopped. A batch is never skipped: after a failure the
 * subscription is `stalled`, waits, and reads again from the checkpoint.
 */
export function subscribe(reader: Reader): Subscription {
  const { name, store, filter, load, handle, now, retryDelay = backOff } = reader;
  const stopping = new AbortController();
  const { signal } = stopping;
  const waiters = waitingRoom(name);
  let progress: Progress = { position: 0, state: 'starting', attempts: 0, since: now() };

  function move(state: Progress['state'], next: Partial<Progress>): void {
    const since = state === progress.state ? progress.since : now();
    const { error, ...before } = progress;
    progress = { ...before, ...(state === 'stalled' && error && { error }), ...next, state, since };
    if (next.position !== undefined) waiters.arrive(next.position);
  }

  async function resume(): Promise<number> {
    const position = await load();
    const head = await store.head();
    if (position > head)
      throw new Error(
        `The checkpoint ${position} is beyond the log's end ${head}: another log? Rebuild from position 0`,
      );
    // Only a handled batch clears the attempts, or a log that can't be followed would be tried ever again without a pause.
    if (position === head) move('live', { position });
    else move(progress.state === 'stalled' ? 'stalled' : 'catching-up', { position });
    return position;
  }

  async function read(): Promise<void> {
    for await (const batch of store.follow(await resume(), signal, filter)) {
      // Looked up before handling: under constant writes the end would always have moved on afterwards.
      const live = progress.state === 'live' || batch.position >= (await store.head());
      await handle(batch);
      move(live ? 'live' : 'catching-up', { position: batch.position, attempts: 0 });
    }
    if (!signal.aborted) throw new Error('The log ended');
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await read();
      } catch (error) {
        const attempts = progress.attempts + 1;
        move('stalled', { attempts, error: error instanceof Error ? error.message : String(error) });
        await pause(retryDelay(attempts), signal);
      }
    }
  }

  const running = run();
  return {
    name,
    status: () => ({ name, ...progress }),
    reached: (position, limit) => waiters.enter(position, progress.position, limit),
    stop: async () => {
      stopping.abort();
      await running;
      waiters.close();
    },
  };
}

/** Up to 30 s, doubling from 100 ms, less up to a half by chance so that many readers don't return at once. */
function backOff(attempt: number): number {
  return Math.min(30_000, 100 * 2 ** (attempt - 1)) * (1 - Math.random() / 2);
}

/** Waits so many ms, or until the signal aborts. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const resume = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', resume);
      resolve();
    };
    const timer = setTimeout(resume, milliseconds);
    signal.addEventListener('abort', resume);
    if (signal.aborted) resume();
  });
}

function waitingRoom(name: string) {
  const waiters = new Set<Waiter>();
  let closed = false;

  const enter = (position: number, current: number, limit?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (current >= position) return resolve();
      if (closed) throw new Error(`Subscription ${name} is stopped at ${current} and will not reach ${position}`);
      const give = () =>
        waiter.settle(new Error(`${name} did not reach ${position} in time`, { cause: limit?.reason }));
      const waiter: Waiter = {
        position,
        settle: (reason) => {
          limit?.removeEventListener('abort', give);
          waiters.delete(waiter);
          if (reason) reject(reason);
          else resolve();
        },
      };
      limit?.addEventListener('abort', give);
      waiters.add(waiter);
      if (limit?.aborted) give();
    });
  const arrive = (position: number) => {
    for (const waiter of waiters) if (waiter.position <= position) waiter.settle();
  };
  const close = () => {
    closed = true;
    for (const waiter of waiters) waiter.settle(new Error(`Subscription ${name} was stopped`));
  };
  return { enter, arrive, close };
}
