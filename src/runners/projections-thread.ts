import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { storeLocations } from '../config/store-location.ts';
import { StoreUnavailable } from '../eventstore/event-store.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import type { SubscriptionStatus } from './subscription.ts';
import type { RunningProjections } from './projections.ts';

/** What a generation of a projection is asked for. */
const generation = { id: z.number(), projection: z.string(), generation: z.number() };

/** What the thread is asked: to say when a position is reached, to stop waiting for one, how it is, what it counted, and to stop. */
export const askSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reach'), id: z.number(), position: z.number(), only: z.array(z.string()).optional() }),
  z.object({ kind: z.literal('give-up'), id: z.number() }),
  z.object({ kind: z.literal('status'), id: z.number() }),
  z.object({ kind: z.literal('measures'), id: z.number() }),
  z.object({ kind: z.literal('build'), ...generation }),
  z.object({ kind: z.literal('serve'), ...generation }),
  z.object({ kind: z.literal('finish'), ...generation }),
  z.object({ kind: z.literal('stop') }),
]);
export type Ask = z.infer<typeof askSchema>;

/** What was away when something failed, as it is told across threads, where an error has no kind. */
const unavailable = { events: StoreUnavailable, documents: ReadModelsUnavailable } as const;

const answerSchema = z.object({
  id: z.number().optional(),
  error: z.string().optional(),
  away: z.enum(['events', 'documents']).optional(),
  statuses: z.array(z.custom<SubscriptionStatus>()).optional(),
  measures: z.unknown().optional(),
  built: z.object({ position: z.number(), live: z.boolean() }).optional(),
  lostTail: z.object({ name: z.string(), error: z.string() }).optional(),
});
type Answer = z.infer<typeof answerSchema>;

/** An error as the thread tells it. */
export const failureOf = (error: unknown): Pick<Answer, 'error' | 'away'> => {
  const told = error instanceof Error ? error.message : String(error);
  if (error instanceof StoreUnavailable) return { error: told, away: 'events' };
  return error instanceof ReadModelsUnavailable ? { error: told, away: 'documents' } : { error: told };
};

/** What is answered when nothing is projected any more. */
const isStopping: Answer = { error: 'The projections are stopping', away: 'documents' };

type Waiter = { readonly settle: (answer: Answer) => void };

/** Where the thread finds facts and documents, and who it is if it shares them with other processes (`lifetime` in ms), and how it sends traces if it does. */
export const threadData = storeLocations.extend({
  lease: z.object({ holder: z.string(), lifetime: z.number() }).optional(),
  traces: z.object({ protocol: z.enum(['http/protobuf', 'http/json']) }).optional(),
});

/** Resolves when a thread has ended, however it did: `once` would reject for one that dies of an error. */
const endOf = (thread: Worker): Promise<void> =>
  new Promise((resolve) => {
    thread.once('exit', () => resolve());
  });

/** What a thread is told. */
export type ThreadData = z.infer<typeof threadData>;

/** `entry` is the module that the thread runs. */
type Thread = ThreadData & { readonly entry: URL };

/** Is told why the thread died, and of a projection whose checkpoint stands on what the log no longer has. */
type Troubles = {
  readonly onDeath: (error: unknown) => void;
  readonly onLostTail: (name: string, error: string) => void;
};

/**
 * Runs the projections in a thread of their own. A thread that dies is started again, and goes on from the checkpoints.
 * Until then everything that asks waits or gives up by its own signal.
 */
export const runProjectionsInThread = async (
  { entry, ...workerData }: Thread,
  { onDeath, onLostTail }: Troubles,
): Promise<RunningProjections> => {
  const waiters = new Map<number, Waiter>();
  const asked = new Map<number, Ask>();
  let lastId = 0;
  let stopping = false;
  let worker = new Worker(entry, { workerData });
  let gone = endOf(worker);

  const answer = (message: unknown): void => {
    const { id, lostTail, ...rest } = answerSchema.parse(message);
    if (lostTail) onLostTail(lostTail.name, lostTail.error);
    if (id !== undefined) waiters.get(id)?.settle(rest);
  };

  const start = (thread: Worker): void => {
    worker = thread;
    gone = endOf(thread);
    thread.on('message', answer);
    thread.on('error', onDeath);
    thread.once('exit', () => void restart());
    for (const ask of asked.values()) thread.postMessage(ask);
  };

  const restart = async (): Promise<void> => {
    if (stopping) return;
    await sleep(500, undefined, { ref: false });
    if (!stopping) start(new Worker(entry, { workerData }));
  };

  const ask = (wanted: (id: number) => Ask, late: string, signal?: AbortSignal): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      const giveUp = (): void => {
        worker.postMessage({ kind: 'give-up', id } satisfies Ask);
        settle({ error: late, away: 'documents' });
      };
      const settle = (reply: Answer): void => {
        signal?.removeEventListener('abort', giveUp);
        waiters.delete(id);
        asked.delete(id);
        if (reply.error === undefined) return resolve(reply);
        const Failure = reply.away ? unavailable[reply.away] : Error;
        reject(new Failure(reply.error));
      };
      if (stopping) return settle(isStopping);
      const message = wanted(id);
      waiters.set(id, { settle });
      asked.set(id, message);
      signal?.addEventListener('abort', giveUp);
      worker.postMessage(message);
      if (signal?.aborted) giveUp();
    });

  const soon = (kind: 'status' | 'measures') =>
    ask((id) => ({ kind, id }), 'The projecting thread is busy', AbortSignal.timeout(1_000));
  const ofGeneration = (kind: 'build' | 'serve' | 'finish', projection: string, generation: number) =>
    ask((id) => ({ kind, id, projection, generation }), 'The projecting thread is busy', AbortSignal.timeout(60_000));

  const ready = once(worker, 'message');
  start(worker);
  await Promise.race([
    ready,
    once(worker, 'exit').then(() => Promise.reject(new Error('The projecting thread ended'))),
  ]);

  return {
    statuses: async () => (await soon('status')).statuses ?? [],
    measures: async () => (await soon('measures')).measures,
    reached: async (position, signal, only) => {
      const late = `The read models did not reach position ${position} in time`;
      await ask((id) => ({ kind: 'reach', id, position, ...(only && { only: [...only] }) }), late, signal);
    },
    build: async (...which) => (await ofGeneration('build', ...which)).built ?? { position: 0, live: false },
    serve: async (...which) => void (await ofGeneration('serve', ...which)),
    finish: async (...which) => void (await ofGeneration('finish', ...which)),
    stop: async () => {
      stopping = true;
      for (const { settle } of [...waiters.values()]) settle(isStopping);
      worker.postMessage({ kind: 'stop' } satisfies Ask);
      await gone;
    },
  };
};
