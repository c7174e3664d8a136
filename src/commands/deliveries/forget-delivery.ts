import { z } from 'zod';
import { delivery, deliveryEvents, isFinal } from '../../domain/deliveries/delivery.ts';
import { command } from '../../engine/command.ts';

/** Forgets what came of a delivery when that was long ago; unless it was asked for again meanwhile, which `lastAt` tells. */
export const forgetDelivery = command(delivery)({
  name: 'ForgetDelivery',
  input: deliveryEvents.DeliveryForgotten.omit({ pending: true }).extend({
    projectId: z.string(),
    deliveryId: z.string(),
    lastAt: z.string(),
  }),
  id: ({ projectId, deliveryId }) => `${projectId}.${deliveryId}`,
  decide: (state, { projectId: _, deliveryId: __, lastAt, ...about }) =>
    state.status === 'forgotten' || state.lastAt > lastAt
      ? []
      : [{ type: 'DeliveryForgotten', data: { ...about, pending: !isFinal(state) } }],
});
