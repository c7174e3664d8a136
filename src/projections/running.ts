import type { Lease } from '../eventstore/leased.ts';
import { checkpointReached, leased } from '../eventstore/leased.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Subscription, SubscriptionStatus } from '../eventstore/subscription.ts';
import { subscribe } from '../eventstore/subscription.ts';
import type { ReadModels } from '../readmodels/read-models.ts';
import { projections } from './index.ts';
import type { AnyProjection, Projecting } from './projection.ts';

/** All projections at work. `reached` resolves when every one of them has come to a position. */
export type RunningProjections = {
  readonly statuses: () => Promise<readonly SubscriptionStatus[]>;
  readonly reached: (position: number, signal?: AbortSignal) => Promise<void>;
  readonly stop: () => Promise<void>;
  /** What a thread that runs them counted. */
  readonly measures?: () => Promise<unknown>;
};

type Needs = {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly now: () => Date;
  /** Given when other processes offer to run the same projections. */
  readonly lease?: Lease;
  /** Puts what watches it around a projection. */
  readonly observe?: (name: string, projecting: Projecting) => Projecting;
  /** All of them unless said. */
  readonly only?: readonly AnyProjection[];
};

/**
 * Makes what the projections need and starts a subscription for each, from its own checkpoint. A projection that is built
 * from a log gets its indexes when all its documents are there: to keep them up on the way takes several times as long.
 */
export const runProjections = async (needs: Needs): Promise<RunningProjections> => {
  const { store, readModels, now, lease, only = projections, observe = (_, each) => each } = needs;
  await readModels.prepare(only, { bare: true });
  // Documents that can't be read are told at the start, and not by projections that stall.
  for (const projection of only) await readModels.get('', projection, '');
  const running: readonly Subscription[] = only.map((projection) => {
    const { name, filter } = projection;
    // Another process that waits for a projection looks at its checkpoint, so where there are others it is always saved.
    const pass = lease ? {} : { pass: (position: number) => readModels.saveCheckpoint(name, position) };
    const start = () =>
      subscribe({
        ...{ name, store, filter, now, load: () => readModels.checkpoint(name) },
        ...{
          handle: observe(name, projection.project(readModels)),
          caughtUp: () => readModels.prepare([projection]),
          ...pass,
        },
      });
    return lease ? leased(lease, { name, checkpoint: name }, start) : start();
  });
  return {
    statuses: async () => running.map((each) => each.status()),
    reached: async (position, signal) => {
      await Promise.all(running.map((each) => each.reached(position, signal)));
    },
    stop: async () => {
      await Promise.all(running.map((each) => each.stop()));
    },
  };
};

/** The projections as a process sees them that runs none: by their checkpoints. */
export const watchProjections = (readModels: ReadModels): RunningProjections => {
  const stopping = new AbortController();
  return {
    statuses: async () => [],
    reached: async (position, signal = stopping.signal) => {
      const either = AbortSignal.any([signal, stopping.signal]);
      await Promise.all(projections.map(({ name }) => checkpointReached(readModels, name, position, either)));
    },
    stop: async () => stopping.abort(new Error('The process is stopping')),
  };
};
