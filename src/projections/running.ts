import type { EventStore } from '../eventstore/event-store.ts';
import type { Subscription, SubscriptionStatus } from '../eventstore/subscription.ts';
import { subscribe } from '../eventstore/subscription.ts';
import type { ReadModels } from '../readmodels/read-models.ts';
import { projections } from './index.ts';

/** All projections at work. `reached` resolves when every one of them has come to a position. */
export type RunningProjections = {
  readonly statuses: () => Promise<readonly SubscriptionStatus[]>;
  readonly reached: (position: number, signal?: AbortSignal) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Makes what the projections need and starts a subscription for each, from its own checkpoint. */
export const runProjections = async (
  store: EventStore,
  readModels: ReadModels,
  now: () => Date,
): Promise<RunningProjections> => {
  await readModels.prepare(projections);
  const running: readonly Subscription[] = projections.map((projection) => {
    const handle = projection.project(readModels);
    return subscribe({ name: projection.name, store, load: () => readModels.checkpoint(projection.name), handle, now });
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
