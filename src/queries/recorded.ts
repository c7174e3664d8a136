import type { Recorded } from '../eventstore/event-store.ts';

/** A fact as it was recorded: its data is whole, what is kept besides is picked. */
export const recordedView = ({ metadata, ...fact }: Recorded) => ({
  position: fact.position,
  stream: fact.stream,
  revision: fact.revision,
  id: fact.id,
  type: fact.type,
  data: fact.data,
  metadata: {
    commandId: metadata.commandId,
    correlationId: metadata.correlationId,
    actor: metadata.actor,
    traceparent: metadata.traceparent,
    causationId: metadata.causationId,
    version: metadata.version,
  },
  recordedAt: fact.recordedAt.toISOString(),
});

/** A fact as it is shown. */
export type RecordedView = ReturnType<typeof recordedView>;
