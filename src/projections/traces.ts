import { z } from 'zod';
import type { Event } from '../domain/event.ts';
import { projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

/** Where facts of one request are in one stream: revisions and positions of the first and the last, and how many there are. */
const trace = z.object({
  correlationId: z.string(),
  stream: z.string(),
  first: z.number(),
  last: z.number(),
  from: z.number(),
  to: z.number(),
  facts: z.number(),
});
export type Trace = Readonly<z.infer<typeof trace>>;

/**
 * What the ids of all documents of one correlation id begin with, or of those in one project. No index leads to them: they
 * lie next to each other.
 */
export const traceStart = (correlationId: string, projectId?: string): string =>
  projectId === undefined ? `${correlationId} ` : `${correlationId} ${projectId} `;

/** The id of the document of a correlation id and a stream. */
export const traceId = (correlationId: string, stream: string): string =>
  traceStart(correlationId, projectOfStream(stream)) + stream;

/** However many facts one request, or all that share its id, bring to a stream: its document is as small as after the first. */
const tracesIn = (name: string, streams: readonly string[], version = 1): Projection<Trace, Event> => ({
  name,
  version,
  streams,
  document: trace,
  indexes: [],
  keys: ({ metadata: { correlationId }, stream }) => [{ project: allProjects, id: traceId(correlationId, stream) }],
  evolve: (doc, { metadata: { correlationId }, stream, revision, position }) =>
    doc
      ? { ...doc, last: revision, to: position, facts: doc.facts + 1 }
      : {
          correlationId,
          stream,
          facts: 1,
          first: revision,
          last: revision,
          from: position,
          to: position,
        },
});

/** Where each request's facts are in the streams of leads. It reads the log together with what else is made of leads. */
export const leadTraces = tracesIn('lead-traces', [streamsOf('lead')]);

/** Where each request's facts are in all other streams. */
export const otherTraces = tracesIn(
  'other-traces',
  [
    ...[streamsOf('project'), streamsOf('job'), streamsOf('parked'), streamsOf('work')],
    ...[streamsOf('sources'), streamsOf('receipt'), streamsOf('reject'), streamsOf('endpoints'), streamsOf('delivery')],
    ...[streamsOf('person'), streamsOf('address'), streamsOf('session')],
  ],
  4,
);
