import type { EventStore } from '../eventstore/event-store.ts';
import { newBeat } from './beat.ts';
import type { Lease } from './leased.ts';
import type { Recoveries } from './recoveries.ts';
import type { SubscriptionStatus } from './subscription.ts';
import { poll } from './poll.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';
import type { Documents } from '../readmodels/documents.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { Registers } from '../readmodels/registers.ts';
import type { Built, Generations } from './generations.ts';
import { runGenerations, servingReached } from './generations.ts';
import { projections } from '../projections/index.ts';
import type { AnyProjection, Projecting } from '../projections/projection.ts';

/** What rebuilding asks of those that run a projection: see `Generations`. */
export type Builders = {
  readonly build: (projection: string, generation: number) => Promise<Built>;
  readonly serve: (projection: string, generation: number) => Promise<void>;
  readonly finish: (projection: string, generation: number) => Promise<void>;
};

/** All projections at work. `reached` resolves when every one of them, or of those named, has come to a position. */
export type RunningProjections = Builders & {
  readonly statuses: () => Promise<readonly SubscriptionStatus[]>;
  readonly reached: (position: number, signal?: AbortSignal, only?: readonly string[]) => Promise<void>;
  readonly stop: () => Promise<void>;
  /** What a thread that runs them counted. */
  readonly measures?: () => Promise<unknown>;
};

export type Dependencies = {
  readonly store: EventStore;
  readonly readModels: Documents & Pick<Queries, 'get'> & Checkpoints & Registers;
  readonly now: () => Date;
  /** Given when other processes offer to run the same projections. */
  readonly lease?: Lease;
  readonly recoveries?: Recoveries;
  /** Is told, once, of a projection whose checkpoint stands on what the log no longer has. */
  readonly onLostTail?: (name: string, error: Error) => void;
  /** Puts what watches it around a projection. */
  readonly observe?: (name: string, projecting: Projecting) => Projecting;
  /** All of them unless said. */
  readonly only?: readonly AnyProjection[];
};

/** How often a process looks whether another one made a new generation serve, in ms. */
const lookEvery = 1_000;

/** Goes over to generations that others made serve, until the signal aborts. What fails is tried again at the next look. */
const following = (all: readonly Generations[], signal: AbortSignal): Promise<void> =>
  poll(() => Promise.allSettled(all.map((each) => each.follow())), {
    every: lookEvery,
    signal,
    onError: () => undefined,
  }).ended;

/**
 * Makes what the projections need and starts a subscription for each, from its own checkpoint. A projection that is built
 * from a log gets its indexes when all its documents are there: to keep them up on the way takes several times as long.
 */
export const runProjections = async (dependencies: Dependencies): Promise<RunningProjections> => {
  const { lease, only = projections } = dependencies;
  const running = new Map<string, Generations>();
  const beat = newBeat();
  for (const projection of only)
    running.set(projection.name, await runGenerations(projection, { ...dependencies, beat }));
  const all = [...running.values()];
  const stopping = new AbortController();
  const looking = lease ? following(all, stopping.signal) : undefined;

  const of = (name: string): Generations => {
    const found = running.get(name);
    if (!found) throw new Error(`There is no projection ${name} here`);
    return found;
  };
  return {
    statuses: async () => all.map((each) => each.status()),
    reached: async (position, signal, only) => {
      await Promise.all((only?.map(of) ?? all).map((each) => each.reached(position, signal)));
    },
    build: async (name, generation) => of(name).build(generation),
    serve: async (name, generation) => of(name).serve(generation),
    finish: async (name, generation) => of(name).finish(generation),
    stop: async () => {
      stopping.abort();
      await looking;
      await Promise.all(all.map((each) => each.stop()));
    },
  };
};

const nobody = (): Promise<never> => Promise.reject(new Error('This process runs no projections'));

/** The projections as a process sees them that runs none: by their checkpoints. */
export const watchProjections = (readModels: Checkpoints & Registers): RunningProjections => {
  const stopping = new AbortController();
  return {
    statuses: async () => [],
    reached: async (position, signal = stopping.signal, only = projections.map(({ name }) => name)) => {
      const either = AbortSignal.any([signal, stopping.signal]);
      await Promise.all(only.map((name) => servingReached({ readModels }, name, position, either)));
    },
    build: nobody,
    serve: nobody,
    finish: nobody,
    stop: async () => stopping.abort(new Error('The process is stopping')),
  };
};
