import { z } from 'zod';
import { delivery, deliveryEvents, isFinal } from '../../domain/deliveries/delivery.ts';
import { command } from '../../engine/command.ts';

/** Says what came of telling an endpoint. Of two that did the same attempt at the same time, the first one's counts. */
export const recordAttempt = command(delivery)({
  name: 'RecordAttempt',
  input: deliveryEvents.DeliveryAttempted.extend({ projectId: z.string(), deliveryId: z.string() }),
  id: ({ projectId, deliveryId }) => `${projectId}.${deliveryId}`,
  decide: (state, { projectId: _, deliveryId: __, ...attempt }) =>
    isFinal(state) || state.attempts >= attempt.attempt ? [] : [{ type: 'DeliveryAttempted', data: attempt }],
});
