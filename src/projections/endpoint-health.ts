import { z } from 'zod';
import type { DeliveryEvent } from '../domain/deliveries/delivery.ts';
import type { EndpointEvent } from '../domain/deliveries/endpoints.ts';
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
});
export type HealthDocument = Readonly<z.infer<typeof healthDocument>>;

const evolve = (
  doc: HealthDocument | undefined,
  event: Recorded<EndpointEvent | DeliveryEvent>,
): HealthDocument | undefined => {
  const { endpointId } = event.data;
  switch (event.type) {
    case 'EndpointAdded':
      return { endpointId, failures: 0 };
    case 'EndpointEnabled': {
      const { failingSince: _, ...before } = doc ?? { endpointId };
      return { ...before, failures: 0 };
    }
    case 'EndpointRemoved':
      return undefined;
    case 'DeliveryAttempted': {
      const { at, result } = event.data;
      if (!doc) return undefined;
      const { failingSince = at, ...before } = doc;
      if (result === 'succeeded') return { ...before, failures: 0, lastSuccessAt: at };
      return { ...doc, failures: doc.failures + 1, lastFailureAt: at, failingSince };
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
