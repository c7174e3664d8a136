import { job, jobEvents } from '../../domain/jobs/job.ts';
import { command } from '../../engine/command.ts';

/** Asks for long work; asking again for the same job changes nothing. */
export const requestJob = command(job)({
  name: 'RequestJob',
  input: jobEvents.JobRequested.omit({ requestedAt: true }),
  id: ({ projectId, jobId }) => `${projectId}.${jobId}`,
  decide: ({ status }, input, { now }) =>
    status === 'unknown' ? [{ type: 'JobRequested', data: { ...input, requestedAt: now.toISOString() } }] : [],
});
