import type { Batch, EventStore, Filter } from '../eventstore/event-store.ts';

/** Where it may be looked up what follows from facts. */
export type Facts = Pick<EventStore, 'read'>;

/**
 * What a projection is handed in the place of the log's facts: which of those are followed, and what comes of a batch of them.
 * `again` says that more is to be followed from there on: what comes after the batch is not handled yet.
 */
export type Derive = {
  readonly filter: () => Promise<Filter>;
  readonly from: (batch: Batch) => Promise<Batch & { readonly again?: boolean }>;
};
