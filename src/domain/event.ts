import type { z } from 'zod';

/** A fact: something that has happened, named in the past tense. */
export type Event<T extends string = string, D = unknown> = { readonly type: T; readonly data: D };

/** The union of the facts that a table of schemas describes, one member for each key. */
export type EventsOf<S extends Readonly<Record<string, z.ZodType>>> = {
  [T in keyof S & string]: Event<T, z.infer<S[T]>>;
}[keyof S & string];

/**
 * How a state is written down, as plain JSON, to be read back instead of the facts that it is made of. What was written with
 * another `version` is not read: it takes a new one whenever the same facts come to something else, or are written otherwise.
 */
export type SnapshotFormat<S> = {
  readonly version: number;
  /** After how many more facts a stream that stays in memory has another snapshot; 5,000 unless said. */
  readonly every?: number;
  readonly pack: (state: S) => unknown;
  /** What was packed, with nothing lost. Throws when it is nothing that `pack` makes. */
  readonly unpack: (packed: unknown) => S;
};

/**
 * How the facts of one stream add up. `evolve` never rejects: a fact has happened, so an unexpected one leaves the state
 * as it is. The stream of an aggregate is called `<name>-<id>`.
 */
export type Aggregate<S, E extends Event> = {
  readonly name: string;
  readonly initial: S;
  readonly evolve: (state: S, event: E) => S;
  /** About how much memory the event adds to the state, in bytes; 1,000 when nobody says. */
  readonly weigh?: (event: E) => number;
  /** About how much memory a state takes, in bytes, where that can be told from the state; then nobody asks what each event adds. */
  readonly measure?: (state: S) => number;
  /** How a snapshot of a long stream's state is made; without it all facts are read each time. */
  readonly snapshot?: SnapshotFormat<S>;
};

/** What was decided, and what the facts make of the state that it was decided on. */
export type Decided<S, E extends Event> = { readonly facts: readonly E[]; readonly state: S };

/** What the default of an `evolve` returns that has a case for every fact: one that it forgot does not compile, and one of a later version changes nothing. */
export const unchanged = <S>(state: S, _: never): S => state;
