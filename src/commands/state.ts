import { Map } from 'immutable';
import { LRUCache } from 'lru-cache';
import type { Aggregate, Event } from '../domain/event.ts';
import type { EventStore, NewEvent, Recorded } from '../eventstore/event-store.ts';
import { isRepeatable } from './command.ts';
import type { Snapshots } from './snapshots.ts';

/**
 * What the facts of a stream add up to, as of a revision (-1 when empty) and the position of its last fact (0 when empty).
 * `commands` has the revision of the first fact of each command that may come again; `size` is a guess of the memory it takes, in bytes.
 */
export type Folded<S> = {
  readonly state: S;
  readonly revision: number;
  readonly position: number;
  /** The id of its last fact; none when empty. */
  readonly last: string;
  readonly commands: Map<string, number>;
  readonly size: number;
  /** The revision of the last snapshot that is known of; -1 when there is none. */
  readonly saved: number;
};

/** The folded states of streams, those used last in memory. They may lag behind the store: only an append proves one current. */
export type States = {
  /** From memory if it is there, else from the store. */
  get<S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<Folded<S>>;
  /** With everything that the store has by now. */
  refresh<S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<Folded<S>>;
  /** The facts of an aggregate's stream with a revision above `after`, `limit` of them at most. */
  read<E extends Event>(stream: string, after: number, limit?: number): Promise<readonly Recorded<E>[]>;
  /** Remembers what a stream adds up to now, unless something newer is known. */
  keep<S, E extends Event>(aggregate: Aggregate<S, E>, id: string, folded: Folded<S>): void;
  /** Forgets a stream and its snapshot: it is read from its facts when somebody wants it next. */
  forget<S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<void>;
};

type Arriving<E extends Event> = NewEvent<E> & { readonly revision: number };

const withCommand = (commands: Map<string, number>, { metadata: { commandId }, revision }: Arriving<Event>) =>
  isRepeatable(commandId) && !commands.has(commandId) ? commands.set(commandId, revision) : commands;

const grow = <S, E extends Event>(
  { evolve, weigh = () => 1_000, measure }: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly Arriving<E>[],
  position: number,
): Folded<S> => {
  const last = events.at(-1);
  if (!last) return before;
  const state = events.reduce(evolve, before.state);
  return {
    ...{ state, revision: last.revision, position, last: last.id },
    commands: events.reduce(withCommand, before.commands),
    size: measure ? measure(state) : events.reduce((size, event) => size + weigh(event), before.size),
    saved: before.saved,
  };
};

/** With facts as they are in the log. */
const withRecorded = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly Recorded<E>[],
): Folded<S> => grow(aggregate, before, events, events.at(-1)?.position ?? before.position);

/** What a stream will add up to when these facts follow what it is folded from; their position is not known yet. */
export const foresee = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly NewEvent<E>[],
): Folded<S> => {
  const next = events.map((event, index) => ({ ...event, revision: before.revision + 1 + index }));
  return grow(aggregate, before, next, before.position);
};

const empty = <S, E extends Event>({ initial }: Aggregate<S, E>): Folded<S> => ({
  ...{ state: initial, revision: -1, position: 0, last: '' },
  ...{ commands: Map<string, number>(), size: 500, saved: -1 },
});

/** With so many facts a stream may have a snapshot; up to there one read has all of it. */
const firstRead = 32;

/** With how many facts a stream is long, and after how many more it has another snapshot while it stays in memory, unless its aggregate says. */
const long = { facts: 100, more: 5_000 };

/** Of how many streams that fell out of memory it is known that they are long. */
const knownLong = 20_000;

const isLong = ({ revision }: Folded<unknown>): boolean => revision + 1 >= long.facts;

/** Whether a snapshot is worth making: of a long stream that grew by so much, and by a quarter, since it had the last. */
const isDue = (folded: Folded<unknown>, more: number): boolean => {
  const grown = folded.revision - folded.saved;
  return isLong(folded) && grown >= more && grown * 4 > folded.saved;
};

type Remembered = { readonly folded: Folded<unknown>; readonly leave: () => void };

/**
 * Folds the streams of a store. `maxBytes` is the budget for the states kept in memory; of long streams that don't fit in there
 * are `snapshots`.
 */
export const foldStates = (store: EventStore, maxBytes: number, snapshots?: Snapshots): States => {
  const kept = new LRUCache<string, Remembered>({
    ...{ maxSize: maxBytes, sizeCalculation: ({ folded }) => folded.size },
    dispose: ({ leave }, _, reason) => {
      if (reason === 'evict') leave();
    },
  });

  const leftLong = new LRUCache<string, true>({ max: knownLong });

  // A stream's name says which aggregate it is of, and so what its state and its facts are.
  const recall = <S>(stream: string): Folded<S> | undefined => kept.get(stream)?.folded as Folded<S> | undefined;

  const keep = <S, E extends Event>({ snapshot }: Aggregate<S, E>, stream: string, folded: Folded<S>): Folded<S> => {
    if ((kept.peek(stream)?.folded.revision ?? -1) > folded.revision) return folded;
    const offer = (): void => void (snapshot && snapshots?.offer(stream, snapshot, folded));
    const grown = isDue(folded, snapshot?.every ?? long.more);
    if (grown) offer();
    const remembered = grown ? { ...folded, saved: folded.revision } : folded;
    const leave = (): void => {
      if (isLong(remembered)) leftLong.set(stream, true);
      if (isDue(remembered, 1)) offer();
    };
    kept.set(stream, { folded: remembered, leave });
    return remembered;
  };

  const read = async <E extends Event>(
    stream: string,
    after: number,
    limit?: number,
  ): Promise<readonly Recorded<E>[]> => (await store.read(stream, after, limit)) as readonly Recorded<E>[];

  /** From the snapshot of a stream, if it has one that fits the log: the fact that it ends with must be there. */
  const fromSnapshot = async <S, E extends Event>(
    aggregate: Aggregate<S, E>,
    stream: string,
  ): Promise<Folded<S> | undefined> => {
    const found = aggregate.snapshot && (await snapshots?.load(stream, aggregate.snapshot));
    if (!found) return undefined;
    const [last, ...later] = await read<E>(stream, found.revision - 1);
    if (last?.id === found.last) return withRecorded(aggregate, { ...found, position: last.position }, later);
    void snapshots?.forget(stream).catch(() => undefined);
    return undefined;
  };

  const fromStore = async <S, E extends Event>(aggregate: Aggregate<S, E>, stream: string): Promise<Folded<S>> => {
    const begun = empty(aggregate);
    if (!aggregate.snapshot || !snapshots) return withRecorded(aggregate, begun, await read<E>(stream, -1));
    const known = leftLong.has(stream);
    const first = known ? [] : await read<E>(stream, -1, firstRead);
    if (!known && first.length < firstRead) return withRecorded(aggregate, begun, first);
    const found = await fromSnapshot(aggregate, stream);
    return found ?? withRecorded(aggregate, begun, [...first, ...(await read<E>(stream, first.length - 1))]);
  };

  const refresh = async <S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<Folded<S>> => {
    const stream = `${aggregate.name}-${id}`;
    const before = recall<S>(stream);
    const folded = before
      ? withRecorded(aggregate, before, await read<E>(stream, before.revision))
      : await fromStore(aggregate, stream);
    return keep(aggregate, stream, folded);
  };

  return {
    read,
    refresh,
    get: async <S, E extends Event>(aggregate: Aggregate<S, E>, id: string) =>
      recall<S>(`${aggregate.name}-${id}`) ?? refresh(aggregate, id),
    keep: (aggregate, id, folded) => void keep(aggregate, `${aggregate.name}-${id}`, folded),
    forget: async (aggregate, id) => {
      const stream = `${aggregate.name}-${id}`;
      kept.delete(stream);
      await snapshots?.forget(stream);
    },
  };
};
