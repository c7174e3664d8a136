import type { Component } from './api/world.ts';
import type { EventStore } from './eventstore/event-store.ts';
import type { Subscription, SubscriptionStatus } from './eventstore/subscription.ts';
import type { RunningProjections } from './projections/running.ts';
import type { ReadModels } from './readmodels/read-models.ts';

/** How far behind a subscription may be, in events, while it catches up and still counts as healthy. */
const tolerableLag = 1_000;

type Running = {
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly projecting: RunningProjections;
  readonly reacting: readonly Subscription[];
};

/** Hears what is wrong with a component; the answer of health does not tell, as anybody may ask for it. */
type Hear = (component: string, error: string) => void;

/** What anybody may know of a lost tail; the root key is told more. */
const lostTail =
  'The log no longer has facts that this has read. Stop and put back the log that was there, ' +
  'or make all of it again from this one with npm run rebuild -- --all. GET /api/admin/projections says what is missing';

const componentOf = ({ name, state, position }: SubscriptionStatus, head: number | undefined): Component => {
  const lag = head === undefined ? undefined : Math.max(0, head - position);
  const healthy = state === 'live' || state === 'standby' || (state === 'catching-up' && (lag ?? 0) <= tolerableLag);
  return {
    name: `subscription:${name}`,
    healthy,
    state,
    ...(lag !== undefined && { lag }),
    ...(state === 'lost-tail' && { error: lostTail }),
  };
};

/** Asks a component; one that does not answer is told apart from the others. */
const asked = async <T>(
  name: string,
  hear: Hear,
  ask: () => Promise<T>,
): Promise<readonly [Component, T | undefined]> => {
  try {
    return [{ name, healthy: true, state: 'up' }, await ask()];
  } catch (error) {
    hear(name, error instanceof Error ? error.message : String(error));
    return [{ name, healthy: false, state: 'down' }, undefined];
  }
};

/** Looks at every part of the process: stores, projections and reactors, with state and lag. */
export const looking =
  ({ store, readModels, projecting, reacting }: Running, hear: Hear) =>
  async (): Promise<readonly Component[]> => {
    const [[events, head], [documents], [projections, projected = []]] = await Promise.all([
      asked('event-store', hear, () => store.head()),
      asked('read-models', hear, () => readModels.checkpoint('health')),
      asked('projections', hear, () => projecting.statuses()),
    ]);
    const statuses = [...projected, ...reacting.map((each) => each.status())];
    for (const { name, error } of statuses) if (error !== undefined) hear(name, error);
    return [events, documents, projections, ...statuses.map((status) => componentOf(status, head))];
  };
