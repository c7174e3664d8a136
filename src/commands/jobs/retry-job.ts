import { z } from 'zod';
import { job } from '../../domain/jobs/job.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Lets a failed job go on from its last step. */
export const retryJob = command(job)({
  name: 'RetryJob',
  input: z.object({ projectId: z.string(), jobId: z.string() }),
  id: ({ projectId, jobId }) => `${projectId}.${jobId}`,
  decide: ({ status }, { jobId }, { now }) => {
    if (status === 'unknown') throw new Rejection('job-unknown', `There is no job ${jobId}`);
    if (status === 'requested' || status === 'running') return [];
    if (status !== 'failed') throw new Rejection('job-ended', `Job ${jobId} is ${status}; ask for a new one`);
    return [{ type: 'JobRetried', data: { retriedAt: now.toISOString() } }];
  },
});
