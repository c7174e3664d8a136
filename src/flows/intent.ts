import type { Event } from '../domain/event.ts';
import type { Command } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import type { Engine } from './engine.ts';

/** Several commands over several streams, as one named function. Their ids are made from the request's, so it is safe to repeat. */
export type Flow<I> = (engine: Engine, input: I, request: Request) => Promise<unknown>;

// Each command and each flow is one of these, the flows by method syntax. Their input was checked when the intent was made.
type AnyCommand = Pick<Command<unknown, unknown, Event>, 'name' | 'input'>;
type AnyFlow = { run(engine: Engine, input: unknown, request: Request): Promise<unknown> }['run'];

/**
 * What somebody wants done, as a value: a command or a flow, and its input. Made by `intent` and `flowIntent`, which check that
 * the one fits the other.
 */
export type Intent =
  { readonly command: AnyCommand; readonly input: unknown } | { readonly flow: AnyFlow; readonly input: unknown };

/** Wants a command sent. */
export const intent = <I, S, E extends Event>(command: Command<I, S, E>, input: NoInfer<I>): Intent => ({
  command,
  input,
});

/** Wants a flow run. */
export const flowIntent = <I>(flow: Flow<I>, input: NoInfer<I>): Intent => ({ flow, input });
