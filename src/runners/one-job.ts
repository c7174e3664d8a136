import { claimJob } from '../commands/jobs/claim-job.ts';
import { unrepeatable } from '../engine/command.ts';
import { failJob } from '../commands/jobs/fail-job.ts';
import type { Request } from '../engine/handle.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import { progressJob } from '../commands/jobs/progress-job.ts';
import type { JobEvent } from '../domain/jobs/job.ts';
import { job } from '../domain/jobs/job.ts';
import { Rejection } from '../domain/rejection.ts';
import { StoreUnavailable } from '../eventstore/event-store.ts';
import type { JobDocument } from '../projections/jobs.ts';
import type { WorkerContext } from './context.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import type { JobAt, JobHandler } from '../jobs/job-handler.ts';
import type { Sleep } from './poll.ts';
import { streamOf } from '../domain/streams.ts';

/** After so many failures in a row of one step a job is given up. */
const tries = 5;

/** While what a job needs is away, the wait between two tries grows up to that after so many of them: three seconds at most. */
const oftenAway = 6;

/** A worker: how long what it takes is its own without a sign of life, in ms; `alone` when no other can have what is taken. */
export type Worker = {
  readonly context: WorkerContext;
  readonly holder: string;
  readonly lifetime: number;
  readonly alone: boolean;
  readonly newId: () => string;
  /** Milliseconds to wait after the nth failure in a row. */
  readonly retryDelay: (failures: number) => number;
  readonly sleep: Sleep;
};

/** Nothing is wrong with the job: what it needs is away, or others were quicker. */
const passes = (error: unknown): boolean =>
  error instanceof StoreUnavailable || error instanceof ReadModelsUnavailable || error instanceof TooManyConflicts;

/** The job has ended, or is with another worker by now. */
const isLost = (error: unknown): boolean =>
  error instanceof Rejection && (error.code === 'job-ended' || error.code === 'job-claimed');

/** What a worker may do with a job that it takes or has. */
const holding = ({ context, holder, lifetime, alone, newId }: Worker, { jobId: name, projectId }: JobDocument) => {
  const { engine, clock } = context;
  const jobId = name.slice(projectId.length + 1);
  const mine = { projectId, jobId, holder };
  const until = (): string => new Date(clock().getTime() + lifetime).toISOString();

  /** Commands of the job belong to the request that asked for it. */
  const request = async (): Promise<Request> => {
    const [first] = await engine.states.read<JobEvent>(streamOf(job.name, name), -1, 1);
    const { correlationId = newId(), traceparent } = first?.metadata ?? {};
    return {
      commandId: unrepeatable(newId()),
      correlationId,
      actor: `job:${name}`,
      ...(first && { causationId: first.id }),
      ...(traceparent !== undefined && { traceparent }),
    };
  };
  const claim = async (asked: Request, end = until()): Promise<void> => {
    await engine.handle(claimJob, { ...mine, until: end, takeOver: alone }, asked);
  };
  return {
    request,
    claim,
    /** Where the last recorded step left it. */
    state: async () => (await engine.states.refresh(job, name)).state,
    progress: (progress: Awaited<ReturnType<JobHandler['step']>>, asked: Request) =>
      engine.handle(progressJob, { ...mine, ...progress, until: until() }, asked),
    fail: (error: unknown, firstFailedAt: string, asked: Request) => {
      const message = error instanceof Error ? error.message : String(error);
      return engine.handle(failJob, { ...mine, error: message, attempts: tries, firstFailedAt }, asked);
    },
    free: (asked: Request) => claim(asked, clock().toISOString()),
  };
};

/** Goes from step to step until the job is complete, given up, lost, or the signal aborts. */
const stepping = async (
  { context, sleep, retryDelay }: Worker,
  [handler, doc]: readonly [JobHandler, JobDocument],
  held: ReturnType<typeof holding>,
  { request, signal }: { readonly request: Request; readonly signal: AbortSignal },
): Promise<void> => {
  const { done, total, cursor, version } = await held.state();
  const details = { ...doc.details, ...(doc.version !== undefined && { version }) };
  const { projectId, jobId, kind, requestedAt } = doc;
  let at: JobAt = { projectId, jobId, kind, requestedAt, details, done, total, cursor, position: await context.head() };
  let [failures, firstFailedAt, away] = [0, '', 0];
  while (!signal.aborted) {
    try {
      const progress = await handler.step(at, { ...context, request, signal });
      await held.progress(progress, request);
      if (progress.complete) return;
      [at, failures, away] = [{ ...at, ...progress }, 0, 0];
    } catch (error) {
      if (signal.aborted || isLost(error)) return;
      if (passes(error)) {
        away += 1;
        await sleep(retryDelay(Math.min(away, oftenAway)), signal);
        continue;
      }
      [failures, away] = [failures + 1, 0];
      if (failures === 1) firstFailedAt = context.clock().toISOString();
      if (failures === tries) return void (await held.fail(error, firstFailedAt, request));
      await sleep(retryDelay(failures), signal);
    }
  }
};

/**
 * Takes a job and carries it out, from its last recorded step on, giving signs of life. Resolves when it is complete, given
 * up, lost to another worker, or when the signal aborts. Rejects when the stores fail before the first step.
 */
export const carryOut = async (
  worker: Worker,
  handler: JobHandler,
  doc: JobDocument,
  stop: AbortSignal,
): Promise<void> => {
  const held = holding(worker, doc);
  const request = await held.request();
  try {
    await held.claim(request);
  } catch (error) {
    if (isLost(error)) return;
    throw error;
  }
  const lost = new AbortController();
  const signal = AbortSignal.any([stop, lost.signal]);
  const beat = setInterval(() => {
    held.claim(request).catch((error: unknown) => {
      // Without an answer it goes on: another worker that took it makes the next step's fact refused.
      if (isLost(error)) lost.abort();
    });
  }, worker.lifetime / 3).unref();
  try {
    await stepping(worker, [handler, doc], held, { request, signal });
  } finally {
    clearInterval(beat);
  }
  const { status, holder } = await held.state();
  // A step may hear of it before anybody told the worker: its fact was refused.
  if (status === 'cancelled') await handler.abandon?.({ ...doc, position: 0 }, worker.context);
  else if (signal.aborted && status === 'running' && holder === worker.holder) await held.free(request);
};
