import { setTimeout as pause } from 'node:timers/promises';
import type { Event } from '../domain/event.ts';
import { Rejection } from '../domain/rejection.ts';
import type { EventStore, Metadata, NewEvent } from '../eventstore/event-store.ts';
import { RevisionConflict } from '../eventstore/event-store.ts';
import type { Command } from './command.ts';
import type { Folded, States } from './state.ts';

/** Who asks, and why. The same `commandId` again gets the same answer. `expected` is the stream's revision that the caller saw. */
export type Request = Omit<Metadata, 'version' | 'causationId'> & {
  readonly causationId?: string;
  readonly expected?: number;
};

/** The facts that a command recorded, now or when it was first asked; the stream's revision then, and a position that has them all. */
export type Outcome<E extends Event> = {
  readonly events: readonly E[];
  readonly revision: number;
  readonly position: number;
};

export type Handle = <I, S, E extends Event>(
  command: Command<I, S, E>,
  input: I,
  request: Request,
) => Promise<Outcome<E>>;

/** The stream is not at the revision that the caller saw. Nothing was appended. */
export class StaleRevision extends Error {
  constructor(stream: string, expected: number, actual: number) {
    super(`${stream} is at revision ${actual}, not ${expected}`);
    this.name = 'StaleRevision';
  }
}

/** Others kept getting there first. Nothing was appended by the last try; the same command may be sent again. */
export class TooManyConflicts extends Error {
  constructor(subject: string) {
    super(`${subject} is changing too fast; try again`);
    this.name = 'TooManyConflicts';
  }
}

const tries = 5;

type Needs = {
  readonly store: EventStore;
  readonly states: States;
  readonly clock: () => Date;
  readonly newId: () => string;
};

/** What a decision came to: facts to append, or the domain's no. */
type Decision<E> = { readonly facts: readonly E[]; readonly rejection?: Rejection };

const decide = <I, S, E extends Event>(command: Command<I, S, E>, state: S, input: I, now: Date): Decision<E> => {
  try {
    return { facts: command.decide(state, input, { now }) };
  } catch (error) {
    if (error instanceof Rejection) return { facts: [], rejection: error };
    throw error;
  }
};

/** One piece of work at a time for each key; different keys don't wait for each other. */
const inTurn = () => {
  const tails = new Map<string, Promise<unknown>>();
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = tails.get(key);
    const mine = before ? before.then(work, work) : work();
    tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (tails.get(key) === mine) tails.delete(key);
    }
  };
};

/**
 * Runs all commands: reads, folds, decides, appends at the revision it read. On a conflict it reads what is new and tries
 * again, unless the caller said which revision it saw. Throws `Rejection`, `StaleRevision`, `TooManyConflicts` or the store's errors.
 */
export const handling = ({ store, states, clock, newId }: Needs): Handle => {
  // Commands of this process on one stream take turns: that saves conflicts, it is not what keeps the stream right.
  const take = inTurn();

  const replay = async <E extends Event>(stream: string, commandId: string, first: number): Promise<Outcome<E>> => {
    const rest = await states.read<E>(stream, first - 1);
    const events = rest.filter(({ metadata }) => metadata.commandId === commandId);
    const last = events.at(-1);
    return {
      events,
      revision: last?.revision ?? first,
      position: last?.position ?? 0,
    };
  };

  return <I, S, E extends Event>(command: Command<I, S, E>, input: I, request: Request): Promise<Outcome<E>> => {
    const id = command.id(input);
    const stream = `${command.aggregate.name}-${id}`;
    const { expected, causationId = request.commandId, ...given } = request;
    const metadata: Metadata = { ...given, causationId };

    const attempt = async (folded: Folded<S>, current: boolean, left: number): Promise<Outcome<E>> => {
      const refreshed = () => states.refresh(command.aggregate, id);
      const first = folded.commands.get(request.commandId);
      if (first !== undefined) return replay(stream, request.commandId, first);

      const stale = expected !== undefined && expected !== folded.revision;
      const decision: Decision<E> = stale ? { facts: [] } : decide(command, folded.state, input, clock());
      if (decision.facts.length === 0) {
        // Only an append proves a remembered state current; without one, look before answering.
        if (!current) return attempt(await refreshed(), true, left);
        if (stale) throw new StaleRevision(stream, expected, folded.revision);
        if (decision.rejection) throw decision.rejection;
        return { events: [], revision: folded.revision, position: folded.position };
      }

      const events = decision.facts.map((fact): NewEvent<E> => ({ ...fact, id: newId(), metadata }));
      try {
        const appended = await store.append(stream, folded.revision, events);
        states.advance(command.aggregate, id, folded, { ...appended, events });
        return { events, ...appended };
      } catch (error) {
        if (!(error instanceof RevisionConflict)) throw error;
        if (left === 1) throw new TooManyConflicts(stream);
        await pause(Math.random() * 10 * (tries - left));
        return attempt(await refreshed(), true, left - 1);
      }
    };

    return take(stream, async () => attempt(await states.get(command.aggregate, id), false, tries));
  };
};
