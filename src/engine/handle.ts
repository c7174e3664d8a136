import { setTimeout as sleep } from 'node:timers/promises';
import type { Aggregate, Event } from '../domain/event.ts';
import type { EventStore, Metadata, NewEvent, Recorded } from '../eventstore/event-store.ts';
import { RevisionConflict, StoreUnavailable } from '../eventstore/event-store.ts';
import type { Pace } from './breather.ts';
import { pacing } from './breather.ts';
import type { Command } from './command.ts';
import type { Line } from './line.ts';
import { lines } from './line.ts';
import type { QueuedCommand, Outcome } from './round.ts';
import { decideTogether } from './round.ts';
import type { States } from './states.ts';
import type { Folded } from './folded.ts';
import { CommandReused, TooManyConflicts, StaleRevision } from './errors.ts';

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

const tries = 5;

/** How long commands are decided before others have their turn, in ms: one that is dear is alone in its turn. */
const turnMs = 10;

type Dependencies = {
  readonly store: EventStore;
  readonly states: States;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** When others have their turn. */
  readonly pace?: Pace;
};

/** How often a round is still tried, whether its state was read just now, and whether the first in line is tried alone. */
type Trying = { readonly left: number; readonly current: boolean; readonly alone: boolean };

/**
 * Runs all commands: reads, folds, decides, appends at the revision it read. On a conflict it reads what is new and tries
 * again, unless the caller said which revision it saw. Throws `Rejection`, `StaleRevision`, `CommandReused`, `TooManyConflicts` or
 * the store's errors.
 */
export const handling = ({ store, states, clock, newId, pace = pacing(turnMs) }: Dependencies): Handle => {
  // Commands of this process that wait for a stream share an append. It saves commits and conflicts; what keeps the stream
  // right is the revision that the append expects.
  const queue = lines();

  const replay = async <E extends Event>(
    stream: string,
    { commandId, fingerprint }: Request,
    first: number,
  ): Promise<Outcome<E>> => {
    const events: Recorded<E>[] = [];
    // What a command recorded was one append, so it lies together.
    for await (const page of states.pages<E>(stream, first - 1)) {
      const own = page.filter(({ metadata }) => metadata.commandId === commandId);
      events.push(...own);
      if (own.length < page.length) break;
    }
    const last = events.at(-1);
    const asked = events[0]?.metadata.fingerprint;
    if (asked !== undefined && fingerprint !== undefined && asked !== fingerprint) {
      throw new CommandReused(stream, commandId);
    }
    return {
      events,
      revision: last?.revision ?? first,
      position: last?.position ?? 0,
    };
  };

  /** Serves those who wait for a stream: the first, and behind it as many as can share its append. */
  const serve = async <S, E extends Event>(
    { aggregate, id }: { readonly aggregate: Aggregate<S, E>; readonly id: string },
    line: Line<QueuedCommand<S, E>>,
  ): Promise<void> => {
    const stream = `${aggregate.name}-${id}`;
    const refreshed = () => states.refresh(aggregate, id);

    const attempt = async (folded: Folded<S>, { left, current, alone }: Trying): Promise<void> => {
      for (let others = pace.turn(); others; others = pace.turn()) await others;
      const { events, after, answers, doubtful } = pace.run(() =>
        decideTogether(aggregate, folded, alone ? line.slice(0, 1) : line, pace.isDue),
      );
      // Only an append proves a remembered state current; without one, look before answering.
      if (events.length === 0 && doubtful && !current)
        return attempt(await refreshed(), { left, current: true, alone });
      try {
        const { position } = events.length === 0 ? folded : await store.append(stream, folded.revision, events);
        if (events.length > 0) states.keep(aggregate, id, { ...after, position });
        line.splice(0, answers.length);
        for (const tell of answers) tell(position);
      } catch (error) {
        const overtaken = error instanceof RevisionConflict;
        if (overtaken && left > 1) {
          await sleep(Math.random() * 10 * (tries - left));
          return attempt(await refreshed(), { left: left - 1, current: true, alone });
        }
        // What is wrong with the facts of one command is not the others' fault.
        const ofAll = overtaken || error instanceof StoreUnavailable || answers.length === 1;
        if (!ofAll) return attempt(folded, { left, current, alone: true });
        for (const { fail } of line.splice(0, answers.length)) fail(overtaken ? new TooManyConflicts(stream) : error);
      }
    };

    try {
      await attempt(await states.get(aggregate, id), { left: tries, current: false, alone: false });
    } catch (error) {
      line.shift()?.fail(error);
    }
  };

  return <I, S, E extends Event>(command: Command<I, S, E>, input: I, request: Request): Promise<Outcome<E>> => {
    const { aggregate } = command;
    const id = command.id(input);
    const stream = `${aggregate.name}-${id}`;
    const { expected, causationId = request.commandId, ...given } = request;
    const metadata: Metadata = { ...given, causationId };
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<E>>();
    const asked: QueuedCommand<S, E> = {
      commandId: request.commandId,
      decide: ({ state, revision }) => {
        if (expected !== undefined && expected !== revision) throw new StaleRevision(stream, expected, revision);
        const facts = command.decide(state, input, { now: clock() });
        return facts.map((fact): NewEvent<E> => ({ ...fact, id: newId(), metadata }));
      },
      answer: resolve,
      again: (first) => resolve(replay(stream, request, first)),
      fail: reject,
    };
    queue(stream, asked, (line) => serve({ aggregate, id }, line));
    return promise;
  };
};
