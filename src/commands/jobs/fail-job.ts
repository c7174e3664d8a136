import { z } from 'zod';
import { job, jobEvents } from '../../domain/jobs/job.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Gives a job up whose step failed too often, until somebody wants it tried again. */
export const failJob = command(job)({
  name: 'FailJob',
  input: jobEvents.JobFailed.omit({ failedAt: true }).extend({
    projectId: z.string(),
    jobId: z.string(),
    holder: z.string(),
  }),
  id: ({ projectId, jobId }) => `${projectId}.${jobId}`,
  decide: ({ status, holder: held }, { jobId, holder, error, attempts, firstFailedAt }, { now }) => {
    if (status === 'unknown') throw new Rejection('job-unknown', `There is no job ${jobId}`);
    if (status !== 'running' || held !== holder) return [];
    return [{ type: 'JobFailed', data: { error, attempts, firstFailedAt, failedAt: now.toISOString() } }];
  },
});
