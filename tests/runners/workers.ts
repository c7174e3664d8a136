import { onTestFinished } from 'vitest';
import { requestJob } from '../../src/commands/jobs/request-job.ts';
import type { JobState } from '../../src/domain/jobs/job.ts';
import { job } from '../../src/domain/jobs/job.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import type { Worker } from '../../src/runners/one-job.ts';
import { sleep } from '../../src/runners/waiting.ts';
import type { RunningJobs } from '../../src/runners/job-runner.ts';
import { runJobs } from '../../src/runners/job-runner.ts';
import type { JobHandler } from '../../src/jobs/job-handler.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import type { TestClock } from '../support/app.ts';
import { testClock } from '../support/app.ts';
import { engineOver, openLog, request } from '../support/engine.ts';
import { projectId } from '../support/facts.ts';
import { factsIn } from '../support/facts-in.ts';

/** How long a job is a worker's without a sign of life, in ms of the test's clock. */
export const lifetime = 30_000;

/** A log and read models with workers, which each are a process of their own but for the read models. */
export type Workplace = {
  readonly store: EventStore;
  readonly clock: TestClock;
  /** A worker at work on jobs with a memory of its own, over the log as `through` shows it. */
  readonly worker: (holder: string, work: JobHandler['step'], more?: Hiring) => RunningJobs;
  readonly ask: (jobId?: string) => Promise<unknown>;
  /** Asks for a job of another project; those about different projections may be done at the same time. */
  readonly askFor: (projectId: string, projection: string) => Promise<unknown>;
  /** The job as its facts have it. */
  readonly found: (jobId?: string) => Promise<JobState>;
  /** The facts of the job, in order. */
  readonly facts: (jobId?: string) => Promise<readonly string[]>;
  /** What workers could not do and try again. */
  readonly heard: readonly unknown[];
};
type Hiring = {
  readonly through?: EventStore;
  readonly abandon?: NonNullable<JobHandler['abandon']>;
  /** How long a job goes on while others wait, in ms. */
  readonly turn?: number;
  /** Milliseconds to wait after the nth failure in a row; none unless said. */
  readonly retryDelay?: Worker['retryDelay'];
};

/** Opens a workplace for a test, which closes when that ends. */
export const openWorkplace = async (): Promise<Workplace> => {
  const [store, readModels, clock] = [openLog(), openSqliteReadModels(':memory:'), testClock()];
  const projecting = await runProjections({ store, readModels, now: clock.now });
  const workers: RunningJobs[] = [];
  const heard: unknown[] = [];
  const ids = { last: 0 };
  onTestFinished(async () => {
    await Promise.all(workers.map((each) => each.stop()));
    await projecting.stop();
    await readModels.close();
    await store.close();
  });
  const outside = engineOver(store, { clock: clock.now });

  const worker: Workplace['worker'] = (holder, step, hiring = {}) => {
    const { through = store, abandon, turn, retryDelay = () => 0 } = hiring;
    const context = {
      engine: engineOver(through, { clock: clock.now }),
      readModels,
      clock: clock.now,
      othersLag: 0,
      sleep: () => Promise.resolve(),
      head: () => store.head(),
      reached: (position: number) => projecting.reached(position),
    };
    const work: JobHandler = { kind: 'rescore', step, ...(abandon && { abandon }) };
    const running = runJobs(
      {
        context,
        holder,
        lifetime,
        alone: false,
        newId: () => `${holder}/${(ids.last += 1)}`,
        retryDelay,
        sleep,
      },
      [work],
      (error) => heard.push(error),
      turn,
    );
    workers.push(running);
    return running;
  };
  return {
    store,
    clock,
    worker,
    heard,
    ask: (jobId = 'rescore-2') =>
      outside.handle(requestJob, { projectId, jobId, kind: 'rescore', version: 2 }, request(`ask/${jobId}`)),
    askFor: (of, projection) => {
      const input = { projectId: of, jobId: projection, kind: 'rescore' as const, version: 2, details: { projection } };
      return outside.handle(requestJob, input, request(`ask/${of}/${projection}`));
    },
    found: async (jobId = 'rescore-2') => (await outside.states.refresh(job, `${projectId}.${jobId}`)).state,
    facts: async (jobId = 'rescore-2') =>
      (await factsIn(store, `job-${projectId}.${jobId}`)).map(({ type }) => type.replace('Job', '').toLowerCase()),
  };
};

/** A promise that a test keeps, and whoever waits for it. */
export const gate = () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: () => resolve() };
};

/** A step that does one thing of so many, and tells which. */
export const counting =
  (total: number, doing: (nth: number) => unknown = () => undefined): JobHandler['step'] =>
  async ({ cursor, done }) => {
    const nth = Number(cursor) + 1;
    await doing(nth);
    return { cursor: String(nth), done: done + 1, total, complete: nth >= total };
  };
