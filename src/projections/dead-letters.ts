import { z } from 'zod';
import type { JobEvent } from '../domain/jobs/job.ts';
import type { DeadLetterEvent } from '../domain/jobs/dead-letter.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

export const deadLetterDocument = z.object({
  /** `<project>.<id>` of the job that failed, or of the dead letter. */
  id: z.string(),
  projectId: z.string(),
  /** A job, or what follows from an event. */
  kind: z.enum(['job', 'event']),
  /** The reactor, for an event. */
  reactor: z.string().optional(),
  status: z.enum(['failed', 'retrying']),
  error: z.string(),
  attempts: z.number(),
  firstFailedAt: z.string(),
  lastFailedAt: z.string(),
  event: z
    .object({ id: z.string(), type: z.string(), stream: z.string(), revision: z.number(), position: z.number() })
    .optional(),
});
export type DeadLetterDocument = Readonly<z.infer<typeof deadLetterDocument>>;

type Fact = JobEvent | DeadLetterEvent;

const keyOf = (stream: string): { readonly id: string; readonly projectId: string } | undefined => {
  const parts = streamParts('job', stream) ?? streamParts('parked', stream);
  return parts && { id: `${parts.projectId}.${parts.id}`, projectId: parts.projectId };
};

const evolve = (doc: DeadLetterDocument | undefined, event: Recorded<Fact>): DeadLetterDocument | undefined => {
  const { id = '', projectId = '' } = keyOf(event.stream) ?? {};
  switch (event.type) {
    case 'JobFailed': {
      const { error, attempts, firstFailedAt, failedAt: lastFailedAt } = event.data;
      return { id, projectId, kind: 'job', status: 'failed', error, attempts, firstFailedAt, lastFailedAt };
    }
    case 'WorkParked': {
      const { projectId: of, ...said } = event.data;
      return { id, projectId: of, kind: 'event', status: 'failed', ...said };
    }
    case 'WorkRetried':
      return doc && { ...doc, status: 'retrying' };
    default:
      return undefined;
  }
};

/** What failed and waits for somebody to retry or discard it: jobs, and what follows from events. */
export const deadLetters: Projection<DeadLetterDocument, Fact> = {
  name: 'failed-work',
  streams: [streamsOf('job'), streamsOf('parked')],
  types: ['JobFailed', 'JobRetried', 'JobCancelled', 'WorkParked', 'WorkRetried', 'WorkDone', 'WorkDiscarded'],
  document: deadLetterDocument,
  indexes: [['lastFailedAt'], ['projectId', 'lastFailedAt'], ['status', 'lastFailedAt']],
  keys: ({ stream }) => {
    const key = keyOf(stream);
    return key ? [{ project: allProjects, id: key.id }] : [];
  },
  evolve,
};
