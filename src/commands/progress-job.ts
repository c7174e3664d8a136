import { z } from 'zod';
import { job } from '../domain/job.ts';
import { Rejection } from '../domain/rejection.ts';
import { command } from './command.ts';

/**
 * Notes that a step of a job is done, and where the next one begins; or that the job is complete. Refused to a worker that
 * does not hold the job any more, and once it has ended.
 */
export const progressJob = command(job)({
  name: 'ProgressJob',
  input: z.object({
    ...{ projectId: z.string(), jobId: z.string(), holder: z.string(), until: z.string() },
    ...{ cursor: z.string(), done: z.int(), total: z.int(), complete: z.boolean() },
  }),
  id: ({ projectId, jobId }) => `${projectId}.${jobId}`,
  decide: ({ status, holder: held }, { jobId, holder, until, cursor, done, total, complete }, { now }) => {
    if (status === 'unknown') throw new Rejection('job-unknown', `There is no job ${jobId}`);
    if (status === 'completed' && complete) return [];
    if (status !== 'running') throw new Rejection('job-ended', `Job ${jobId} is ${status}`);
    if (held !== holder) throw new Rejection('job-claimed', `Job ${jobId} is with another worker by now`);
    if (complete) return [{ type: 'JobCompleted', data: { done, completedAt: now.toISOString() } }];
    return [{ type: 'JobProgressed', data: { cursor, done, total, until } }];
  },
});
