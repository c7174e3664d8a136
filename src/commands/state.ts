import { Map } from 'immutable';
import { LRUCache } from 'lru-cache';
import type { Aggregate, Event } from '../domain/event.ts';
import type { EventStore, NewEvent, Recorded } from '../eventstore/event-store.ts';
import { isRepeatable } from './command.ts';

/**
 * What the facts of a stream add up to, as of a revision (-1 when empty) and the position of its last fact (0 when empty).
 * `commands` has the revision of the first fact of each command that may come again; `size` is a guess of the memory it takes, in bytes.
 */
export type Folded<S> = {
  readonly state: S;
  readonly revision: number;
  readonly position: number;
  readonly commands: Map<string, number>;
  readonly size: number;
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
};

type Arriving<E extends Event> = NewEvent<E> & { readonly revision: number };

const withCommand = (commands: Map<string, number>, { metadata: { commandId }, revision }: Arriving<Event>) =>
  isRepeatable(commandId) && !commands.has(commandId) ? commands.set(commandId, revision) : commands;

const grow = <S, E extends Event>(
  { evolve, weigh = () => 1_000 }: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly Arriving<E>[],
  position: number,
): Folded<S> => {
  const last = events.at(-1);
  if (!last) return before;
  return {
    state: events.reduce(evolve, before.state),
    revision: last.revision,
    position,
    commands: events.reduce(withCommand, before.commands),
    size: events.reduce((size, event) => size + weigh(event), before.size),
  };
};

/** What a stream will add up to when these facts follow what it is folded from; their position is not known yet. */
export const foresee = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly NewEvent<E>[],
): Folded<S> => {
  const next = events.map((event, index) => ({ ...event, revision: before.revision + 1 + index }));
  return grow(aggregate, before, next, before.position);
};

/** Folds the streams of a store. `maxBytes` is the budget for the states kept in memory. */
export const foldStates = (store: EventStore, maxBytes: number): States => {
  const kept = new LRUCache<string, Folded<unknown>>({ maxSize: maxBytes, sizeCalculation: ({ size }) => size });

  // A stream's name says which aggregate it is of, and so what its state and its facts are.
  const recall = <S>(stream: string): Folded<S> | undefined => kept.get(stream) as Folded<S> | undefined;

  const keep = <S>(stream: string, folded: Folded<S>): Folded<S> => {
    if ((kept.peek(stream)?.revision ?? -1) <= folded.revision) kept.set(stream, folded);
    return folded;
  };

  const read = async <E extends Event>(
    stream: string,
    after: number,
    limit?: number,
  ): Promise<readonly Recorded<E>[]> => (await store.read(stream, after, limit)) as readonly Recorded<E>[];

  const refresh = async <S, E extends Event>(aggregate: Aggregate<S, E>, id: string): Promise<Folded<S>> => {
    const stream = `${aggregate.name}-${id}`;
    const before = recall<S>(stream) ?? {
      ...{ state: aggregate.initial, revision: -1, position: 0 },
      ...{ commands: Map<string, number>(), size: 500 },
    };
    const events = await read<E>(stream, before.revision);
    return keep(stream, grow(aggregate, before, events, events.at(-1)?.position ?? before.position));
  };

  return {
    read,
    refresh,
    get: async <S, E extends Event>(aggregate: Aggregate<S, E>, id: string) =>
      recall<S>(`${aggregate.name}-${id}`) ?? refresh(aggregate, id),
    keep: (aggregate, id, folded) => void keep(`${aggregate.name}-${id}`, folded),
  };
};
