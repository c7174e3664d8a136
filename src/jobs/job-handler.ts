import type { Request } from '../engine/handle.ts';
import type { JsonObject } from '../domain/lead/activity.ts';
import type { JobKind } from '../domain/jobs/job.ts';
import type { WorkerContext } from '../runners/context.ts';

/** How far a job is: where the next step begins, and how many things are done of how many, as far as known. */
export type Progress = {
  readonly cursor: string;
  readonly done: number;
  readonly total: number;
  readonly complete: boolean;
  /** What came of it, with the last step. */
  readonly result?: JsonObject;
};

/** A job where its last recorded step left it; the cursor is empty at first. */
export type JobAt = Omit<Progress, 'complete' | 'result'> & {
  readonly projectId: string;
  /** `<project>.<id>`, as everybody outside calls it. */
  readonly jobId: string;
  readonly kind: JobKind;
  readonly details: JsonObject;
  readonly requestedAt: string;
  /** The position of the fact that asked for it. */
  readonly position: number;
};

/** What a step works with. `request` is for its commands, which nobody repeats: they change nothing the second time. */
export type JobContext = WorkerContext & {
  readonly request: Request;
  /** Aborts when the job was cancelled, another worker has it, or the process stops. */
  readonly signal: AbortSignal;
};

/** What does the jobs of a kind. */
export type JobHandler = {
  readonly kind: JobKind;
  /**
   * Does the next step and says how far that brought it; called again until it is complete. A step may come again from the
   * last one that was recorded, also while a worker that was held up still does it.
   */
  readonly step: (job: JobAt, context: JobContext) => Promise<Progress>;
  /** Cleans up after a job that was cancelled. May be called again, or never when the process dies. */
  readonly abandon?: (job: JobAt, context: WorkerContext) => Promise<void>;
};
