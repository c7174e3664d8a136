import { z } from 'zod';
import { job } from '../../domain/jobs/job.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Ends a job that nobody wants any more, also one that failed. Cancelling again changes nothing. */
export const cancelJob = command(job)({
  name: 'CancelJob',
  input: z.object({ projectId: z.string(), jobId: z.string(), reason: z.string().trim().max(1_000) }),
  id: ({ projectId, jobId }) => `${projectId}.${jobId}`,
  decide: ({ status }, { jobId, reason }, { now }) => {
    if (status === 'unknown') throw new Rejection('job-unknown', `There is no job ${jobId}`);
    if (status === 'cancelled') return [];
    if (status === 'completed') throw new Rejection('job-ended', `Job ${jobId} is completed`);
    return [{ type: 'JobCancelled', data: { reason, cancelledAt: now.toISOString() } }];
  },
});
