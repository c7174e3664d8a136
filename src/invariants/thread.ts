import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { StoreUnavailable } from '../eventstore/event-store.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import type { Report } from './report.ts';
import { reportSchema } from './report.ts';

const file = z.object({ scheme: z.literal('sqlite'), path: z.string() });

/** Where the thread finds facts and documents, and what it is to check. `checkedAt` is ISO 8601. */
export const threadData = z.object({
  events: z.union([file, z.object({ scheme: z.literal('eventstoredb'), url: z.string() })]),
  documents: z.union([file, z.object({ scheme: z.literal('mongodb'), url: z.string() })]),
  checkpoints: z.array(z.string()),
  told: z.record(z.string(), z.number()),
  projectId: z.string().optional(),
  checkedAt: z.string(),
});

/** What the thread answers, once. */
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
  throw new Error(said);
};

type Settings = Omit<z.infer<typeof threadData>, 'told' | 'projectId' | 'checkedAt'> & {
  /** The module that the thread runs. */
  readonly entry: URL;
  readonly clock: () => Date;
  /** How far the readers of this process are, by the names of their checkpoints. */
  readonly positions: () => Promise<Readonly<Record<string, number>>>;
};

/** Checks the invariants when asked. */
export type InvariantChecks = {
  /** Checks one project or all. Whoever asks for the same while it is checked gets the same answer. */
  readonly check: (projectId?: string) => Promise<Report>;
  /** Breaks off what is being checked. */
  readonly stop: () => Promise<void>;
};

/**
 * Runs checks in a thread of its own, on connections of its own that only read, one check at a time: it works through all
 * there is, and nobody else should have to wait for that.
 */
export const checksInThread = ({ entry, clock, positions, ...where }: Settings): InvariantChecks => {
  const running = new Map<string | undefined, Promise<Report>>();
  let last: Promise<unknown> = Promise.resolve();
  let thread: Worker | undefined;
  let stopping = false;

  const run = async (projectId: string | undefined): Promise<Report> => {
    if (stopping) throw new StoreUnavailable('The process is stopping; ask another one');
    const [checkedAt, told] = [clock().toISOString(), await positions()];
    const worker = new Worker(entry, { workerData: { ...where, told, projectId, checkedAt } });
    thread = worker;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new StoreUnavailable('The check was broken off; ask again')));
    try {
      return reportIn(await promise);
    } finally {
      thread = undefined;
      await worker.terminate();
    }
  };

  return {
    check: (projectId) => {
      const joined = running.get(projectId);
      if (joined) return joined;
      const mine = last.then(() => run(projectId)).finally(() => running.delete(projectId));
      running.set(projectId, mine);
      // The next one begins when this one has ended, however it did.
      last = Promise.allSettled([mine]);
      return mine;
    },
    stop: async () => {
      stopping = true;
      await thread?.terminate();
    },
  };
};
