import { isOpen, job } from '../domain/jobs/job.ts';
import type { JobDocument } from '../projections/jobs.ts';
import { jobs } from '../projections/jobs.ts';
import { allProjects } from '../projections/projects.ts';
import type { Page, Scalar } from '../readmodels/queries.ts';
import type { Worker } from './one-job.ts';
import { carryOut } from './one-job.ts';
import { poll } from './poll.ts';
import type { JobHandler } from '../jobs/job-handler.ts';

/** How many jobs a worker does at a time, and how many of the list it reads at once. */
const [width, page] = [4, 100];

/** How many open jobs are looked at: a project has one of each kind, but for what was asked for before that was so. */
const mostLooked = 2_000;

/** Of how many projects it is remembered whose turn was before whose; others had none for long. */
const mostServed = 10_000;

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

type Active = {
  readonly doc: JobDocument;
  readonly since: number;
  readonly ended: Promise<void>;
  readonly abort: () => void;
};

/** What there is only one at a time of: a project's jobs of a kind, and of a projection where it is about one. */
const laneOf = ({ projectId, kind, details }: JobDocument): string =>
  JSON.stringify([projectId, kind, details['projection']]);

/**
 * Carries out all jobs that nobody else has: of each project and kind one at a time, the oldest first. Projects take turns: whose
 * job was begun longest ago is next, and a job gives its place back after `turn` ms when others wait. `onError` is told why a
 * look, or the beginning or end of a job, failed; it is tried again.
 */
export const runJobs = (
  worker: Worker,
  works: readonly JobHandler[],
  onError: (error: unknown) => void,
  turn = 5_000,
): RunningJobs => {
  const { context, alone, sleep } = worker;
  const stopping = new AbortController();
  const active = new Map<string, Active>();
  /** The projects whose jobs were begun, the one whose turn was last at the end. */
  const served = new Set<string>();
  const isFree = ({ status, until }: JobDocument): boolean =>
    status === 'requested' || alone || until <= context.clock().toISOString();

  const begin = (doc: JobDocument, handler: JobHandler): void => {
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, stopping.signal]);
    const leave = (): void => void active.delete(doc.jobId);
    // Where it failed, the next look is soon enough: what it needs may be away.
    const ended = carryOut(worker, handler, doc, signal).then(
      () => {
        leave();
        polling.wake();
      },
      (error: unknown) => {
        leave();
        onError(error);
      },
    );
    served.delete(doc.projectId);
    served.add(doc.projectId);
    const [longestAgo] = served;
    if (served.size > mostServed && longestAgo !== undefined) served.delete(longestAgo);
    active.set(doc.jobId, { doc, since: performance.now(), ended, abort: () => own.abort() });
  };

  /** Those that may begin now: of each lane the oldest, unless somebody has one of it; the projects in turn. */
  const next = (open: readonly JobDocument[]): readonly JobDocument[] => {
    const taken = new Set([...active.values()].map(({ doc }) => laneOf(doc)));
    for (const doc of open) if (!active.has(doc.jobId) && !isFree(doc)) taken.add(laneOf(doc));
    const first = open.filter((doc) => {
      const lane = laneOf(doc);
      if (active.has(doc.jobId) || taken.has(lane) || !works.some(({ kind }) => kind === doc.kind)) return false;
      taken.add(lane);
      return true;
    });
    const places = new Map([...served].map((projectId, place) => [projectId, place]));
    const turnOf = ({ projectId }: JobDocument): number => places.get(projectId) ?? -1;
    return first.toSorted((a, b) => turnOf(a) - turnOf(b));
  };

  /** Has the job that was begun first give its place to another project's, when it had its time. */
  const makeRoom = (waiting: readonly JobDocument[]): void => {
    const [longest] = [...active.values()].toSorted((a, b) => a.since - b.since);
    if (!longest || performance.now() - longest.since < turn) return;
    if (waiting.some(({ projectId }) => projectId !== longest.doc.projectId)) longest.abort();
  };

  const endCancelled = async (): Promise<void> => {
    for (const [id, { abort }] of active) {
      if (!isOpen((await context.engine.states.refresh(job, id)).state)) abort();
    }
  };

  const look = async (): Promise<void> => {
    await endCancelled();
    const open: JobDocument[] = [];
    let after: readonly Scalar[] | undefined;
    do {
      const found: Page<JobDocument> = await context.readModels.find(allProjects, jobs, {
        where: [{ field: 'open', op: 'eq', value: 1 }],
        sort: [{ field: 'requestedAt', direction: 'asc' }],
        limit: page,
        ...(after && { after }),
      });
      open.push(...found.docs);
      after = found.next;
    } while (after && open.length < mostLooked);
    for (const doc of next(open)) {
      const handler = works.find(({ kind }) => kind === doc.kind);
      if (handler && active.size < width) begin(doc, handler);
    }
    if (active.size === width) makeRoom(next(open));
  };

  const polling = poll(
    async (woken) => {
      // Only the list of jobs: one may be there to repair what does not come there.
      if (woken) await context.reached(await context.head(), [jobs.name]);
      await look();
    },
    { every: lookEvery, signal: stopping.signal, onError, sleep },
  );
  return {
    wake: polling.wake,
    quiet: async () => {
      do {
        await Promise.all([...active.values()].map(({ ended }) => ended));
        await context.reached(await context.head());
        await look();
      } while (active.size > 0);
    },
    stop: async () => {
      stopping.abort();
      await polling.ended;
      await Promise.all([...active.values()].map(({ ended }) => ended));
    },
  };
};
