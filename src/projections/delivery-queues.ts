import { z } from 'zod';
import { streamParts } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { deliveryDocument, queueOf } from './deliveries.ts';
import type { DeliveryFact } from './deriving.ts';
import { fromDeliveries } from './deriving.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

/** A delivery that tells of a fact, with all that is needed to make it. */
const firstDocument = deliveryDocument
  .pick({ deliveryId: true, toldId: true, type: true, leadId: true, fact: true, tried: true, order: true })
  .required({ fact: true });

const queueDocument = z.object({
  queue: z.string(),
  projectId: z.string(),
  endpointId: z.string(),
  /** How many of its deliveries are pending: one at least. */
  pending: z.number(),
  /** Which of them, as far as there is room: so that each leaves it once, by whichever of its facts is still there. */
  ids: z.array(z.string()),
  /** When the first of them is to be tried, ISO 8601. */
  dueAt: z.string(),
  /** The position of the last fact in it. */
  last: z.number(),
  /** The first of them, where that is known: it is not once another was before it, nor of what tells of no fact. */
  first: firstDocument.optional(),
});
export type QueueDocument = Readonly<z.infer<typeof queueDocument>>;
type First = QueueDocument['first'];

/** How many deliveries of a queue are kept by their ids: those behind are only counted. */
const mostIds = 200;

type Pending = Pick<QueueDocument, 'pending' | 'ids'>;
const none: Pending = { pending: 0, ids: [] };

const joined = ({ pending, ids }: Pending, deliveryId: string): Pending => {
  if (ids.includes(deliveryId)) return { pending, ids };
  return { pending: pending + 1, ids: ids.length < mostIds ? [...ids, deliveryId] : ids };
};

/** `isPending` says whether it is, where it may be one of those that are only counted. */
const left = ({ pending, ids }: Pending, deliveryId: string, isPending: boolean): Pending => {
  if (ids.includes(deliveryId)) return { pending: pending - 1, ids: ids.filter((id) => id !== deliveryId) };
  return { pending: isPending && pending > ids.length ? pending - 1 : pending, ids };
};

/**
 * Which are pending after a fact. What came of a delivery is taken out of the log when that is forgotten: who reads the log anew finds
 * that it was due, and that it is forgotten.
 */
const pendingAfter = (before: Pending, event: Recorded<DeliveryFact>, deliveryId: string): Pending => {
  switch (event.type) {
    case 'DeliveryDue':
    case 'DeliveryRequested':
      return joined(before, deliveryId);
    case 'DeliveryAttempted':
      return event.data.result === 'retry' ? before : left(before, deliveryId, true);
    case 'DeliveryForgotten':
      return left(before, deliveryId, event.data.pending);
  }
};

/** When the first is due after a fact; undefined when that stays as it is. */
const dueAfter = (doc: QueueDocument | undefined, event: Recorded<DeliveryFact>, deliveryId: string) => {
  const at = event.recordedAt.toISOString();
  if (!doc) return at;
  if (event.type === 'DeliveryAttempted') return event.data.result === 'retry' ? (event.data.nextAt ?? at) : at;
  // Of one behind the first nothing follows for when that is tried.
  const isBehind = doc.first !== undefined && doc.first.deliveryId !== deliveryId;
  return event.type === 'DeliveryForgotten' && !isBehind ? at : undefined;
};

/** Whom a fact of a delivery is about. */
const aboutOf = (event: Recorded<DeliveryFact>) => {
  const parts =
    event.type === 'DeliveryDue'
      ? { projectId: event.data.projectId, id: event.data.deliveryId }
      : streamParts('delivery', event.stream);
  const { endpointId, leadId } = event.data;
  if (!parts) return undefined;
  const queue = queueOf(endpointId, leadId, parts.id);
  return { deliveryId: parts.id, of: { queue, projectId: parts.projectId, endpointId } };
};

/** The delivery that a fact makes pending. */
const begunBy = (event: Recorded<DeliveryFact>, deliveryId: string): First => {
  if (event.type !== 'DeliveryDue' && event.type !== 'DeliveryRequested') return undefined;
  const { toldId, type, leadId } = event.data;
  const { stream, revision, position: order } = event;
  const fact = event.type === 'DeliveryDue' ? { stream, revision, position: order } : event.data.fact;
  return fact && { deliveryId, toldId, type, ...(leadId !== undefined && { leadId }), fact, tried: 0, order };
};

/** The first delivery of a queue after a fact of one of its deliveries. */
const firstAfter = (doc: QueueDocument | undefined, event: Recorded<DeliveryFact>, deliveryId: string): First => {
  if (!doc) return begunBy(event, deliveryId);
  if (doc.first?.deliveryId !== deliveryId) return doc.first;
  const isRetry = event.type === 'DeliveryAttempted' && event.data.result === 'retry';
  return isRetry ? { ...doc.first, tried: event.data.attempt } : undefined;
};

/**
 * The queues that have something to send, of all projects: those of each endpoint by when their first is due. What is behind the
 * first in a queue is due to nobody, so that what is sent to one endpoint about one lead goes out in order.
 */
export const deliveryQueues: Projection<QueueDocument, DeliveryFact> = {
  name: 'delivery-queues',
  version: 2,
  ...fromDeliveries,
  again: true,
  document: queueDocument,
  indexes: [['endpointId', 'dueAt']],
  keys: (event) => {
    const about = aboutOf(event);
    return about ? [{ project: allProjects, id: about.of.queue }] : [];
  },
  evolve: (doc, event) => {
    const about = aboutOf(event);
    if (!about) return undefined;
    const { deliveryId, of } = about;
    const { pending, ids } = pendingAfter(doc ?? none, event, deliveryId);
    if (pending <= 0) return undefined;
    const first = firstAfter(doc, event, deliveryId);
    const dueAt = dueAfter(doc, event, deliveryId) ?? doc?.dueAt ?? event.recordedAt.toISOString();
    return { ...of, pending, ids, dueAt, last: event.position, ...(first && { first }) };
  },
};
