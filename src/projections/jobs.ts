import { z } from 'zod';
import { jsonObject } from '../domain/lead/activity.ts';
import type { JobEvent } from '../domain/jobs/job.ts';
import { jobKind } from '../domain/jobs/job.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

export const jobStatus = z.enum(['requested', 'running', 'completed', 'failed', 'cancelled']);

export const jobDocument = z.object({
  /** `<project>.<id>`, as everybody outside calls it. */
  jobId: z.string(),
  projectId: z.string(),
  kind: jobKind,
  version: z.number().optional(),
  details: jsonObject,
  status: jobStatus,
  /** 1 while there is something left to do, else 0. */
  open: z.number(),
  cursor: z.string(),
  /** How many things are done, and how many there are to do as far as known. */
  done: z.number(),
  total: z.number(),
  holder: z.string().optional(),
  /** Until when the holder has it, ISO 8601; empty while nobody has. */
  until: z.string(),
  /** How often it was taken. */
  attempts: z.number(),
  error: z.string().optional(),
  requestedAt: z.string(),
  updatedAt: z.string(),
  completedAt: z.string().optional(),
  result: jsonObject.optional(),
  /** When its last holder took it, and what was done by then: what it does a second counts from there. */
  takenAt: z.string().optional(),
  doneBefore: z.number(),
});
export type JobDocument = Readonly<z.infer<typeof jobDocument>>;

const requested = ({ data }: Extract<JobEvent, { type: 'JobRequested' }>, updatedAt: string): JobDocument => {
  const { projectId, jobId, kind, version, details = {}, requestedAt } = data;
  return {
    jobId: `${projectId}.${jobId}`,
    projectId,
    kind,
    details,
    status: 'requested',
    open: 1,
    ...(version !== undefined && { version }),
    cursor: '',
    done: 0,
    total: 0,
    until: '',
    attempts: 0,
    requestedAt,
    updatedAt,
    doneBefore: 0,
  };
};

const evolve = (doc: JobDocument | undefined, event: Recorded<JobEvent>): JobDocument | undefined => {
  const updatedAt = event.recordedAt.toISOString();
  if (event.type === 'JobRequested') return requested(event, updatedAt);
  if (!doc) return undefined;
  const { holder: _, ...free } = { ...doc, updatedAt };
  switch (event.type) {
    case 'JobClaimed': {
      const { holder, until, attempt } = event.data;
      const { error: __, ...taken } = { ...free, status: 'running' as const, holder, until, attempts: attempt };
      return attempt === doc.attempts ? taken : { ...taken, takenAt: updatedAt, doneBefore: doc.done };
    }
    case 'JobProgressed': {
      const { cursor, done, total, until = doc.until } = event.data;
      return { ...doc, cursor, done, total, until, updatedAt };
    }
    case 'JobCompleted': {
      const { done, ...end } = event.data;
      return { ...free, status: 'completed', open: 0, done, total: done, ...end };
    }
    case 'JobFailed':
      return { ...free, status: 'failed', open: 0, until: '', error: event.data.error };
    case 'JobRetried':
      return { ...free, status: 'requested', open: 1, until: '' };
    case 'JobCancelled':
      return { ...free, status: 'cancelled', open: 0, until: '' };
    default:
      return doc;
  }
};

/** Long work of all projects and how far it is. */
export const jobs: Projection<JobDocument, JobEvent> = {
  name: 'all-jobs',
  // What makes the others again is a job, and is found by this list.
  renews: true,
  streams: [streamsOf('job')],
  document: jobDocument,
  indexes: [
    ['requestedAt'],
    ['projectId', 'requestedAt'],
    ['status', 'requestedAt'],
    ['kind', 'requestedAt'],
    ['open', 'requestedAt'],
  ],
  keys: ({ stream }) => {
    const parts = streamParts('job', stream);
    return parts ? [{ project: allProjects, id: `${parts.projectId}.${parts.id}` }] : [];
  },
  evolve,
};
