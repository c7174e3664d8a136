import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';

/** The fact that could not be reacted to, and where it is. */
const failedEvent = z.strictObject({
  id: z.string(),
  type: z.string(),
  stream: z.string(),
  revision: z.number().int(),
  position: z.number().int(),
});
export type FailedEvent = Readonly<z.infer<typeof failedEvent>>;

/**
 * The facts of a dead letter, `parked-<projectId>.<reactor>.<event id>`: what follows from a fact could not be done. Shapes
 * are forever.
 */
export const deadLetterEvents = {
  WorkParked: z
    .strictObject({
      projectId: z.string(),
      reactor: z.string(),
      event: failedEvent,
      error: z.string(),
      attempts: z.number().int(),
      firstFailedAt: isoTime,
      lastFailedAt: isoTime,
    })
    .describe('What follows from a fact failed again and again, and was put aside so that the others go on.'),
  WorkRetried: z.strictObject({ retriedAt: isoTime }).describe('Somebody wants it to be tried again.'),
  WorkDone: z.strictObject({ doneAt: isoTime }).describe('What was put aside is done.'),
  WorkDiscarded: z
    .strictObject({ reason: z.string(), discardedAt: isoTime })
    .describe('What was put aside will not be done.'),
} as const;
export type DeadLetterEvent = EventsOf<typeof deadLetterEvents>;

export type DeadLetterState = {
  readonly status: 'unknown' | 'waiting' | 'retrying' | 'done' | 'discarded';
  readonly attempts: number;
  readonly firstFailedAt: string;
  readonly reactor: string;
  readonly event: FailedEvent | undefined;
};

const initial: DeadLetterState = { status: 'unknown', attempts: 0, firstFailedAt: '', reactor: '', event: undefined };

const evolve = (state: DeadLetterState, event: DeadLetterEvent): DeadLetterState => {
  switch (event.type) {
    case 'WorkParked': {
      const { attempts, firstFailedAt, reactor, event: deadLetter } = event.data;
      return { status: 'waiting', attempts, firstFailedAt, reactor, event: deadLetter };
    }
    case 'WorkRetried':
      return { ...state, status: 'retrying' };
    case 'WorkDone':
      return { ...state, status: 'done' };
    case 'WorkDiscarded':
      return { ...state, status: 'discarded' };
    default:
      return unchanged(state, event);
  }
};

export const deadLetter: Aggregate<DeadLetterState, DeadLetterEvent> = { name: 'parked', initial, evolve };

/** What comes after the project in the name of a dead letter's stream. */
export const deadLetterId = (reactor: string, eventId: string): string => `${reactor}.${eventId}`;
