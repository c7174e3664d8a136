import { z } from 'zod';
import { jsonObject } from '../../domain/lead/activity.ts';
import { job } from '../../domain/jobs/job.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/**
 * Notes that a step of a job is done, and where the next one begins; or that the job is complete. Refused to a worker that
 * does not hold the job any more, and once it has ended.
 */
export const progressJob = command(job)({
  name: 'ProgressJob',
  input: z.object({
    projectId: z.string(),
    jobId: z.string(),
    holder: z.string(),
    until: z.string(),
    cursor: z.string(),
    done: z.int(),
    total: z.int(),
    complete: z.boolean(),
    result: jsonObject.optional(),
  }),
  id: ({ projectId, jobId }) => `${projectId}.${jobId}`,
  decide: ({ status, holder: held }, { projectId: _, jobId, holder, until, result, ...at }, { now }) => {
    if (status === 'unknown') throw new Rejection('job-unknown', `There is no job ${jobId}`);
    const { complete, ...progress } = at;
    if (status === 'completed' && complete) return [];
    if (status !== 'running') throw new Rejection('job-ended', `Job ${jobId} is ${status}`);
    if (held !== holder) throw new Rejection('job-claimed', `Job ${jobId} is with another worker by now`);
    if (!complete) return [{ type: 'JobProgressed', data: { ...progress, until } }];
    const completed = { done: progress.done, completedAt: now.toISOString() };
    return [{ type: 'JobCompleted', data: { ...completed, ...(result && { result }) } }];
  },
});
