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
  'person',
  'address',
  'session',
] as const;
type AggregateName = (typeof aggregates)[number];

/** What is about no single project belongs to this name, which no project can have. Only the root key sees it. */
export const systemProject = '_system';

/** Whose streams are of all of the service. */
const ofNoProject: readonly string[] = ['person', 'address', 'session'] satisfies readonly AggregateName[];

/** The stream of an aggregate. The id begins with the project: `lead-acme.8c1e…`, or is the project: `pool-acme`, unless it is of all of the service. */
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

/** What the stream of a person, an address or a session is about; undefined for another aggregate's stream. */
export const idOfStream = (aggregate: 'person' | 'address' | 'session', stream: string): string | undefined =>
  isStreamOf(aggregate, stream) ? stream.slice(streamsOf(aggregate).length) : undefined;

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

/**
 * The project that a stream of ours is about, by the stream's name. Streams of people are about none: together they are as one
 * project where projects take turns, and are of no project where somebody asks for what is of one.
 */
export const projectOfStream = (stream: string): string => {
  const [begin, end] = [stream.indexOf('-') + 1, stream.indexOf('.')];
  if (ofNoProject.includes(stream.slice(0, begin - 1))) return systemProject;
  return end < begin ? stream.slice(begin) : stream.slice(begin, end);
};
