import type { Aggregate, Event } from '../domain/event.ts';
import type { NewEvent, Recorded } from '../eventstore/event-store.ts';
import type { CommandIndex } from './command-index.ts';
import { bytesOfCommands, noCommands, revisionsOf, withCommand } from './command-index.ts';
import { timeSlices } from './time-slices.ts';

/** What the facts of a stream add up to, as of a revision (-1 when empty) and the position of its last fact (0 when empty). */
export type Folded<S> = {
  readonly state: S;
  readonly revision: number;
  readonly position: number;
  /** The id of its last fact; none when empty. */
  readonly last: string;
  /** Has all commands that may come again and were recorded up to the revision, and may have later ones. */
  readonly commands: CommandIndex;
  /** A guess of the memory that the state takes, in bytes. */
  readonly size: number;
  /** The revision of the last snapshot that is known of; -1 when there is none. */
  readonly saved: number;
};

/** Adds the commands of facts that follow one another to an index. */
const indexing = () => {
  let last = '';
  return (commands: CommandIndex, { metadata: { commandId } }: NewEvent, revision: number): CommandIndex => {
    // Of the facts of one command the first is enough.
    if (commandId === last) return commands;
    last = commandId;
    return withCommand(commands, commandId, revision);
  };
};

/** Grown by facts, which come to a state. */
const grow = <S, E extends Event>(
  { weigh = () => 1_000, measure }: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly NewEvent<E>[],
  now: Pick<Folded<S>, 'state' | 'revision' | 'position' | 'commands'>,
): Folded<S> => {
  let { size } = before;
  if (!measure) for (const event of events) size += weigh(event);
  return {
    state: now.state,
    revision: now.revision,
    position: now.position,
    last: events.at(-1)?.id ?? before.last,
    commands: now.commands,
    size: measure ? measure(now.state) : size,
    saved: before.saved,
  };
};

/** With facts as they are in the log. However many there are, others have their turn every few milliseconds. */
export const withRecorded = async <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  pages: AsyncIterable<readonly Recorded<E>[]> | Iterable<readonly Recorded<E>[]>,
): Promise<Folded<S>> => {
  const indexed = indexing();
  let folded = before;
  for await (const events of pages) {
    // From here on, as it was no computing to wait for the page.
    const yieldToOthers = timeSlices();
    for (const event of events) {
      const { revision, position } = event;
      const commands = indexed(folded.commands, event, revision);
      folded = grow(aggregate, folded, [event], {
        state: aggregate.evolve(folded.state, event),
        revision,
        position,
        commands,
      });
      const turn = yieldToOthers();
      if (turn) await turn;
    }
  }
  return folded;
};

/**
 * What a stream will add up to when these facts follow what it is folded from; their position is not known yet, and their
 * commands are not in its index, as they may never be recorded. `state` is what they come to, where somebody has folded them already.
 */
export const foresee = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  events: readonly NewEvent<E>[],
  state: S = events.reduce(aggregate.evolve, before.state),
): Folded<S> => {
  const { revision, position, commands } = before;
  return events.length === 0
    ? before
    : grow(aggregate, before, events, { state, revision: revision + events.length, position, commands });
};

/** What was foreseen, now that its facts are recorded. */
export const asRecorded = <S>(foreseen: Folded<S>, events: readonly NewEvent[], position: number): Folded<S> => {
  const indexed = indexing();
  const first = foreseen.revision + 1 - events.length;
  let { commands } = foreseen;
  for (const [place, event] of events.entries()) commands = indexed(commands, event, first + place);
  return { ...foreseen, position, commands };
};

/** The revisions where the facts of a command may begin, as far as a stream is folded; whether they do is in the log. */
export const mayBeginAt = ({ commands, revision }: Folded<unknown>, commandId: string): readonly number[] =>
  revisionsOf(commands, commandId, revision);

/** About how much memory it takes, in bytes. */
export const memoryOf = ({ size, commands }: Folded<unknown>): number => size + bytesOfCommands(commands);

/** What a stream without facts adds up to. */
export const empty = <S, E extends Event>({ initial }: Aggregate<S, E>): Folded<S> => ({
  state: initial,
  revision: -1,
  position: 0,
  last: '',
  commands: noCommands,
  size: 500,
  saved: -1,
});
