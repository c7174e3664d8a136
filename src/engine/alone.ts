import { LRUCache } from 'lru-cache';
import { streamOf } from '../domain/streams.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { RevisionConflict } from '../eventstore/event-store.ts';
import type { States } from './states.ts';

/** Of how many streams it is remembered whether they are in doubt. An outage may concern more. */
const mostKnown = 10_000;

/** The streams of which nobody knows whether the last append was written: those that are named, or all but those looked at since. */
const doubts = () => {
  const named = new Set<string>();
  const lookedAt = new LRUCache<string, true>({ maxSize: mostKnown, sizeCalculation: () => 1 });
  let all = false;
  return {
    add: (stream: string): void => {
      lookedAt.delete(stream);
      if (!all) named.add(stream);
      all ||= named.size > mostKnown;
      if (all) named.clear();
    },
    has: (stream: string): boolean => (all ? !lookedAt.has(stream) : named.has(stream)),
    settle: (stream: string): void => {
      named.delete(stream);
      if (all) lookedAt.set(stream, true);
    },
  };
};

/**
 * The store and the states of a process that alone appends to it: what it remembers of a stream is all that the store has, so
 * to look for more is spared. Of an append that failed nobody knows whether it was written: then the store is asked.
 */
export const alone = (store: EventStore, states: States): { readonly store: EventStore; readonly states: States } => {
  const doubtful = doubts();
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
    doubtful.settle(stream);
    return folded;
  };
  return {
    store: {
      append,
      read: (stream, after, limit) => store.read(stream, after, limit),
      follow: (from, signal, filter) => store.follow(from, signal, filter),
      at: (stream, revision) => store.at(stream, revision),
      head: () => store.head(),
      state: () => store.state(),
      close: () => store.close(),
    },
    states: { ...states, refresh },
  };
};
