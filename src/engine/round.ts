import type { Aggregate, Event } from '../domain/event.ts';
import type { NewEvent } from '../eventstore/event-store.ts';
import type { Folded } from './folded.ts';
import { foresee } from './folded.ts';

/** The facts that a command recorded, now or when it was first asked; the stream's revision then, and a position that has them all. */
export type Outcome<E extends Event> = {
  readonly events: readonly E[];
  readonly revision: number;
  readonly position: number;
};

/** A command that waits for its stream, and how its caller hears what came of it. */
export type QueuedCommand<S, E extends Event> = {
  readonly commandId: string;
  /** The facts that it comes to, none when nothing needs to happen. Throws what its caller is to hear instead. */
  readonly decide: (folded: Folded<S>) => readonly NewEvent<E>[];
  readonly answer: (outcome: Outcome<E>) => void;
  /** It was done before: its first fact then has this revision. */
  readonly again: (first: number) => void;
  readonly fail: (error: unknown) => void;
};

/**
 * What the first commands of a line come to when each is decided on what the ones before it come to. `answers` has one for
 * each of them, to be told with the position of the last event when that is durable.
 */
export type Round<S, E extends Event> = {
  readonly events: readonly NewEvent<E>[];
  readonly after: Folded<S>;
  readonly answers: readonly ((position: number) => void)[];
  /** Whether some came to nothing, which is true only if the state that they were decided on is current. */
  readonly doubtful: boolean;
};

/** How much shares an append: few enough commands to decide without a break, and bytes (as JSON) that every store takes. */
const most = { commands: 50, bytes: 256 * 1024 };

const sizeOf = (events: readonly Event[]): number =>
  events.reduce((bytes, { data }) => bytes + Buffer.byteLength(JSON.stringify(data)), 0);

/** What a command comes to, and the stream with that; or what its caller hears instead. */
const decided = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  { decide }: QueuedCommand<S, E>,
) => {
  try {
    const events = decide(before);
    return { events, after: foresee(aggregate, before, events) };
  } catch (error) {
    return { events: [], after: before, error };
  }
};

/**
 * Decides the first commands of a line one after the other, so that they share an append, until it is `enough`. The first is
 * always among them.
 */
export const decideTogether = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  line: readonly QueuedCommand<S, E>[],
  enough: () => boolean,
): Round<S, E> => {
  const events: NewEvent<E>[] = [];
  const answers: ((position: number) => void)[] = [];
  let [after, doubtful, bytes] = [before, false, 0];
  for (const asked of line.slice(0, most.commands)) {
    if (answers.length > 0 && enough()) break;
    const first = after.commands.get(asked.commandId);
    if (first !== undefined) {
      answers.push(() => asked.again(first));
      continue;
    }
    const own = decided(aggregate, after, asked);
    if (line.length > 1) bytes += sizeOf(own.events);
    if (bytes > most.bytes && events.length > 0) break;
    events.push(...own.events);
    after = own.after;
    doubtful ||= own.events.length === 0;
    const { revision } = after;
    answers.push((position) =>
      'error' in own ? asked.fail(own.error) : asked.answer({ events: own.events, revision, position }),
    );
  }
  return { events, after, answers, doubtful };
};
