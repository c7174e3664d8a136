import { v5 } from 'uuid';
import { z } from 'zod';
import type { Aggregate, EventsOf } from '../event.ts';

/** The facts of a request that may come again, `request-<projectId>.<requestId>`. Shapes are forever. */
export const keyedRequestEvents = {
  RequestKeyed: z
    .strictObject({ persons: z.string() })
    .describe(
      'Activities came under an Idempotency-Key. `persons` is a hash of whom they name: with others the key is refused.',
    ),
} as const;
export type KeyedRequestEvent = EventsOf<typeof keyedRequestEvents>;

/** `persons` is the hash of whom the request named when it came first. */
export type KeyedRequestState = { readonly persons: string | undefined };

/** The namespace of request ids. It is part of stream names, so it can never change. */
const requestNamespace = '0f3f2b0e-6a57-5d0b-8f43-4f2b8f0c9d71';

/** The id of the request that a command id stands for: the stream's name does not tell the key that the caller chose. */
export const requestIdOf = (commandId: string): string => v5(commandId, requestNamespace);

const evolve = (state: KeyedRequestState, event: KeyedRequestEvent): KeyedRequestState =>
  event.type === 'RequestKeyed' ? { persons: state.persons ?? event.data.persons } : state;

export const keyedRequest: Aggregate<KeyedRequestState, KeyedRequestEvent> = {
  name: 'request',
  initial: { persons: undefined },
  evolve,
  /** As was seen with very many of them. */
  measure: () => 800,
};
