import type { z } from 'zod';
import type { Aggregate, Decided, Event } from '../domain/event.ts';

/** What a decision may know besides state and input. */
export type Context = { readonly now: Date };

/**
 * What may be asked: what it accepts, the stream it concerns (`<aggregate>-<id>`) and what it decides. No fact means that
 * nothing needs to happen. `decide` is pure and throws `Rejection` when the domain says no.
 */
export type Command<I, S, E extends Event> = {
  readonly name: string;
  readonly aggregate: Aggregate<S, E>;
  readonly input: z.ZodType<I>;
  readonly id: (input: I) => string;
  readonly decide: (state: S, input: I, context: Context) => readonly E[];
  /** The same with the state that the facts come to, of a command that folds them to decide: then they are folded once. */
  readonly decideAndFold?: (state: S, input: I, context: Context) => Decided<S, E>;
};

/** What a command decides, told with the state after it or without. */
type Deciding<I, S, E extends Event> =
  | { readonly decide: (state: S, input: I, context: Context) => readonly E[] }
  | { readonly decideAndFold: (state: S, input: I, context: Context) => Decided<S, E> };

/** Defines a command of an aggregate. Curried, so that TypeScript knows the aggregate's facts before it reads `decide`. */
export const command =
  <S, E extends Event>(aggregate: Aggregate<S, E>) =>
  <I>(
    definition: {
      readonly name: string;
      readonly input: z.ZodType<I>;
      readonly id: (input: NoInfer<I>) => string;
    } & Deciding<NoInfer<I>, S, E>,
  ): Command<I, S, E> =>
    'decide' in definition
      ? { aggregate, ...definition }
      : { aggregate, ...definition, decide: (...asked) => definition.decideAndFold(...asked).facts };

/**
 * A command id that its caller keeps to itself, so that nobody can send the command again: it is not remembered, and the
 * steps of a flow need no ids of their own.
 */
export const unrepeatable = (id: string): string => (isRepeatable(id) ? `once:${id}` : id);
export const isRepeatable = (commandId: string): boolean => !commandId.startsWith('once:');
