import { z } from 'zod';
import type { DeliveryEvent } from '../domain/deliveries/delivery.ts';
import type { EndpointEvent } from '../domain/deliveries/endpoints.ts';
import { isTrouble } from '../domain/deliveries/outcome.ts';
import { projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';

const healthDocument = z.object({
  endpointId: z.string(),
  lastSuccessAt: z.string().optional(),
  lastFailureAt: z.string().optional(),
  /** How many attempts failed one after the other up to now, and when the first of them did, ISO 8601. */
  failures: z.number(),
  failingSince: z.string().optional(),
  /** How many of the last attempts, one after the other, met with trouble of the receiver's own, as its circuit counts them, and when the last did. */
  troubles: z.number(),
  troubledAt: z.string().optional(),
});
export type HealthDocument = Readonly<z.infer<typeof healthDocument>>;

const evolve = (
  doc: HealthDocument | undefined,
  event: Recorded<EndpointEvent | DeliveryEvent>,
): HealthDocument | undefined => {
  const { endpointId } = event.data;
  switch (event.type) {
    case 'EndpointAdded':
      return { endpointId, failures: 0, troubles: 0 };
    case 'EndpointEnabled': {
      const { failingSince: _, ...before } = doc ?? { endpointId, troubles: 0 };
      return { ...before, failures: 0 };
    }
    case 'EndpointRemoved':
      return undefined;
    case 'DeliveryAttempted': {
      const { at, result } = event.data;
      if (!doc) return undefined;
      const { failingSince = at, ...before } = doc;
      if (result === 'succeeded') return { ...before, failures: 0, lastSuccessAt: at, troubles: 0 };
      const failed = { ...doc, failures: doc.failures + 1, lastFailureAt: at, failingSince };
      return isTrouble(event.data)
        ? { ...failed, troubles: doc.troubles + 1, troubledAt: at }
        : { ...failed, troubles: 0 };
    }
    default:
      return doc;
  }
};

/** How each endpoint of a project answers, by what came of what was sent to it. */
export const endpointHealth: Projection<HealthDocument, EndpointEvent | DeliveryEvent> = {
  name: 'endpoint-health',
  streams: [streamsOf('endpoints'), streamsOf('delivery')],
  types: ['EndpointAdded', 'EndpointEnabled', 'EndpointRemoved', 'DeliveryAttempted'],
  document: healthDocument,
  indexes: [],
  keys: ({ stream, data: { endpointId } }) => [{ project: projectOfStream(stream), id: endpointId }],
  evolve,
};
