import type { ReadModels } from '../readmodels/read-models.ts';
import type { Subscription, SubscriptionStatus } from './subscription.ts';
import { poll } from './poll.ts';
import { sleep } from './waiting.ts';

/** Who wants a lease and where leases are kept. `lifetime` is in ms: a holder that died is followed by another after it. */
export type Lease = {
  readonly holder: string;
  readonly readModels: Pick<ReadModels, 'lease' | 'release' | 'checkpoint'>;
  readonly now: () => Date;
  readonly lifetime: number;
};

/** How often a process that does not run a subscription looks how far it is, in ms. */
const lookEvery = 25;

/** Waits until a checkpoint that somebody else may move is at a position. Rejects with the signal's reason when it aborts. */
export const checkpointReached = async (
  { checkpoint }: Pick<ReadModels, 'checkpoint'>,
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
 * A subscription that many processes offer to run and one runs at a time: the one that holds its lease. Two may run it for
 * a moment when one was held up; then they do the same work, and nothing happens twice. `checkpoint` is the name of its
 * checkpoint in the read models.
 */
export const leased = (
  { holder, readModels, now, lifetime }: Lease,
  { name, checkpoint }: { readonly name: string; readonly checkpoint: string },
  start: () => Subscription,
): Subscription => {
  const stopping = new AbortController();
  let running: Subscription | undefined;
  let until = 0;
  let waiting: SubscriptionStatus = { name, position: 0, state: 'standby', attempts: 0, since: now(), rate: 0 };

  const hand = async (): Promise<void> => {
    const before = running;
    running = undefined;
    waiting = { name, position: before?.status().position ?? 0, state: 'standby', attempts: 0, since: now(), rate: 0 };
    await before?.stop();
  };

  const turn = async (): Promise<void> => {
    const asked = now().getTime();
    const held = await readModels.lease(name, holder, new Date(asked), new Date(asked + lifetime));
    if (held) {
      until = asked + lifetime;
      running ??= start();
      return;
    }
    if (running) await hand();
    waiting = { ...waiting, position: await readModels.checkpoint(checkpoint) };
  };

  const { ended } = poll(turn, {
    every: lifetime / 3,
    signal: stopping.signal,
    onError: async (error) => {
      waiting = { ...waiting, error: error instanceof Error ? error.message : String(error) };
      // Without an answer the lease holds until its time is over; then another process may have it.
      if (running && now().getTime() >= until) await hand();
    },
  });
  return {
    name,
    status: () => running?.status() ?? waiting,
    reached: (position, signal = stopping.signal) =>
      running?.reached(position, signal) ??
      checkpointReached(readModels, checkpoint, position, AbortSignal.any([signal, stopping.signal])),
    stop: async () => {
      stopping.abort(new Error(`Subscription ${name} is stopped`));
      await ended;
      await running?.stop();
      try {
        await readModels.release(name, holder);
      } catch (error) {
        // Nothing is lost: the lease ends by itself.
        waiting = { ...waiting, error: String(error) };
      }
    },
  };
};
