/** What has streams of its own. What else a store has is not ours. */
const aggregates = [
  'project',
  'lead',
  'job',
  'parked',
  'roster',
  'pool',
  'work',
  'request',
  'sources',
  'receipt',
  'endpoints',
  'delivery',
  'reject',
] as const;
type AggregateName = (typeof aggregates)[number];

/** The stream of an aggregate. The id begins with the project: `lead-acme.8c1e…`, or is the project: `pool-acme`. */
export const streamOf = (aggregate: string, id: string): string => `${aggregate}-${id}`;

/** How the names of all streams of an aggregate begin, or of those that one project has. */
export const streamsOf = (aggregate: AggregateName, projectId?: string): string =>
  streamOf(aggregate, projectId === undefined ? '' : `${projectId}.`);

/** How the names of our streams begin. */
export const ownStreams: readonly string[] = aggregates.map((aggregate) => streamsOf(aggregate));

export const isStreamOf = (aggregate: AggregateName, stream: string): boolean =>
  stream.startsWith(streamsOf(aggregate));

/** What follows `lead-` in the name of a lead's stream, which is also the stream of the identifier that the lead id is made of. */
export const leadStreamId = (projectId: string, leadId: string): string => `${projectId}.${leadId}`;

/** The project and the rest of the name of an aggregate's stream; undefined for another aggregate's stream. */
export const streamParts = (
  aggregate: AggregateName,
  stream: string,
): { readonly projectId: string; readonly id: string } | undefined => {
  const { length } = streamsOf(aggregate);
  const dot = stream.indexOf('.', length);
  if (!isStreamOf(aggregate, stream) || dot < 0) return undefined;
  return { projectId: stream.slice(length, dot), id: stream.slice(dot + 1) };
};

/** The project that a stream of ours is about, by the stream's name. */
export const projectOfStream = (stream: string): string => {
  const [begin, end] = [stream.indexOf('-') + 1, stream.indexOf('.')];
  return end < begin ? stream.slice(begin) : stream.slice(begin, end);
};
