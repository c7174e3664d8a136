import { z } from 'zod';
import { delivery, deliveryEvents, isFinal, mustBeKept } from '../../domain/deliveries/delivery.ts';
import { command } from '../../engine/command.ts';

/**
 * Has an endpoint told once more, or of what was not told to it. `derived` says whether it follows from the log that it is told
 * anyway: what is still to be tried is not asked for again.
 */
export const requestDelivery = command(delivery)({
  name: 'RequestDelivery',
  input: deliveryEvents.DeliveryRequested.omit({ at: true }).extend({
    projectId: z.string(),
    deliveryId: z.string(),
    derived: z.boolean(),
  }),
  id: ({ projectId, deliveryId }) => `${projectId}.${deliveryId}`,
  decide: (state, { projectId: _, deliveryId, derived, ...asked }, { now }) => {
    if (asked.reason === 'redelivery') mustBeKept(state, deliveryId);
    const isPending = state.status === 'untried' ? derived : !isFinal(state);
    return isPending ? [] : [{ type: 'DeliveryRequested', data: { ...asked, at: now.toISOString() } }];
  },
});
