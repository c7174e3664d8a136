import { z } from 'zod';
import { isoTime, jsonObject } from '../lead/activity.ts';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';

/** The kinds of long work. */
export const jobKind = z.enum([
  'rescore',
  'rebuild-project',
  'rebuild-projection',
  'route-qualified',
  'replay-rejects',
  'replay-deliveries',
]);
export type JobKind = z.infer<typeof jobKind>;

/** The facts of a job's stream, `job-<projectId>.<jobId>`: long work, done in steps that each leave a fact. Shapes are forever. */
export const jobEvents = {
  JobRequested: z
    .strictObject({
      projectId: z.string(),
      jobId: z.string(),
      kind: jobKind,
      version: z.number().int().optional(),
      details: jsonObject.optional(),
      requestedAt: isoTime,
    })
    .describe(
      "Long work was asked for. `version` is the model's, for `rescore`; `details` says what other kinds need to know.",
    ),
  JobClaimed: z
    .strictObject({ holder: z.string(), until: isoTime, attempt: z.number().int() })
    .describe('A worker took the job, or went on with it, and has it until a time; then another may take it.'),
  JobProgressed: z
    .strictObject({ cursor: z.string(), done: z.number().int(), total: z.number().int(), until: isoTime.optional() })
    .describe('A step is done. `cursor` says where the next one begins; `done` and `total` count things, not steps.'),
  JobCompleted: z
    .strictObject({ done: z.number().int(), completedAt: isoTime, result: jsonObject.optional() })
    .describe('All is done. `result` says what came of it.'),
  JobFailed: z
    .strictObject({ error: z.string(), attempts: z.number().int(), firstFailedAt: isoTime, failedAt: isoTime })
    .describe('A step failed again and again, so nobody goes on until somebody asks for it.'),
  JobRetried: z.strictObject({ retriedAt: isoTime }).describe('A failed job goes on from its last step.'),
  JobCancelled: z
    .strictObject({ reason: z.string(), cancelledAt: isoTime })
    .describe('Nobody wants it any more. What its steps did stays.'),
} as const;
export type JobEvent = EventsOf<typeof jobEvents>;

export type JobState = {
  readonly status: 'unknown' | 'requested' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly version: number;
  readonly done: number;
  readonly total: number;
  readonly cursor: string;
  /** Who has the job, and until when (ISO 8601). */
  readonly holder: string;
  readonly until: string;
  /** How often it was taken. */
  readonly attempt: number;
};

const initial: JobState = {
  status: 'unknown',
  version: 0,
  done: 0,
  total: 0,
  cursor: '',
  holder: '',
  until: '',
  attempt: 0,
};

/** Whether there is something left to do. */
export const isOpen = ({ status }: Pick<JobState, 'status'>): boolean => status === 'requested' || status === 'running';

const evolve = (state: JobState, event: JobEvent): JobState => {
  switch (event.type) {
    case 'JobRequested':
      return { ...state, status: 'requested', version: event.data.version ?? 0 };
    case 'JobClaimed':
      return { ...state, status: 'running', ...event.data };
    case 'JobProgressed': {
      const { cursor, done, total, until = state.until } = event.data;
      return { ...state, cursor, done, total, until };
    }
    case 'JobCompleted':
      return { ...state, status: 'completed', done: event.data.done };
    case 'JobFailed':
      return { ...state, status: 'failed', holder: '' };
    case 'JobRetried':
      return { ...state, status: 'requested', holder: '' };
    case 'JobCancelled':
      return { ...state, status: 'cancelled', holder: '' };
    default:
      return unchanged(state, event);
  }
};

export const job: Aggregate<JobState, JobEvent> = { name: 'job', initial, evolve };
