import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { storeLocations } from '../config/store-location.ts';
import { StoreUnavailable } from '../eventstore/event-store.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import type { Part } from './parts.ts';
import { halves, Misplaced, partSchema, whole } from './parts.ts';
import type { Report } from './report.ts';
import { joined, reportSchema } from './report.ts';

/**
 * Where a thread finds facts and documents, and what it is to check. `live`: whether something runs that moves the checkpoints.
 * `checkedAt` is ISO 8601.
 */
export const threadData = storeLocations.extend({
  checkpoints: z.array(z.string()),
  told: z.record(z.string(), z.number()),
  live: z.boolean(),
  projectId: z.string().optional(),
  part: partSchema,
  checkedAt: z.string(),
});

/** What a thread answers, once. */
const answerSchema = z.union([
  z.object({ report: reportSchema }),
  z.object({ error: z.object({ name: z.string(), message: z.string() }) }),
]);
export type Answer = z.infer<typeof answerSchema>;

const reportIn = (message: unknown): Report => {
  const answer = answerSchema.parse(message);
  if ('report' in answer) return answer.report;
  const { name, message: said } = answer.error;
  if (name === 'StoreUnavailable') throw new StoreUnavailable(said);
  if (name === 'ReadModelsUnavailable') throw new ReadModelsUnavailable(said);
  if (name === 'Misplaced') throw new Misplaced();
  throw new Error(said);
};

/** What a thread reports. Rejects with why it does not. */
const reportOf = async (thread: Worker): Promise<Report> => {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  thread.once('message', resolve);
  thread.once('error', reject);
  thread.once('exit', () => reject(new StoreUnavailable('The check was broken off; ask again')));
  return reportIn(await promise);
};

const end = (threads: readonly Worker[]): Promise<unknown> => Promise.all(threads.map((each) => each.terminate()));

/** From which position on a log is worth a second thread: to start one takes as long as to check some hundred leads. */
const longLog = 5_000;

/**
 * Half of the time for the same work, where there is a core for the second half and, by how far the readers are, not too
 * little of it. Where that is not known, there may be much.
 */
export const partsFor = (
  positions: Readonly<Record<string, number>>,
  cores = availableParallelism(),
): readonly Part[] => {
  const known = Object.values(positions);
  const isShort = known.length > 0 && Math.max(...known) <= longLog;
  return cores > 1 && !isShort ? halves : [whole];
};

type Settings = Omit<z.infer<typeof threadData>, 'told' | 'projectId' | 'part' | 'checkedAt'> & {
  /** The module that the thread runs. */
  readonly entry: URL;
  readonly clock: () => Date;
  /** How far the readers of this process are, by the names of their checkpoints. */
  readonly positions: () => Promise<Readonly<Record<string, number>>>;
  /** What is checked at the same time, each part in a thread; as many as the log and the machine are good for when nothing is said. */
  readonly parts?: readonly Part[];
};

/** Checks the invariants when asked. */
export type InvariantChecks = {
  /** Checks one project or all. Whoever asks for the same while it is checked gets the same answer. */
  readonly check: (projectId?: string) => Promise<Report>;
  /** Breaks off what is being checked. */
  readonly stop: () => Promise<void>;
};

/**
 * Runs checks in threads of their own, on connections of their own that only read, one check at a time: it works through all
 * there is, and nobody else should have to wait for that.
 */
export const checksInThreads = ({ entry, clock, positions, parts, ...where }: Settings): InvariantChecks => {
  const running = new Map<string | undefined, Promise<Report>>();
  let last: Promise<unknown> = Promise.resolve();
  let threads: readonly Worker[] = [];
  let stopping = false;

  /** Checks all parts at the same time. When one fails the others end. */
  const run = async (projectId: string | undefined, parts?: readonly Part[]): Promise<Report> => {
    const [checkedAt, told] = [clock().toISOString(), await positions()];
    if (stopping) throw new StoreUnavailable('The process is stopping; ask another one');
    const begun = (parts ?? partsFor(told)).map(
      (part) => new Worker(entry, { workerData: { ...where, told, projectId, part, checkedAt } }),
    );
    threads = begun;
    try {
      const reports = await Promise.all(begun.map(reportOf));
      return reports.reduce(joined);
    } finally {
      await end(begun);
    }
  };

  const checked = async (projectId: string | undefined): Promise<Report> => {
    const begun = performance.now();
    const report = await run(projectId, parts).catch((error: unknown) => {
      if (error instanceof Misplaced) return run(projectId, [whole]);
      throw error;
    });
    return { ...report, took: Math.round(performance.now() - begun) };
  };

  return {
    check: (projectId) => {
      const joined = running.get(projectId);
      if (joined) return joined;
      const mine = last.then(() => checked(projectId)).finally(() => running.delete(projectId));
      running.set(projectId, mine);
      // The next one begins when this one has ended, however it did.
      last = Promise.allSettled([mine]);
      return mine;
    },
    stop: async () => {
      stopping = true;
      await end(threads);
    },
  };
};
