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

/** With the commands of facts that follow one another from a revision on, but for those that nobody can send again. */
const withCommands = (
  before: Folded<unknown>['commands'],
  facts: readonly NewEvent[],
  first: number,
): Folded<unknown>['commands'] => {
  let [commands, last] = [before, ''];
  for (const [place, { metadata }] of facts.entries()) {
    const { commandId } = metadata;
    if (commandId === last || !isRepeatable(commandId)) continue;
    last = commandId;
    if (!commands.has(commandId)) commands = commands.set(commandId, first + place);
  }
  return commands;
};

/** Grown by facts from a revision on, which come to a state. */
const grow = <S, E extends Event>(
  { weigh = () => 1_000, measure }: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly NewEvent<E>[],
  { state, first, position }: { readonly state: S; readonly first: number; readonly position: number },
): Folded<S> => {
  let { size } = before;
  if (!measure) for (const event of events) size += weigh(event);
  return {
    state,
    revision: first + events.length - 1,
    position,
    last: events.at(-1)?.id ?? before.last,
    commands: withCommands(before.commands, events, first),
    size: measure ? measure(state) : size,
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
      const { revision: first, position } = event;
      folded = grow(aggregate, folded, [event], { state: aggregate.evolve(folded.state, event), first, position });
      const turn = yieldToOthers();
      if (turn) await turn;
    }
  }
  return folded;
};

/**
 * What a stream will add up to when these facts follow what it is folded from; their position is not known yet. `state` is what
 * they come to, where somebody has folded them already.
 */
export const foresee = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly NewEvent<E>[],
  state: S = events.reduce(aggregate.evolve, before.state),
): Folded<S> =>
  events.length === 0
    ? before
    : grow(aggregate, before, events, { state, first: before.revision + 1, position: before.position });

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
