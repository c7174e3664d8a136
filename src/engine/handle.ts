import type { Event } from '../domain/event.ts';
import { streamOf } from '../domain/streams.ts';
import type { EventStore, Metadata, NewEvent, Recorded } from '../eventstore/event-store.ts';
import type { Pace } from './pacing.ts';
import { pacing } from './pacing.ts';
import type { Command, Context } from './command.ts';
import { CommandReused, StaleRevision } from './errors.ts';
import { recordedBy } from './recorded-by.ts';
import type { States } from './states.ts';
import type { Outcome } from './stream-queue.ts';
import { streamQueues } from './stream-queue.ts';

/**
 * Who asks, and why. The same `commandId` again gets the same answer, unless its `fingerprint` is another: then something else
 * is asked. `expected` is the stream's revision that the caller saw.
 */
export type Request = Omit<Metadata, 'version' | 'causationId'> & {
  readonly causationId?: string;
  readonly expected?: number;
};

export type { Outcome };

export type Handle = <I, S, E extends Event>(
  command: Command<I, S, E>,
  input: I,
  request: Request,
) => Promise<Outcome<E>>;

/** What a command decides, and the state after it where the decision has folded its facts. */
const decisionOf = <I, S, E extends Event>(
  { decide, decideAndFold }: Command<I, S, E>,
  state: S,
  input: I,
  context: Context,
): { readonly facts: readonly E[]; readonly after: S | undefined } => {
  if (!decideAndFold) return { facts: decide(state, input, context), after: undefined };
  const decided = decideAndFold(state, input, context);
  return { facts: decided.facts, after: decided.state };
};

/** How long commands are decided before others have their turn, in ms: one that is dear is alone in its turn. */
const turnMs = 10;

/** What a command recorded when it was asked first. Throws `CommandReused` when something else was asked. */
const answered = <E extends Event>(
  stream: string,
  { commandId, fingerprint }: Request,
  events: readonly Recorded<E>[],
): Outcome<E> => {
  const last = events.at(-1);
  const before = last?.metadata.fingerprint;
  if (before !== undefined && fingerprint !== undefined && before !== fingerprint) {
    throw new CommandReused(stream, commandId);
  }
  return { events, revision: last?.revision ?? -1, position: last?.position ?? 0 };
};

type Dependencies = {
  readonly store: EventStore;
  readonly states: States;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** When others have their turn. */
  readonly pace?: Pace;
};

/**
 * Runs all commands: reads, folds, decides, appends at the revision it read. On a conflict it reads what is new and tries
 * again, unless the caller said which revision it saw. Throws `Rejection`, `StaleRevision`, `CommandReused`, `TooManyConflicts` or
 * the store's errors.
 */
export const handling = ({ store, states, clock, newId, pace = pacing(turnMs) }: Dependencies): Handle => {
  const enqueue = streamQueues({ store, states, pace });

  const ask = <I, S, E extends Event>(
    command: Command<I, S, E>,
    input: I,
    request: Request,
    others: readonly number[],
  ): Promise<Outcome<E>> => {
    const { aggregate } = command;
    const id = command.id(input);
    const stream = streamOf(aggregate.name, id);
    const { expected, causationId = request.commandId, ...given } = request;
    const metadata: Metadata = { ...given, causationId };
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<E>>();
    const again = async (revisions: readonly number[]): Promise<Outcome<E>> => {
      const found = await recordedBy<E>(states, { stream, commandId: request.commandId, revisions });
      if (found.events.length > 0) return answered(stream, request, found.events);
      // It only has the hash of others, or its facts are gone from a store that was put back: so it is done now.
      await states.reconcile(aggregate, id);
      return ask(command, input, request, [...others, ...found.others]);
    };
    enqueue<S, E>(aggregate, id, {
      commandId: request.commandId,
      others,
      decide: ({ state, revision }) => {
        if (expected !== undefined && expected !== revision) throw new StaleRevision(stream, expected, revision);
        const { facts, after } = decisionOf(command, state, input, { now: clock() });
        return { events: facts.map((fact): NewEvent<E> => ({ ...fact, id: newId(), metadata })), after };
      },
      answer: resolve,
      again: (revisions) => resolve(again(revisions)),
      fail: reject,
    });
    return promise;
  };
  return (command, input, request) => ask(command, input, request, []);
};
