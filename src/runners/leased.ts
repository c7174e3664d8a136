import type { Checkpoints } from '../readmodels/checkpoints.ts';
import type { Held, Leases } from '../readmodels/leases.ts';
import type { Recoveries } from './recoveries.ts';
import type { Subscription, SubscriptionStatus } from './subscription.ts';
import { poll } from './poll.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import { sleep } from './waiting.ts';

/**
 * Who wants a lease and where leases are kept. `lifetime` is for how long, in ms, a holder goes on without having renewed it; a
 * quarter of that later another may have it. At one of the `recoveries` it is looked at at once.
 */
export type Lease = {
  readonly holder: string;
  readonly readModels: Leases & Pick<Checkpoints, 'checkpoint'>;
  readonly now: () => Date;
  readonly lifetime: number;
  readonly recoveries?: Pick<Recoveries, 'listen'>;
};

/** How often a process that does not run a subscription looks how far it is, in ms. */
const lookEvery = 25;

/** After how many looks at a lease that it does not hold it looks again how far the other is. */
const looksAPosition = 4;

/** Waits until a checkpoint that somebody else may move is at a position. Rejects with the signal's reason when it aborts. */
export const checkpointReached = async (
  { checkpoint }: Pick<Checkpoints, 'checkpoint'>,
  name: string,
  position: number,
  signal: AbortSignal,
): Promise<void> => {
  while ((await checkpoint(name)) < position) {
    signal.throwIfAborted();
    await sleep(lookEvery, signal);
  }
};

/**
 * What one process knows of a lease. Clocks of processes differ, so none is compared with another's: a lease is over when it was
 * seen not to be renewed for as long as its holder goes on without renewing, and a quarter of that more.
 */
const claimOf = ({ holder, readModels, now, lifetime }: Lease, name: string) => {
  const silence = lifetime * 1.25;
  let known: (Held & { readonly at: number }) | undefined;
  let last = 0;

  const take = (free: number): Promise<boolean> => {
    // Larger each time, whatever the clock does, so that every renewal is seen.
    last = Math.max(now().getTime() + lifetime, last + 1, free + 1);
    return readModels.lease(name, holder, new Date(free), new Date(last));
  };
  return {
    /** Tells whether the holder has it. */
    renew: () => take(0),
    /** Takes it if nobody has it, or nobody has it any more. */
    takeOver: async (): Promise<boolean> => {
      const held = await readModels.leaseOf(name);
      if (!held || held.holder === holder) return take(0);
      if (known?.holder !== held.holder || known.until !== held.until) known = { ...held, at: performance.now() };
      return performance.now() - known.at < silence ? false : take(held.until);
    },
  };
};

/**
 * A subscription that many processes offer to run and one runs at a time: the one that holds its lease. Who could not renew it
 * stops before another may begin, unless it is held up for longer than the margin; then two do the same work for a moment, and
 * nothing happens twice. `checkpoint` is the name of its checkpoint in the read models.
 */
export const leased = (
  lease: Lease,
  { name, checkpoint }: { readonly name: string; readonly checkpoint: string },
  start: () => Subscription,
): Subscription => {
  const { holder, readModels, now, lifetime, recoveries } = lease;
  const claim = claimOf(lease, name);
  const stopping = new AbortController();
  let running: Subscription | undefined;
  let ended: Promise<void> = Promise.resolve();
  let lapse: NodeJS.Timeout | undefined;
  let [looks, waiting]: [number, SubscriptionStatus] = [0, standby(0)];

  function standby(position: number): SubscriptionStatus {
    return { name, position, state: 'standby', attempts: 0, since: now(), rate: 0 };
  }

  const hand = (): void => {
    clearTimeout(lapse);
    const before = running;
    if (!before) return;
    running = undefined;
    looks = 0;
    waiting = standby(before.status().position);
    ended = before.stop();
  };

  const turn = async (): Promise<void> => {
    // What it was told to stop may still have a batch in hand.
    await ended;
    const asked = performance.now();
    if (await (running ? claim.renew() : claim.takeOver())) {
      clearTimeout(lapse);
      if (stopping.signal.aborted) return;
      lapse = setTimeout(hand, Math.max(0, asked + lifetime - performance.now()));
      running ??= start();
      return;
    }
    hand();
    const { error: _, ...well } = waiting;
    waiting = well;
    if (looks++ % looksAPosition === 0) waiting = { ...waiting, position: await readModels.checkpoint(checkpoint) };
  };

  const polling = poll(turn, {
    every: 0,
    signal: stopping.signal,
    sleep: (_, woken) => sleep(lifetime / (running ? 4 : 6), woken),
    // Without an answer the lease holds until its time is over.
    onError: (error) => {
      waiting = { ...waiting, error: error instanceof Error ? error.message : String(error) };
    },
  });
  const forget = recoveries?.listen(polling.wake);
  return {
    name,
    status: () => running?.status() ?? waiting,
    reached: (position, signal = stopping.signal) =>
      running?.reached(position, signal) ??
      checkpointReached(readModels, checkpoint, position, AbortSignal.any([signal, stopping.signal])),
    stop: async () => {
      stopping.abort(new ReadModelsUnavailable(`Subscription ${name} is stopped`));
      forget?.();
      await polling.ended;
      hand();
      await ended;
      try {
        await readModels.release(name, holder);
      } catch (error) {
        // Nothing is lost: the lease ends by itself.
        waiting = { ...waiting, error: String(error) };
      }
    },
  };
};
