import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';

/** The fact that could not be reacted to, and where it is. */
const parkedEvent = z.strictObject({
  id: z.string(),
  type: z.string(),
  stream: z.string(),
  revision: z.number().int(),
  position: z.number().int(),
});
export type ParkedEvent = Readonly<z.infer<typeof parkedEvent>>;

/**
 * The facts of a parked stream, `parked-<projectId>.<reactor>.<event id>`: what follows from a fact could not be done. Shapes
 * are forever.
 */
export const parkedEvents = {
  WorkParked: z
    .strictObject({
      projectId: z.string(),
      reactor: z.string(),
      event: parkedEvent,
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
export type ParkedWorkEvent = EventsOf<typeof parkedEvents>;

export type ParkedState = {
  readonly status: 'unknown' | 'parked' | 'retrying' | 'done' | 'discarded';
  readonly attempts: number;
  readonly firstFailedAt: string;
  readonly reactor: string;
  readonly event: ParkedEvent | undefined;
};

const initial: ParkedState = { status: 'unknown', attempts: 0, firstFailedAt: '', reactor: '', event: undefined };

const evolve = (state: ParkedState, event: ParkedWorkEvent): ParkedState => {
  switch (event.type) {
    case 'WorkParked': {
      const { attempts, firstFailedAt, reactor, event: parked } = event.data;
      return { status: 'parked', attempts, firstFailedAt, reactor, event: parked };
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

export const parked: Aggregate<ParkedState, ParkedWorkEvent> = { name: 'parked', initial, evolve };

/** What comes after the project in the name of a parked stream. */
export const parkedId = (reactor: string, eventId: string): string => `${reactor}.${eventId}`;
