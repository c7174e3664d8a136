import { streamOf } from '../domain/streams.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { RevisionConflict } from '../eventstore/event-store.ts';
import type { States } from './states.ts';

/**
 * The store and the states of a process that alone appends to it: what it remembers of a stream is all that the store has, so
 * to look for more is spared. Of an append that failed nobody knows whether it was written: then the store is asked.
 */
export const alone = (store: EventStore, states: States): { readonly store: EventStore; readonly states: States } => {
  const doubtful = new Set<string>();
  const append: EventStore['append'] = async (stream, expected, events) => {
    try {
      return await store.append(stream, expected, events);
    } catch (error) {
      if (!(error instanceof RevisionConflict)) doubtful.add(stream);
      throw error;
    }
  };
  const refresh: States['refresh'] = async (aggregate, id) => {
    const stream = streamOf(aggregate.name, id);
    if (!doubtful.has(stream)) return states.get(aggregate, id);
    const folded = await states.refresh(aggregate, id);
    doubtful.delete(stream);
    return folded;
  };
  return {
    store: {
      append,
      read: (stream, after, limit) => store.read(stream, after, limit),
      follow: (from, signal, filter) => store.follow(from, signal, filter),
      truncate: (stream, before) => store.truncate(stream, before),
      at: (stream, revision) => store.at(stream, revision),
      head: () => store.head(),
      state: () => store.state(),
      close: () => store.close(),
    },
    states: { ...states, refresh },
  };
};
