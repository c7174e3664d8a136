import { LRUCache } from 'lru-cache';
import type { Aggregate, Event } from '../domain/event.ts';
import type { EventStore, Recorded } from '../eventstore/event-store.ts';
import { streamPages } from '../eventstore/page.ts';
import type { Folded } from './folded.ts';
import { empty, memoryOf, withRecorded } from './folded.ts';
import type { Snapshot, Snapshots } from './snapshots.ts';
import { streamOf } from '../domain/streams.ts';

/** The folded states of streams, those used last in memory. They may lag behind the store: only an append proves one current. */
export type States = {
  /** From memory if it is there, else from the store. */
  get<S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<Folded<S>>;
  /** What is remembered of a stream at this moment; undefined when that is nothing. */
  known<S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Folded<S> | undefined;
  /** With everything that the store has by now. */
  refresh<S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<Folded<S>>;
  /** The same, of a stream that is not at the revision that is remembered: facts that the store does not have any more are forgotten. */
  reconcile<S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<Folded<S>>;
  /** The next facts of a stream with a revision above `after`, `limit` and a page of them at most; none when there are no more. */
  read<E extends Event>(stream: string, after: number, limit: number): Promise<readonly Recorded<E>[]>;
  /** All facts of a stream with a revision above `after`, a page at a time. */
  pages<E extends Event>(stream: string, after: number): AsyncIterable<readonly Recorded<E>[]>;
  /** Remembers what a stream adds up to now, unless something newer is known. */
  keep<S, E extends Event>(aggregate: Aggregate<S, E>, id: string, folded: Folded<S>): void;
  /** Forgets a stream and its snapshot: it is read from its facts when somebody wants it next. */
  forget<S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<void>;
  /**
   * Forgets all streams if the store lacks the last fact that is remembered, as one does that was put back to an older backup.
   * Tells whether it did. Rejects when the store is away.
   */
  forgetLost(): Promise<boolean>;
};

/** With so many facts a stream may have a snapshot; up to there one read has all of it. */
const firstRead = 32;

/** With how many facts a stream is long, and after how many more it has another snapshot while it stays in memory, unless its aggregate says. */
const long = { facts: 100, more: 5_000 };

/** Of how many streams that fell out of memory it is known that they are long. As a `max` it would take all its room at each start. */
const knownLong = 20_000;

const isLong = ({ revision }: Folded<unknown>): boolean => revision + 1 >= long.facts;

/** Whether a snapshot is worth making: of a long stream that grew by so much, and by a quarter, since it had the last. */
const isDue = (folded: Folded<unknown>, more: number): boolean => {
  const grown = folded.revision - folded.saved;
  return isLong(folded) && grown >= more && grown * 4 > folded.saved;
};

/** Which fact is at the end of a stream. */
type Newest = { readonly stream: string } & Pick<Folded<unknown>, 'revision' | 'position' | 'last'>;

/** A state in memory, and the aggregate that it is of. */
type Remembered = { readonly aggregate: Aggregate<unknown, never>; readonly folded: Folded<unknown> };

/**
 * Folds the streams of a store. `maxBytes` is the budget for the states kept in memory; of long streams that don't fit in there
 * are `snapshots`.
 */
export const foldStates = (store: EventStore, maxBytes: number, snapshots?: Snapshots): States => {
  const kept = new LRUCache<string, Remembered>({
    maxSize: maxBytes,
    sizeCalculation: ({ folded }) => memoryOf(folded),
    dispose: (remembered, stream, reason) => {
      if (reason === 'evict') leave(remembered, stream);
    },
  });

  /** The last fact of the log that was ever remembered. */
  let newest: Newest | undefined;

  /** The streams that are being read from the store, and what comes of it. */
  const loading = new Map<string, Promise<Folded<unknown>>>();

  const leftLong = new LRUCache<string, true>({ maxSize: knownLong, sizeCalculation: () => 1 });

  // A stream's name says which aggregate it is of, and so what its state and its facts are.
  const recall = <S>(stream: string): Folded<S> | undefined => kept.get(stream)?.folded as Folded<S> | undefined;

  const offer = <S, E extends Event>({ snapshot }: Aggregate<S, E>, stream: string, folded: Folded<S>): void =>
    void (snapshot && snapshots?.offer(stream, snapshot, folded));

  /** Does what is to be done about a state that falls out of memory. */
  const leave = ({ aggregate, folded }: Remembered, stream: string): void => {
    if (isLong(folded)) leftLong.set(stream, true);
    if (isDue(folded, 1)) offer(aggregate, stream, folded);
  };

  const keep = <S, E extends Event>(aggregate: Aggregate<S, E>, stream: string, folded: Folded<S>): Folded<S> => {
    if ((kept.peek(stream)?.folded.revision ?? -1) > folded.revision) return folded;
    const grown = isDue(folded, aggregate.snapshot?.every ?? long.more);
    if (grown) offer(aggregate, stream, folded);
    const remembered = grown ? { ...folded, saved: folded.revision } : folded;
    kept.set(stream, { aggregate, folded: remembered } as Remembered);
    const { revision, position, last } = folded;
    if (position > (newest?.position ?? 0)) newest = { stream, revision, position, last };
    return remembered;
  };

  const read = async <E extends Event>(stream: string, after: number, limit?: number) =>
    (await store.read(stream, after, limit)) as { readonly events: readonly Recorded<E>[]; readonly more: boolean };
  const pages = <E extends Event>(stream: string, after: number) => streamPages<E>(store, stream, after);

  /** A state with what came after it, if it fits the log: the fact that it ends with must be there. */
  const continued = async <S, E extends Event>(
    aggregate: Aggregate<S, E>,
    stream: string,
    known: Snapshot<S>,
  ): Promise<Folded<S> | undefined> => {
    const { events, more } = await read<E>(stream, known.revision - 1);
    const [last, ...later] = events;
    if (last?.id !== known.last) return undefined;
    const folded = await withRecorded(aggregate, { ...known, position: last.position }, [later]);
    return more ? withRecorded(aggregate, folded, pages<E>(stream, folded.revision)) : folded;
  };

  /** From the snapshot of a stream, if it has one that fits the log. */
  const fromSnapshot = async <S, E extends Event>(
    aggregate: Aggregate<S, E>,
    stream: string,
  ): Promise<Folded<S> | undefined> => {
    const found = aggregate.snapshot && (await snapshots?.load(stream, aggregate.snapshot));
    if (!found) return undefined;
    const folded = await continued(aggregate, stream, found);
    if (!folded) void snapshots?.forget(stream).catch(() => undefined);
    return folded;
  };

  const fromStore = async <S, E extends Event>(aggregate: Aggregate<S, E>, stream: string): Promise<Folded<S>> => {
    const begun = empty(aggregate);
    if (!aggregate.snapshot || !snapshots) return withRecorded(aggregate, begun, pages<E>(stream, -1));
    const known = leftLong.has(stream);
    const first = known ? { events: [], more: true } : await read<E>(stream, -1, firstRead);
    const found = first.more ? await fromSnapshot(aggregate, stream) : undefined;
    if (found) return found;
    const folded = await withRecorded(aggregate, begun, [first.events]);
    return first.more ? withRecorded(aggregate, folded, pages<E>(stream, folded.revision)) : folded;
  };

  /** From the store, once for all who ask for the same stream meanwhile. */
  const load = <S, E extends Event>(aggregate: Aggregate<S, E>, stream: string): Promise<Folded<S>> => {
    const loaded = fromStore(aggregate, stream).then((folded) => {
      // What was to be forgotten meanwhile is not remembered.
      if (loading.get(stream) !== loaded) return folded;
      loading.delete(stream);
      return keep(aggregate, stream, folded);
    });
    loading.set(stream, loaded);
    loaded.catch(() => loading.get(stream) === loaded && loading.delete(stream));
    return loaded;
  };

  const get = async <S, E extends Event>(aggregate: Aggregate<S, E>, stream: string): Promise<Folded<S>> =>
    recall<S>(stream) ?? (loading.get(stream) as Promise<Folded<S>> | undefined) ?? load(aggregate, stream);

  const refresh = async <S, E extends Event>(aggregate: Aggregate<S, E>, stream: string): Promise<Folded<S>> => {
    if (!kept.has(stream) && !loading.has(stream)) return load(aggregate, stream);
    const before = await get(aggregate, stream);
    return keep(aggregate, stream, await withRecorded(aggregate, before, pages<E>(stream, before.revision)));
  };

  const reconcile = async <S, E extends Event>(aggregate: Aggregate<S, E>, stream: string): Promise<Folded<S>> => {
    const before = recall<S>(stream);
    if (!before || before.revision < 0) return refresh(aggregate, stream);
    const folded = await continued(aggregate, stream, before);
    if (folded) return keep(aggregate, stream, folded);
    // Whoever found out first may have read it again by now.
    if (recall(stream) === before) kept.delete(stream);
    return refresh(aggregate, stream);
  };

  const forgetLost = async (): Promise<boolean> => {
    const known = newest;
    if (!known) return false;
    const { events } = await store.read(known.stream, known.revision - 1, 1);
    if (events[0]?.id === known.last) return false;
    for (const memory of [kept, loading]) memory.clear();
    newest = undefined;
    return true;
  };

  return {
    read: async <E extends Event>(stream: string, after: number, limit: number) =>
      (await read<E>(stream, after, limit)).events,
    pages,
    reconcile: (aggregate, id) => reconcile(aggregate, streamOf(aggregate.name, id)),
    forgetLost,
    refresh: (aggregate, id) => refresh(aggregate, streamOf(aggregate.name, id)),
    get: (aggregate, id) => get(aggregate, streamOf(aggregate.name, id)),
    known: (aggregate, id) => recall(streamOf(aggregate.name, id)),
    keep: (aggregate, id, folded) => void keep(aggregate, streamOf(aggregate.name, id), folded),
    forget: async (aggregate, id) => {
      const stream = streamOf(aggregate.name, id);
      for (const memory of [kept, loading]) memory.delete(stream);
      await snapshots?.forget(stream);
    },
  };
};
