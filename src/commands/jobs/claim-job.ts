import { z } from 'zod';
import { isOpen, job } from '../../domain/jobs/job.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/**
 * Takes a job for a worker until a time, or goes on holding it. Refused while another holds it, unless that one is known to
 * be gone (`takeOver`), and once it has ended.
 */
export const claimJob = command(job)({
  name: 'ClaimJob',
  input: z.object({
    projectId: z.string(),
    jobId: z.string(),
    holder: z.string(),
    until: z.string(),
    takeOver: z.boolean(),
  }),
  id: ({ projectId, jobId }) => `${projectId}.${jobId}`,
  decide: (state, { jobId, holder, until, takeOver }, { now }) => {
    if (state.status === 'unknown') throw new Rejection('job-unknown', `There is no job ${jobId}`);
    if (!isOpen(state)) throw new Rejection('job-ended', `Job ${jobId} is ${state.status}`);
    const mine = state.holder === holder;
    if (state.status === 'running' && !mine && !takeOver && state.until > now.toISOString())
      throw new Rejection('job-claimed', `Job ${jobId} is with another worker until ${state.until}`);
    const attempt = state.status === 'running' && mine ? state.attempt : state.attempt + 1;
    return [{ type: 'JobClaimed', data: { holder, until, attempt } }];
  },
});
