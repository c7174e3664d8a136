import { streamsOf } from '../domain/streams.ts';
import { jobHandlers } from '../jobs/index.ts';
import type { Replay } from '../jobs/replay-rejects.ts';
import type { RunningJobs } from './job-runner.ts';
import { runJobs } from './job-runner.ts';
import { renewOutdated } from './renewal.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { leased } from './leased.ts';
import { lostTail } from '../eventstore/lost-tail.ts';
import type { Recoveries } from './recoveries.ts';
import type { Subscription } from './subscription.ts';
import { backOff, subscribe } from './subscription.ts';
import { sleep } from './waiting.ts';
import { projections } from '../projections/index.ts';
import { newBeat } from './beat.ts';
import type { Builders } from './projections.ts';
import { reactors } from '../reactors/index.ts';
import type { Reactor } from '../reactors/reactor.ts';
import { checkpointOf, filterOf } from '../reactors/reactor.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import { observedReactors } from '../telemetry/observed-batches.ts';
import { observedJobs } from '../telemetry/observed-jobs.ts';
import type { Observing } from '../telemetry/traced-store.ts';
import type { Ticking } from './deadlines.ts';
import { startTicking } from './deadlines.ts';
import type { Leases } from '../readmodels/leases.ts';
import type { WorkerContext } from './context.ts';
import { runReactor } from './reactors.ts';

type Dependencies = {
  readonly store: EventStore;
  readonly context: WorkerContext & { readonly readModels: Leases };
  readonly builders: Builders;
  readonly newId: () => string;
  /** Who this process is to others that offer to do the same, and how long a subscription that it runs is its own, in ms. */
  readonly lease?: { readonly holder: string; readonly lifetime: number };
  readonly telemetry: Observing;
  readonly recoveries: Recoveries;
  readonly replay: Replay;
  readonly onError: (error: unknown) => void;
  /** Is told, once, of a reactor whose checkpoint stands on what the log no longer has. */
  readonly onLostTail: (reader: string, error: string) => void;
};

/** What a worker does besides projecting. */
export type Workers = {
  readonly subscriptions: readonly Subscription[];
  readonly jobs: RunningJobs;
  readonly ticking: Ticking;
  /** Resolves when it was asked for what an older version made to be made again. */
  readonly renewed: Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Whether what is shown is of the log that is there: nothing that its operator has still to decide about. */
const isAccepted = async ({ store, context: { readModels } }: Dependencies): Promise<boolean> => {
  for (const { name, renews } of projections)
    if (!renews && (await lostTail(store, await readModels.standing(name)))) return false;
  return true;
};

/**
 * For how long what follows from rare facts may wait, in ms: a look by each reader at every commit would cost as much as to
 * route leads. What somebody waits for is not kept waiting.
 */
const unhurried = 100;

const reacting = (dependencies: Dependencies, reactor: Reactor): Subscription => {
  const { store, context, lease, telemetry, recoveries, onLostTail } = dependencies;
  const { name } = reactor;
  const { readModels, clock } = context;
  const checkpoint = checkpointOf(reactor);
  const handle = observedReactors(telemetry)(name, runReactor(reactor, { ...context, tracing: telemetry.tracing }));
  // What followed from facts that are still there may have been lost, so all is followed again: what was done stays as it is.
  const beginAgain = async (): Promise<boolean> => {
    if (!(await isAccepted(dependencies))) return false;
    await readModels.dropCheckpoint(checkpoint);
    return true;
  };
  const start = () =>
    subscribe({
      name,
      store,
      filter: filterOf(reactor),
      beat: newBeat(reactor.prompt ? 0 : unhurried),
      recoveries,
      now: clock,
      load: () => readModels.standing(checkpoint),
      handle,
      pass: (position, fact) => readModels.saveCheckpoint(checkpoint, position, fact),
      onLostTail: (error) => onLostTail(checkpoint, error.message),
      beginAgain,
    });
  const now = () => new Date();
  return lease ? leased({ ...lease, readModels, now, recoveries }, { name, checkpoint }, start) : start();
};

/** How long what follows from a fact, or a step of a job, waits for the read models, in ms. */
const patience = 30_000;

/**
 * Waits for the read models a while. Rejects with `ReadModelsUnavailable`, as nothing is wrong with whoever waits: a
 * projection may be stalled, or have much before it.
 */
export const withTimeout =
  (reached: (position: number, signal: AbortSignal, only?: readonly string[]) => Promise<void>) =>
  async (position: number, only?: readonly string[]): Promise<void> => {
    try {
      await reached(position, AbortSignal.timeout(patience), only);
    } catch (error) {
      throw new ReadModelsUnavailable(`The read models are not at ${position} yet`, { cause: error });
    }
  };

/** How long a job is a worker's without a sign of life, in ms, where there are others and where there are none: each is a fact. */
const jobLifetime = { shared: 10_000, alone: 30_000 };

/** Does something until it succeeds or the signal aborts. */
const untilDone = async (
  work: () => Promise<void>,
  { onError, recoveries }: Pick<Dependencies, 'onError' | 'recoveries'>,
  signal: AbortSignal,
) => {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await work();
    } catch (error) {
      if (!signal.aborted) onError(error);
      await recoveries.sleep(backOff(failures), signal);
    }
  }
};

/** Starts the reactors, and the jobs that nobody else has. */
export const startWorkers = (dependencies: Dependencies): Workers => {
  const { store, context, builders, newId, lease, recoveries, replay, onError } = dependencies;
  const own = {
    holder: lease?.holder ?? newId(),
    lifetime: lease ? jobLifetime.shared : jobLifetime.alone,
  };
  const observed = jobHandlers(builders, store, replay).map((work) => observedJobs(work, dependencies.telemetry));
  const jobs = runJobs(
    { ...own, context, newId, alone: !lease, retryDelay: backOff, sleep: recoveries.sleep },
    observed,
    onError,
  );
  // Every worker looks for what is due: who is first does it, and the others find it done.
  const ticking = startTicking({ context, newId, sleep, onError });
  // Every worker hears of jobs: who takes one first has it.
  const news = subscribe({
    name: 'jobs',
    store,
    beat: newBeat(unhurried),
    recoveries,
    now: context.clock,
    load: async () => ({ position: await store.head() }),
    filter: { streams: [streamsOf('job')], types: ['JobRequested', 'JobRetried', 'JobCancelled'] },
    handle: async () => jobs.wake(),
    pass: async () => undefined,
  });
  const stopping = new AbortController();
  const renewed = untilDone(() => renewOutdated(context, projections, newId), dependencies, stopping.signal);
  const subscriptions = [...reactors.map((reactor) => reacting(dependencies, reactor)), news];
  return {
    subscriptions,
    jobs,
    ticking,
    renewed,
    stop: async () => {
      stopping.abort();
      await Promise.all([...subscriptions.map((each) => each.stop()), jobs.stop(), ticking.stop()]);
    },
  };
};
