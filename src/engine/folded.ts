import { Map as PersistentMap } from 'immutable';
import type { Aggregate, Event } from '../domain/event.ts';
import type { NewEvent, Recorded } from '../eventstore/event-store.ts';
import { isRepeatable } from './command.ts';
import { timeSlices } from './time-slices.ts';

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
  readonly commands: PersistentMap<string, number>;
  readonly size: number;
  /** The revision of the last snapshot that is known of; -1 when there is none. */
  readonly saved: number;
};

type Arriving<E extends Event> = NewEvent<E> & { readonly revision: number };

const withCommand = (
  commands: PersistentMap<string, number>,
  { metadata: { commandId }, revision }: Arriving<Event>,
) => (isRepeatable(commandId) && !commands.has(commandId) ? commands.set(commandId, revision) : commands);

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
    state,
    revision: last.revision,
    position,
    last: last.id,
    commands: events.reduce(withCommand, before.commands),
    size: measure ? measure(state) : events.reduce((size, event) => size + weigh(event), before.size),
    saved: before.saved,
  };
};

/** With facts as they are in the log. However many there are, others have their turn every few milliseconds. */
export const withRecorded = async <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  pages: AsyncIterable<readonly Recorded<E>[]> | Iterable<readonly Recorded<E>[]>,
): Promise<Folded<S>> => {
  let folded = before;
  for await (const events of pages) {
    // From here on, as it was no computing to wait for the page.
    const yieldToOthers = timeSlices();
    for (const event of events) {
      folded = grow(aggregate, folded, [event], event.position);
      await yieldToOthers();
    }
  }
  return folded;
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

/** What a stream without facts adds up to. */
export const empty = <S, E extends Event>({ initial }: Aggregate<S, E>): Folded<S> => ({
  state: initial,
  revision: -1,
  position: 0,
  last: '',
  commands: PersistentMap<string, number>(),
  size: 500,
  saved: -1,
});
