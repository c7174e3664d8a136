import { z } from 'zod';
import { job, jobEvents } from '../domain/job.ts';
import { Rejection } from '../domain/rejection.ts';
import { command } from './command.ts';

/** Notes that a step of a job is done, and where the next one begins; or that the job is complete. */
export const progressJob = command(job)({
  name: 'ProgressJob',
  input: jobEvents.JobProgressed.extend({
    projectId: z.string(),
    jobId: z.string(),
    complete: z.boolean(),
  }),
  id: ({ projectId, jobId }) => `${projectId}.${jobId}`,
  decide: ({ status }, { jobId, cursor, done, total, complete }, { now }) => {
    if (status === 'unknown') throw new Rejection('job-unknown', `There is no job ${jobId}`);
    if (status === 'completed') return [];
    if (complete) return [{ type: 'JobCompleted', data: { done, completedAt: now.toISOString() } }];
    return [{ type: 'JobProgressed', data: { cursor, done, total } }];
  },
});
