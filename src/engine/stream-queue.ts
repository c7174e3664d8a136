import { setTimeout as sleep } from 'node:timers/promises';
import type { Aggregate, Event } from '../domain/event.ts';
import { streamOf } from '../domain/streams.ts';
import type { EventStore, NewEvent } from '../eventstore/event-store.ts';
import { RevisionConflict, StoreUnavailable } from '../eventstore/event-store.ts';
import { isRepeatable } from './command.ts';
import type { Pace } from './pacing.ts';
import { TooManyConflicts } from './errors.ts';
import type { Folded } from './folded.ts';
import { asRecorded, foresee, mayBeginAt } from './folded.ts';
import type { States } from './states.ts';

/** The facts that a command recorded, now or when it was first asked; the stream's revision then, and a position that has them all. */
export type Outcome<E extends Event> = {
  readonly events: readonly E[];
  readonly revision: number;
  readonly position: number;
};

/** A command that waits for its stream, and how its caller is told what came of it. */
export type QueuedCommand<S, E extends Event> = {
  readonly commandId: string;
  /** Revisions where its facts do not begin, though the index of the stream's commands says that they may. */
  readonly others: readonly number[];
  /**
   * The facts that it comes to, none when nothing needs to happen, and the state after them where that is known. Throws what its
   * caller is told instead.
   */
  readonly decide: (folded: Folded<S>) => { readonly events: readonly NewEvent<E>[]; readonly after: S | undefined };
  readonly answer: (outcome: Outcome<E>) => void;
  /** It may have been done before: then its facts begin at one of these revisions. */
  readonly again: (revisions: readonly number[]) => void;
  readonly fail: (error: unknown) => void;
};

/**
 * What the first commands of a queue come to when each is decided on what the ones before it come to. `answers` has one for
 * each of them, to be given with the position of the last event when that is durable.
 */
type Round<S, E extends Event> = {
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

/** What a command comes to, and the stream with that; or what its caller is told instead. */
const decided = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  { decide }: QueuedCommand<S, E>,
) => {
  try {
    const { events, after } = decide(before);
    return { events, after: foresee(aggregate, before, events, after) };
  } catch (error) {
    return { events: [], after: before, error };
  }
};

/** Where the facts of commands may begin: of those that a round has decided, and of those recorded before. */
const beginnings = (before: Folded<unknown>) => {
  const decidedHere = new Map<string, readonly number[]>();
  return {
    add: (commandId: string, first: number): void => {
      if (isRepeatable(commandId)) decidedHere.set(commandId, [first]);
    },
    of: ({ commandId, others }: Pick<QueuedCommand<unknown, never>, 'commandId' | 'others'>): readonly number[] =>
      decidedHere.get(commandId) ?? mayBeginAt(before, commandId).filter((revision) => !others.includes(revision)),
  };
};

/** Decides the first commands of a queue one after the other, until it is `enough`. The first is always among them. */
const decideTogether = <S, E extends Event>(
  aggregate: Aggregate<S, E>,
  before: Folded<S>,
  queue: readonly QueuedCommand<S, E>[],
  enough: () => boolean,
): Round<S, E> => {
  const events: NewEvent<E>[] = [];
  const answers: ((position: number) => void)[] = [];
  const begun = beginnings(before);
  let [after, doubtful, bytes] = [before, false, 0];
  for (const command of queue.slice(0, most.commands)) {
    if (answers.length > 0 && enough()) break;
    const revisions = begun.of(command);
    if (revisions.length > 0) {
      answers.push(() => command.again(revisions));
      continue;
    }
    const own = decided(aggregate, after, command);
    if (queue.length > 1) bytes += sizeOf(own.events);
    if (bytes > most.bytes && events.length > 0) break;
    events.push(...own.events);
    if (own.events.length > 0) begun.add(command.commandId, after.revision + 1);
    after = own.after;
    doubtful ||= own.events.length === 0;
    const { revision } = after;
    answers.push((position) =>
      'error' in own ? command.fail(own.error) : command.answer({ events: own.events, revision, position }),
    );
  }
  return { events, after, answers, doubtful };
};

/** How often a round is tried when others append to its stream meanwhile. */
const tries = 5;

/** How often a round is still tried, whether its state was read just now, and whether the first in the queue is tried alone. */
type Trying = { readonly left: number; readonly current: boolean; readonly alone: boolean };

type Dependencies = { readonly store: EventStore; readonly states: States; readonly pace: Pace };

/**
 * Decides the first command of a stream's queue, and behind it as many as can share its append, and appends what they come to
 * at the revision that was read. On a conflict it reads what is new and tries again. What it answered it takes out of the queue.
 */
const serving = ({ store, states, pace }: Dependencies) => {
  return async <S, E extends Event>(
    aggregate: Aggregate<S, E>,
    id: string,
    queue: QueuedCommand<S, E>[],
  ): Promise<void> => {
    const stream = streamOf(aggregate.name, id);

    const attempt = async (folded: Folded<S>, { left, current, alone }: Trying): Promise<void> => {
      for (let others = pace.turn(); others; others = pace.turn()) await others;
      const { events, after, answers, doubtful } = pace.run(() =>
        decideTogether(aggregate, folded, alone ? queue.slice(0, 1) : queue, pace.isDue),
      );
      // Only an append proves a remembered state current; without one, look before answering.
      if (events.length === 0 && doubtful && !current) {
        return attempt(await states.reconcile(aggregate, id), { left, current: true, alone });
      }
      try {
        const { position } = events.length === 0 ? folded : await store.append(stream, folded.revision, events);
        if (events.length > 0) states.keep(aggregate, id, asRecorded(after, events, position));
        queue.splice(0, answers.length);
        for (const answer of answers) answer(position);
      } catch (error) {
        const overtaken = error instanceof RevisionConflict;
        if (overtaken && left > 1) {
          await sleep(Math.random() * 10 * (tries - left));
          return attempt(await states.reconcile(aggregate, id), { left: left - 1, current: true, alone });
        }
        // What is wrong with the facts of one command is not the others' fault.
        if (error instanceof StoreUnavailable) throw error;
        const ofAll = overtaken || answers.length === 1;
        if (!ofAll) return attempt(folded, { left, current, alone: true });
        for (const { fail } of queue.splice(0, answers.length)) fail(overtaken ? new TooManyConflicts(stream) : error);
      }
    };

    // From memory without waiting: so it is for nearly every command.
    const known = states.known(aggregate, id);
    try {
      await attempt(known ?? (await states.get(aggregate, id)), { left: tries, current: false, alone: false });
    } catch (error) {
      // While the store is away, each in the queue would wait for it as long again as the one before.
      const failed = queue.splice(0, error instanceof StoreUnavailable ? queue.length : 1);
      for (const { fail } of failed) fail(error);
    }
  };
};

/**
 * Queues of the commands of this process, one for each stream; different streams don't wait for each other. Commands that wait
 * for a stream share an append, which saves commits and conflicts. What keeps the stream right is the revision that the append
 * expects.
 */
export const streamQueues = (dependencies: Dependencies) => {
  const serve = serving(dependencies);
  const queues = new Map<string, unknown[]>();

  const serveAll = async <S, E extends Event>(
    aggregate: Aggregate<S, E>,
    id: string,
    queue: QueuedCommand<S, E>[],
  ): Promise<void> => {
    while (queue.length > 0) await serve(aggregate, id, queue);
    queues.delete(streamOf(aggregate.name, id));
  };

  return <S, E extends Event>(aggregate: Aggregate<S, E>, id: string, command: QueuedCommand<S, E>): void => {
    const stream = streamOf(aggregate.name, id);
    const waiting = queues.get(stream);
    if (waiting) {
      waiting.push(command);
      return;
    }
    const queue = [command];
    queues.set(stream, queue);
    // Not at once: what else is asked of the stream in this turn shares the append.
    queueMicrotask(() => void serveAll(aggregate, id, queue));
  };
};
