/** How the names of our streams begin, one for each aggregate. What else a store has is not ours. */
export const ownStreams: readonly string[] = [
  'project-',
  'lead-',
  'job-',
  'parked-',
  'roster-',
  'pool-',
  'work-',
  'request-',
];

/** The stream of a lead, `lead-<project>.<lead>`; it is also the stream of the identifier that the lead id is made of. */
export const leadStreamId = (projectId: string, leadId: string): string => `${projectId}.${leadId}`;

/** The project and the rest of an aggregate's stream name, such as `lead-acme.8c1e…`; undefined for another aggregate's stream. */
export const streamParts = (
  aggregate: string,
  stream: string,
): { readonly projectId: string; readonly id: string } | undefined => {
  const prefix = `${aggregate}-`;
  const dot = stream.indexOf('.', prefix.length);
  if (!stream.startsWith(prefix) || dot < 0) return undefined;
  return { projectId: stream.slice(prefix.length, dot), id: stream.slice(dot + 1) };
};

/** The project that a stream of ours is about, by the stream's name: `lead-acme.8c1e…`, `pool-acme`. */
export const projectOfStream = (stream: string): string => {
  const [begin, end] = [stream.indexOf('-') + 1, stream.indexOf('.')];
  return end < begin ? stream.slice(begin) : stream.slice(begin, end);
};
