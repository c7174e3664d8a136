import { z } from 'zod';
import type { JobEvent } from '../domain/job.ts';
import { streamParts } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';

export const jobDocument = z.object({
  jobId: z.string(),
  kind: z.string(),
  version: z.number(),
  status: z.enum(['running', 'completed']),
  /** How many things are done, and how many there are to do as far as known. */
  done: z.number(),
  total: z.number(),
  requestedAt: z.string(),
  updatedAt: z.string(),
  completedAt: z.string().optional(),
});
export type JobDocument = Readonly<z.infer<typeof jobDocument>>;

const evolve = (doc: JobDocument | undefined, event: Recorded<JobEvent>): JobDocument | undefined => {
  const updatedAt = event.recordedAt.toISOString();
  switch (event.type) {
    case 'JobRequested': {
      const { projectId, jobId, kind, version, requestedAt } = event.data;
      return {
        jobId: `${projectId}.${jobId}`,
        kind,
        version,
        status: 'running',
        done: 0,
        total: 0,
        requestedAt,
        updatedAt,
      };
    }
    case 'JobProgressed':
      return doc && { ...doc, done: event.data.done, total: event.data.total, updatedAt };
    case 'JobCompleted': {
      const { done, completedAt } = event.data;
      return doc && { ...doc, status: 'completed', done, total: done, completedAt, updatedAt };
    }
    default:
      return doc;
  }
};

/** Long work and how far it is. */
export const jobs: Projection<JobDocument, JobEvent> = {
  name: 'jobs',
  streams: ['job-'],
  document: jobDocument,
  indexes: [],
  keys: ({ stream }) => {
    const parts = streamParts('job', stream);
    return parts ? [{ project: parts.projectId, id: parts.id }] : [];
  },
  evolve,
};
