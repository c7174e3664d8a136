import type { z } from 'zod';

/** A fact: something that has happened, named in the past tense. */
export type Event<T extends string = string, D = unknown> = { readonly type: T; readonly data: D };

/** The union of the facts that a table of schemas describes, one member for each key. */
export type EventsOf<S extends Readonly<Record<string, z.ZodType>>> = {
  [T in keyof S & string]: Event<T, z.infer<S[T]>>;
}[keyof S & string];

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
};
