import { z } from 'zod';
import { isoTime } from './activity.ts';
import type { Aggregate, EventsOf } from './event.ts';

const kind = z.enum(['rescore']);

/** The facts of a job's stream, `job-<projectId>.<jobId>`: long work, done in steps that each leave a fact. Shapes are forever. */
export const jobEvents = {
  JobRequested: z
    .object({
      projectId: z.string(),
      jobId: z.string(),
      kind,
      version: z.number().int(),
      requestedAt: isoTime,
    })
    .describe("Long work was asked for. `version` is the model's, for `rescore`."),
  JobProgressed: z
    .object({ cursor: z.string(), done: z.number().int(), total: z.number().int() })
    .describe('A step is done. `cursor` says where the next one begins; `done` and `total` count things, not steps.'),
  JobCompleted: z.object({ done: z.number().int(), completedAt: isoTime }).describe('All is done.'),
} as const;
export type JobEvent = EventsOf<typeof jobEvents>;

export type JobState = {
  readonly status: 'unknown' | 'running' | 'completed';
  readonly version: number;
  readonly done: number;
  readonly cursor: string;
};

const initial: JobState = { status: 'unknown', version: 0, done: 0, cursor: '' };

const evolve = (state: JobState, event: JobEvent): JobState => {
  switch (event.type) {
    case 'JobRequested':
      return { ...state, status: 'running', version: event.data.version };
    case 'JobProgressed':
      return { ...state, cursor: event.data.cursor, done: event.data.done };
    case 'JobCompleted':
      return { ...state, status: 'completed', done: event.data.done };
    default:
      return state;
  }
};

export const job: Aggregate<JobState, JobEvent> = { name: 'job', initial, evolve };
