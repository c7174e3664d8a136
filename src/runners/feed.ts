import { setImmediate as nextTurn } from 'node:timers/promises';
import { projectOfStream } from '../domain/streams.ts';
import type { States } from '../engine/states.ts';
import type { EventStore, Place, Recorded } from '../eventstore/event-store.ts';
import { placeOfFact } from '../eventstore/event-store.ts';
import type { Feed, ItemOf, Listener } from '../queries/deliveries/feed.ts';
import { beginningsOf, followed, isWanted, itemsOf, pagesOf } from '../queries/deliveries/feed.ts';
import { toldContext } from '../queries/deliveries/told.ts';
import type { Recoveries } from './recoveries.ts';
import type { Subscription } from './subscription.ts';
import { subscribe } from './subscription.ts';

/** For how long the log is followed after the last one has left, in ms: who asks again and again comes back before that. */
const lingering = 10_000;

/** After how many characters of items they are sent, and sockets have their turn. */
const burst = 256 * 1024;

type Dependencies = {
  readonly store: EventStore;
  readonly states: States;
  readonly clock: () => Date;
  readonly recoveries: Recoveries;
};

/** Somebody who listens, from where on. */
type Listening = { readonly from: number; readonly listener: Listener };

/** Those who listen, by project. */
const listenersOf = () => {
  const projects = new Map<string, Set<Listening>>();
  const of = (projectId: string): ReadonlySet<Listening> => projects.get(projectId) ?? new Set();
  return {
    of,
    all: () => [...projects.values()].flatMap((each) => [...each]),
    isEmpty: () => projects.size === 0,
    add: (listening: Listening): void => {
      const { projectId } = listening.listener.wanted;
      projects.set(projectId, new Set([...of(projectId), listening]));
    },
    remove: (listening: Listening): void => {
      const { projectId } = listening.listener.wanted;
      const left = new Set([...of(projectId)].filter((each) => each !== listening));
      if (left.size > 0) projects.set(projectId, left);
      else projects.delete(projectId);
    },
  };
};
type Listeners = ReturnType<typeof listenersOf>;

/** Follows the log from a position on, for all who listen. What nobody wants is not told of, and costs nothing more. */
const follow = (from: number, listeners: Listeners, dependencies: Dependencies & { readonly itemOf: ItemOf }) => {
  const { store, clock: now, recoveries, itemOf } = dependencies;
  let [position, over]: [number, boolean] = [from, false];
  let fact: Place | undefined;
  let told = 0;

  const flush = (): void => {
    told = 0;
    for (const { listener } of listeners.all()) listener.flush(position);
  };

  const wanting = (come: Recorded): readonly Listener[] =>
    [...listeners.of(projectOfStream(come.stream))]
      .filter((each) => each.from < come.position && isWanted(come, each.listener.wanted))
      .map(({ listener }) => listener);

  const tell = async (come: Recorded): Promise<void> => {
    const item = wanting(come).length > 0 ? await itemOf(come) : undefined;
    if (over) return;
    // Who has joined meanwhile is told as well: from here on the log has gone on beyond where it was.
    if (item) for (const { take } of wanting(come)) take(item);
    position = come.position;
    fact = placeOfFact(come);
    told += item?.text.length ?? 0;
    if (told < burst) return;
    flush();
    await nextTurn();
  };

  const subscription: Subscription = subscribe({
    name: 'feed',
    store,
    filter: followed,
    now,
    recoveries,
    load: async () => ({ position, ...(fact && { fact }) }),
    // The log was put back to what it had before: who listens goes on from where it ends now.
    beginAgain: async () => {
      [position, fact] = [await store.head(), undefined];
      return true;
    },
    handle: async (batch) => {
      for (const come of batch.events) if (!over && come.position > position) await tell(come);
      if (over) return;
      position = Math.max(position, batch.position);
      fact = batch.last ?? fact;
      flush();
    },
  });
  return {
    position: () => position,
    end: (): Promise<void> => {
      over = true;
      return subscription.stop();
    },
  };
};

/**
 * Tells of the log's facts. As long as somebody listens, and some seconds longer, one reader follows the log for all of them;
 * else nobody does. How far each has come is for those to know who listen.
 */
export const openFeed = (dependencies: Dependencies) => {
  const { store, states } = dependencies;
  const itemOf = itemsOf(toldContext(states));
  const listeners = listenersOf();
  let following: ReturnType<typeof follow> | undefined;
  let leaving: NodeJS.Timeout | undefined;
  const ended = new Set<Promise<void>>();

  const end = (): void => {
    clearTimeout(leaving);
    if (!following) return;
    const ending: Promise<void> = following.end().finally(() => ended.delete(ending));
    ended.add(ending);
    following = undefined;
  };

  const join: Feed['join'] = (from, listener) => {
    if (following && following.position() > from) return undefined;
    const listening = { from, listener };
    listeners.add(listening);
    clearTimeout(leaving);
    following ??= follow(from, listeners, { ...dependencies, itemOf });
    return () => {
      listeners.remove(listening);
      if (!listeners.isEmpty()) return;
      clearTimeout(leaving);
      leaving = setTimeout(end, lingering).unref();
    };
  };
  const feed: Feed = { beginning: beginningsOf(store), page: pagesOf(store, itemOf), join };
  return {
    ...feed,
    /** How many listen at the end of the log. */
    listeners: () => listeners.all().length,
    /** Whether the log is followed. */
    isFollowing: () => following !== undefined,
    stop: async (): Promise<void> => {
      end();
      await Promise.all(ended);
    },
  };
};
