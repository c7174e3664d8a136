import { z } from 'zod';
import { streamParts } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { queueOf } from './deliveries.ts';
import type { DeliveryFact } from './deriving.ts';
import { fromDeliveries } from './deriving.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

const queueDocument = z.object({
  queue: z.string(),
  projectId: z.string(),
  endpointId: z.string(),
  /** How many of its deliveries are pending: one at least. */
  pending: z.number(),
  /** When the first of them is to be tried, ISO 8601. */
  dueAt: z.string(),
  /** The position of the last fact in it. */
  last: z.number(),
});
export type QueueDocument = Readonly<z.infer<typeof queueDocument>>;

/** How many more are pending after a fact, and when the first is due if that is another time now. */
const changeBy = (event: Recorded<DeliveryFact>): { readonly more: number; readonly dueAt?: string } => {
  const at = event.recordedAt.toISOString();
  switch (event.type) {
    case 'DeliveryDue':
    case 'DeliveryRequested':
      return { more: 1 };
    case 'DeliveryAttempted':
      return event.data.result === 'retry' ? { more: 0, dueAt: event.data.nextAt ?? at } : { more: -1, dueAt: at };
    case 'DeliveryForgotten':
      return event.data.pending ? { more: -1, dueAt: at } : { more: 0 };
  }
};

/** Whom a fact of a delivery is about. */
const aboutOf = (event: Recorded<DeliveryFact>) => {
  const parts =
    event.type === 'DeliveryDue'
      ? { projectId: event.data.projectId, id: event.data.deliveryId }
      : streamParts('delivery', event.stream);
  const { endpointId, leadId } = event.data;
  return parts && { endpointId, projectId: parts.projectId, queue: queueOf(endpointId, leadId, parts.id) };
};

/**
 * The queues that have something to send, of all projects: those of each endpoint by when their first is due. What is behind the
 * first in a queue is due to nobody, so that what is sent to one endpoint about one lead goes out in order.
 */
export const deliveryQueues: Projection<QueueDocument, DeliveryFact> = {
  name: 'delivery-queues',
  ...fromDeliveries,
  again: true,
  document: queueDocument,
  indexes: [['endpointId', 'dueAt']],
  keys: (event) => {
    const about = aboutOf(event);
    return about ? [{ project: allProjects, id: about.queue }] : [];
  },
  evolve: (doc, event) => {
    const about = aboutOf(event);
    const { more, dueAt } = changeBy(event);
    const pending = (doc?.pending ?? 0) + more;
    if (!about || pending <= 0) return undefined;
    return { ...about, pending, dueAt: dueAt ?? doc?.dueAt ?? event.recordedAt.toISOString(), last: event.position };
  },
};
