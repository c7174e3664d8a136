import { z } from 'zod';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';
import { isoTime } from '../lead/activity.ts';
import { Rejection } from '../rejection.ts';
import { toldSchema } from './told.ts';

/** For how long what came of a delivery is kept, in ms. */
export const keptForMs = 30 * 24 * 3_600_000;

/** To whom a delivery is, and about which lead, as each of its facts says: no other has to be looked at to know. */
const about = { endpointId: z.string(), leadId: z.string().optional() } as const;

/** Which fact is told of: its stream and revision say where to read it. A test is about none. */
const factPlace = z.strictObject({ stream: z.string(), revision: z.number().int(), position: z.number().int() });
export type FactPlace = Readonly<z.infer<typeof factPlace>>;

export const attemptResults = ['succeeded', 'failed', 'retry'] as const;
export const requestReasons = ['redelivery', 'replay', 'test'] as const;

/**
 * The facts of a delivery, `delivery-<projectId>.<deliveryId>`: what came of it. That it is due follows from the fact that it tells
 * of. Nothing of what is told is among them. Shapes are forever.
 */
export const deliveryEvents = {
  DeliveryAttempted: z
    .strictObject({
      ...about,
      at: isoTime,
      /** Counted from 1, and anew after it was asked for. */
      attempt: z.number().int().min(1),
      status: z.number().int().optional(),
      error: z.string().max(512).optional(),
      ms: z.number().int().min(0),
      result: z.enum(attemptResults),
      nextAt: isoTime.optional(),
    })
    .describe('An endpoint was told, or should have been; `retry` says that it is tried again at `nextAt`.'),
  DeliveryRequested: z
    .strictObject({
      ...about,
      at: isoTime,
      reason: z.enum(requestReasons),
      toldId: z.string(),
      type: toldSchema.shape.type,
      fact: factPlace.optional(),
    })
    .describe('Somebody wants an endpoint to be told once more, or of what was not told to it, or to be tried.'),
  DeliveryForgotten: z
    .strictObject({ ...about, pending: z.boolean() })
    .describe('What came of a delivery is known no more, and it is not tried any more.'),
} as const;
export type DeliveryEvent = EventsOf<typeof deliveryEvents>;

/**
 * What came of a delivery. `untried` has no fact: it is pending if it follows from the log that it is to be made, and else there
 * is none. `attempts` are those since it was last asked for.
 */
export type DeliveryState = {
  readonly status: 'untried' | 'pending' | 'succeeded' | 'failed' | 'forgotten';
  readonly attempts: number;
  readonly lastAt: string;
};

const evolve = (state: DeliveryState, event: DeliveryEvent): DeliveryState => {
  switch (event.type) {
    case 'DeliveryAttempted': {
      const { result, attempt, at } = event.data;
      return { status: result === 'retry' ? 'pending' : result, attempts: attempt, lastAt: at };
    }
    case 'DeliveryRequested':
      return { status: 'pending', attempts: 0, lastAt: event.data.at };
    case 'DeliveryForgotten':
      return { ...state, status: 'forgotten' };
    default:
      return unchanged(state, event);
  }
};

export const delivery: Aggregate<DeliveryState, DeliveryEvent> = {
  name: 'delivery',
  initial: { status: 'untried', attempts: 0, lastAt: '' },
  evolve,
  measure: () => 200,
};

/** Whether nothing more is tried of itself. */
export const isFinal = ({ status }: DeliveryState): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'forgotten';

/** Throws a `Rejection` when nothing is known of a delivery any more. */
export const mustBeKept = ({ status }: DeliveryState, deliveryId: string): void => {
  if (status !== 'forgotten') return;
  throw new Rejection(
    'delivery-unknown',
    `Delivery ${deliveryId.slice(0, 64)} is forgotten, as it is older than 30 days`,
  );
};
