import { isOpen, job } from '../domain/job.ts';
import type { JobDocument } from '../projections/jobs.ts';
import { jobs } from '../projections/jobs.ts';
import { allProjects } from '../projections/projects.ts';
import type { Scalar } from '../readmodels/read-models.ts';
import type { Worker } from './one-job.ts';
import { carryOut } from './one-job.ts';
import type { Work } from './work.ts';

/** How many jobs a worker does at a time, and how many of the list it reads at once. */
const [width, page] = [4, 100];

/** How often a worker looks for jobs whose holder died, in ms. New ones are told to it. */
const lookEvery = 2_000;

/** A worker at work on jobs. */
export type RunningJobs = {
  /** There is something new to look at. */
  readonly wake: () => void;
  /** Resolves when this worker has nothing to do. */
  readonly quiet: () => Promise<void>;
  /** Stops between two steps, and leaves what it had to others. */
  readonly stop: () => Promise<void>;
};

type Active = { readonly ended: Promise<void>; readonly abort: () => void };

/**
 * Carries out all jobs that nobody else has, oldest first. `hear` is told why a look, or the beginning or end of a job, failed;
 * it is tried again.
 */
export const runJobs = (worker: Worker, works: readonly Work[], hear: (error: unknown) => void): RunningJobs => {
  const { sight, alone, rest } = worker;
  const stopping = new AbortController();
  const active = new Map<string, Active>();
  let resting = new AbortController();
  let woken = true;

  const isFree = ({ status, until }: JobDocument): boolean =>
    status === 'requested' || alone || until <= sight.clock().toISOString();

  const begin = (doc: JobDocument, work: Work): void => {
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, stopping.signal]);
    const ended = carryOut(worker, work, doc, signal)
      .catch(hear)
      .finally(() => active.delete(doc.jobId));
    active.set(doc.jobId, { ended, abort: () => own.abort() });
  };

  const endCancelled = async (): Promise<void> => {
    for (const [id, { abort }] of active) {
      if (!isOpen((await sight.engine.states.refresh(job, id)).state)) abort();
    }
  };

  const look = async (): Promise<void> => {
    await endCancelled();
    let after: readonly Scalar[] | undefined;
    do {
      const { docs, next } = await sight.readModels.find(allProjects, jobs, {
        where: [{ field: 'open', op: 'eq', value: 1 }],
        sort: [{ field: 'requestedAt', direction: 'asc' }],
        ...{ limit: page, ...(after && { after }) },
      });
      for (const doc of docs) {
        const work = works.find(({ kind }) => kind === doc.kind);
        if (work && active.size < width && !active.has(doc.jobId) && isFree(doc)) begin(doc, work);
      }
      after = next;
    } while (after && active.size < width);
  };

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      resting = new AbortController();
      const listed = woken;
      woken = false;
      try {
        // Only the list of jobs: one may be there to repair what does not come there.
        if (listed) await sight.reached(await sight.head(), [jobs.name]);
        await look();
      } catch (error) {
        if (!stopping.signal.aborted) hear(error);
      }
      if (!woken) await rest(lookEvery, AbortSignal.any([resting.signal, stopping.signal]));
    }
  };

  const running = run();
  return {
    wake: () => {
      woken = true;
      resting.abort();
    },
    quiet: async () => {
      do {
        await Promise.all([...active.values()].map(({ ended }) => ended));
        await sight.reached(await sight.head());
        await look();
      } while (active.size > 0);
    },
    stop: async () => {
      stopping.abort();
      await running;
      await Promise.all([...active.values()].map(({ ended }) => ended));
    },
  };
};
