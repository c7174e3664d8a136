import { LRUCache } from 'lru-cache';
import type { Aggregate, Event } from '../domain/event.ts';
import { streamOf } from '../domain/streams.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { RevisionConflict } from '../eventstore/event-store.ts';
import type { Folded } from './folded.ts';
import type { States } from './states.ts';

/** Of how many streams it is remembered whether they are in doubt. An outage may concern more. */
const mostKnown = 10_000;

/** The streams that are in doubt: those that are named, or of very many all but those that were looked at since. */
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
    /** Whether any may be: mostly none is, and then nobody needs a name to ask. */
    any: (): boolean => all || named.size > 0,
    has: (stream: string): boolean => (all ? !lookedAt.has(stream) : named.has(stream)),
    settle: (stream: string): void => {
      named.delete(stream);
      if (all) lookedAt.set(stream, true);
    },
  };
};

/**
 * A store and its states, where an append that failed puts its stream in doubt: nobody knows whether it was written. What is
 * remembered of that counts only when the store was looked at again. So nothing is decided for nothing while the store is away: to
 * decide anew on a long lead takes a copy of it.
 */
export const doubting = (
  store: EventStore,
  states: States,
): { readonly store: EventStore; readonly states: States } => {
  const doubtful = doubts();
  const append: EventStore['append'] = async (stream, expected, events) => {
    try {
      return await store.append(stream, expected, events);
    } catch (error) {
      if (!(error instanceof RevisionConflict)) doubtful.add(stream);
      throw error;
    }
  };
  const isDoubtful = ({ name }: { readonly name: string }, id: string): boolean =>
    doubtful.any() && doubtful.has(streamOf(name, id));
  /** After a look at the store. */
  const settled = async <S>(
    { name }: { readonly name: string },
    id: string,
    look: Promise<Folded<S>>,
  ): Promise<Folded<S>> => {
    const folded = await look;
    doubtful.settle(streamOf(name, id));
    return folded;
  };
  const refresh = <S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<Folded<S>> =>
    settled(aggregate, id, states.refresh(aggregate, id));
  return {
    store: {
      append,
      read: (stream, after, limit) => store.read(stream, after, limit),
      follow: (from, signal, filter) => store.follow(from, signal, filter),
      scan: (from, filter, limits) => store.scan(from, filter, limits),
      truncate: (stream, before) => store.truncate(stream, before),
      at: (stream, revision) => store.at(stream, revision),
      head: () => store.head(),
      state: () => store.state(),
      close: () => store.close(),
    },
    states: {
      ...states,
      known: (aggregate, id) => (isDoubtful(aggregate, id) ? undefined : states.known(aggregate, id)),
      get: (aggregate, id) => (isDoubtful(aggregate, id) ? refresh(aggregate, id) : states.get(aggregate, id)),
      refresh,
      reconcile: (aggregate, id) => settled(aggregate, id, states.reconcile(aggregate, id)),
    },
  };
};
