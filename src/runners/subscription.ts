import type { Standing } from '../readmodels/checkpoints.ts';
import type { Batch, EventStore, Filter, Place } from '../eventstore/event-store.ts';
import { LostTail, lostTail } from '../eventstore/lost-tail.ts';
import type { Derive } from '../projections/derive.ts';
import type { Beat } from './beat.ts';
import { newBeat } from './beat.ts';
import { passing } from './passing.ts';
import { pulse } from './pulse.ts';
import type { Recoveries } from './recoveries.ts';
import { openRecoveries } from './recoveries.ts';
import { waitingRoom } from './waiting.ts';

/** The wait for somebody to do something about a lost tail grows up to that after so many failures: two seconds at most. */
const oftenLost = 5;

const failed = (state: SubscriptionStatus['state']): boolean => state === 'stalled' || state === 'lost-tail';

/** With so many events in hand a batch is large enough for the next to come at once. */
const LARGE = 500;

/**
 * `load` gives the checkpoint and `handle` moves it, together with what it made of the batch, or of what `derive` gives in
 * its place. Where `pass` is given, it moves
 * the checkpoint over batches without events, now and then and at the end, and `handle` does not see them. `caughtUp` is
 * called when the reader has come to the log's end for the first time, and again if it fails; until it is done, the reader
 * has not arrived there. `retryDelay` gives the milliseconds to wait after the nth failure in a row. `onLostTail` is told,
 * once, that the log lacks what the checkpoint stands on. `beginAgain` is asked then, and at each try as long as that is so:
 * it may make the reader begin at the log's beginning, and tells whether it did. Live readers with one `beat` begin their
 * batches together. At one of the `recoveries` it tries again at once, however often it failed before.
 */
export type Reader = {
  readonly name: string;
  readonly store: EventStore;
  readonly filter?: Filter;
  readonly load: () => Promise<Standing>;
  readonly handle: (batch: Batch) => Promise<void>;
  readonly derive?: Derive;
  readonly pass?: (position: number, fact?: Place) => Promise<void>;
  readonly caughtUp?: () => Promise<void>;
  readonly onLostTail?: (error: LostTail) => void;
  readonly beginAgain?: () => Promise<boolean>;
  readonly now: () => Date;
  readonly retryDelay?: (attempt: number) => number;
  readonly beat?: Beat;
  readonly recoveries?: Recoveries;
};

/** `since` is when the state was entered, `attempts` counts failures in a row and `error` is the last of them. */
export type SubscriptionStatus = {
  readonly name: string;
  readonly position: number;
  /**
   * `live` means it has come to the log's end as it was when it looked; `standby`, that another process runs it; `lost-tail`,
   * that the log no longer has what it has read, so that it must not go on.
   */
  readonly state: 'starting' | 'catching-up' | 'live' | 'stalled' | 'lost-tail' | 'standby';
  readonly attempts: number;
  readonly error?: string;
  readonly since: Date;
  /** When the oldest fact was recorded that is in hand and not handled yet; not there while nothing is. */
  readonly inHand?: Date;
  /** When it last came to its position: what it has not seen yet is about as old at most. */
  readonly cameAt?: Date;
  /** Facts handled a second, over about the last half minute. */
  readonly rate: number;
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

/**
 * Reads the log from the checkpoint on, a batch at a time, until stopped. A batch is never skipped: after a failure the
 * subscription is `stalled`, waits, and reads again from the checkpoint. Whenever it begins, the log must have the very fact
 * that the checkpoint stands on, or it reads nothing.
 */
export function subscribe(reader: Reader): Subscription {
  const { name, store, filter, handle, pass, caughtUp, now, retryDelay = backOff, beat = newBeat() } = reader;
  const { recoveries = openRecoveries(), derive } = reader;
  const stopping = new AbortController();
  const { signal } = stopping;
  const waiters = waitingRoom(name);
  const passed = pass && passing(pass);
  let resting = new AbortController();
  let arrived = false;
  let fact: Place | undefined;
  const handled = pulse();
  let progress: Progress = { position: 0, state: 'starting', attempts: 0, since: now(), rate: 0 };

  function move(state: Progress['state'], next: Partial<Progress>): void {
    const at = now();
    const since = state === progress.state ? progress.since : at;
    const { error, inHand, ...before } = progress;
    const kept = {
      ...(state === progress.state && failed(state) && error && { error }),
      ...(next.position === undefined && inHand && { inHand }),
      ...(next.position !== undefined && { cameAt: at }),
    };
    progress = { ...before, ...kept, ...next, state, since };
    if (next.position !== undefined) waiters.arrive(next.position);
  }

  async function arrive(): Promise<void> {
    if (!arrived) await caughtUp?.();
    arrived = true;
  }

  /** The checkpoint, if the log has what it stands on. Throws `LostTail` when it has not, and nothing was done about it. */
  async function load(): Promise<Standing> {
    const standing = await reader.load();
    const lost = await lostTail(store, standing);
    if (!lost) return standing;
    if (progress.state !== 'lost-tail') reader.onLostTail?.(lost);
    // How far it is in the log that is there, nobody knows.
    move('lost-tail', { position: 0, error: lost.message });
    if (!(await reader.beginAgain?.())) throw lost;
    arrived = false;
    return load();
  }

  async function resume(): Promise<number> {
    const { position, ...standing } = await load();
    const head = await store.head();
    ({ fact } = standing);
    // Only a handled batch clears the attempts, or a log that can't be followed would be tried ever again without a pause.
    if (position === head) await arrive();
    if (position === head) move('live', { position });
    else move(progress.state === 'stalled' ? 'stalled' : 'catching-up', { position });
    // What comes after the fact is read again: if the log lost it, it was nobody's, and what is there now was never read.
    return fact?.position ?? position;
  }

  /** Reads on from the checkpoint. Tells whether more is to be followed from there on where it came to. */
  async function read(): Promise<boolean> {
    const wanted = derive ? await derive.filter() : filter;
    for await (const come of store.follow(await resume(), signal, wanted)) {
      fact = come.last ?? fact;
      const batch = { ...come, position: Math.max(come.position, progress.position), ...(fact && { last: fact }) };
      // Looked up before handling: under constant writes the end would always have moved on afterwards.
      const live = progress.state === 'live' || batch.position >= (come.end ?? (await store.head()));
      if (live) beat.begin(batch.events.length);
      const [first] = batch.events;
      if (first) progress = { ...progress, inHand: first.recordedAt };
      const derived: Awaited<ReturnType<Derive['from']>> = derive ? await derive.from(batch) : batch;
      if (passed && derived.events.length === 0 && !derived.again)
        passed.to({ position: batch.position, ...(fact && { fact }) });
      else await handle(derived);
      handled.count(batch.events.length);
      if (derived.again) {
        move('catching-up', { position: derived.position, attempts: 0 });
        return true;
      }
      if (live) await arrive();
      move(live ? 'live' : 'catching-up', { position: batch.position, attempts: 0 });
      if (live && batch.events.length < LARGE) await rest();
    }
    if (!signal.aborted) throw new Error('The log ended');
    return false;
  }

  async function rest(): Promise<void> {
    resting = new AbortController();
    if (!signal.aborted && !waiters.occupied()) await beat.next(resting.signal);
  }

  async function run(): Promise<void> {
    // Failures before a store was there again say nothing of how soon to try now.
    let before = 0;
    while (!signal.aborted) {
      const recovered = recoveries.count();
      try {
        while (await read());
      } catch (error) {
        const attempts = progress.attempts + 1;
        const lost = error instanceof LostTail;
        move(lost ? 'lost-tail' : 'stalled', {
          attempts,
          error: error instanceof Error ? error.message : String(error),
        });
        before = Math.min(before, attempts - 1);
        const delay = retryDelay(Math.min(attempts - before, lost ? oftenLost : Infinity));
        await recoveries.sleep(delay, signal, recovered);
        if (recoveries.count() > recovered) before = attempts;
      }
    }
  }

  const running = run();
  return {
    name,
    status: () => ({ name, ...progress, rate: handled.rate() }),
    reached: (position, limit) => {
      if (position > progress.position) resting.abort();
      return waiters.enter(position, progress.position, limit);
    },
    stop: async () => {
      stopping.abort();
      resting.abort();
      await running;
      await passed?.end();
      waiters.close();
    },
  };
}

/** Up to 30 s, doubling from 100 ms, less up to a half by chance so that many readers don't return at once. */
export function backOff(attempt: number): number {
  return Math.min(30_000, 100 * 2 ** (attempt - 1)) * (1 - Math.random() / 2);
}
