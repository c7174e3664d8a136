import type { Request } from '../engine/handle.ts';
import type { Engine } from '../flows/engine.ts';
import type { Intent } from '../flows/intent.ts';

// Method syntax, so that the engine takes a command that is known by its name only: the intent pairs it with an input of its own.
type Sending = { handle(command: { readonly name: string }, input: unknown, request: Request): Promise<unknown> };

/** Does what was wanted: sends the command, or runs the flow. Rejects as they do. */
export const runIntent = (engine: Engine, intent: Intent, request: Request): Promise<unknown> => {
  const sending: Sending = engine;
  return 'flow' in intent
    ? intent.flow(engine, intent.input, request)
    : sending.handle(intent.command, intent.input, request);
};
