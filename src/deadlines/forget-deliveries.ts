import { keptForMs } from '../domain/deliveries/delivery.ts';
import { forgetDelivery } from '../flows/forget-delivery.ts';
import { flowIntent } from '../flows/intent.ts';
import { deliveries } from '../projections/deliveries.ts';
import { deadline } from './deadline.ts';

/** Forgets what came of deliveries a while after they were last tried or asked for. */
export const forgetDeliveries = deadline({
  name: 'forget-deliveries',
  projection: deliveries,
  field: 'forgetAt',
  intent: ({ projectId, deliveryId, endpointId, leadId, forgetAt }) =>
    flowIntent(forgetDelivery, {
      projectId,
      deliveryId,
      endpointId,
      ...(leadId !== undefined && { leadId }),
      lastAt: new Date(Date.parse(forgetAt) - keptForMs).toISOString(),
    }),
});
