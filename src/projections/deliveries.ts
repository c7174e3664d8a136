import { z } from 'zod';
import { attemptResults, deliveryEvents, keptForMs } from '../domain/deliveries/delivery.ts';
import type { DeliveryEvent } from '../domain/deliveries/delivery.ts';
import { toldSchema } from '../domain/deliveries/told.ts';
import { streamParts } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { DeliveryDue, DeliveryFact } from './deriving.ts';
import { fromDeliveries } from './deriving.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

/** Of how many attempts it is shown what came of each. */
const mostShown = 20;

export const deliveryStates = ['pending', 'succeeded', 'failed'] as const;

const attemptDocument = z.object({
  at: z.string(),
  status: z.number().optional(),
  error: z.string().optional(),
  ms: z.number(),
  result: z.enum(attemptResults),
});

export const deliveryDocument = z.object({
  deliveryId: z.string(),
  projectId: z.string(),
  endpointId: z.string(),
  toldId: z.string(),
  type: toldSchema.shape.type,
  leadId: z.string().optional(),
  /** Where the fact is that it tells of; a test tells of none. */
  fact: deliveryEvents.DeliveryRequested.shape.fact,
  state: z.enum(deliveryStates),
  /** The last attempts, the oldest first. */
  attempts: z.array(attemptDocument),
  /** How often it was tried since it was last asked for, and in all. */
  tried: z.number(),
  attempted: z.number(),
  createdAt: z.string(),
  /** When it is tried again, ISO 8601, if it is to be. */
  nextAt: z.string().optional(),
  /** In which queue it is while it is pending, and its place there. */
  queue: z.string().optional(),
  order: z.number(),
  /** When what came of it is forgotten, ISO 8601. */
  forgetAt: z.string(),
});
export type DeliveryDocument = Readonly<z.infer<typeof deliveryDocument>>;

/** A lead's deliveries to an endpoint are one queue, and one that is about no lead is a queue of its own. */
export const queueOf = (endpointId: string, leadId: string | undefined, deliveryId: string): string =>
  `${endpointId}.${leadId ?? deliveryId}`;

const forgottenAfter = (at: string): string => new Date(Date.parse(at) + keptForMs).toISOString();

type Begun = Pick<
  DeliveryDocument,
  'deliveryId' | 'projectId' | 'endpointId' | 'toldId' | 'type' | 'leadId' | 'fact' | 'order' | 'createdAt'
>;

const begun = (data: Begun): DeliveryDocument => ({
  ...data,
  state: 'pending',
  attempts: [],
  tried: 0,
  attempted: 0,
  queue: queueOf(data.endpointId, data.leadId, data.deliveryId),
  forgetAt: forgottenAfter(data.createdAt),
});

const due = ({ data, stream, revision, position, recordedAt }: Recorded<DeliveryDue>): DeliveryDocument => {
  const { projectId, endpointId, deliveryId, toldId, type, leadId } = data;
  const [fact, createdAt] = [{ stream, revision, position }, recordedAt.toISOString()];
  const told = { deliveryId, projectId, endpointId, toldId, type, ...(leadId !== undefined && { leadId }) };
  return begun({ ...told, fact, order: position, createdAt });
};

const requested = (
  doc: DeliveryDocument | undefined,
  { data, stream, position: order }: Recorded<Extract<DeliveryEvent, { type: 'DeliveryRequested' }>>,
): DeliveryDocument => {
  const { endpointId, leadId, at, toldId, type, fact } = data;
  const { projectId = '', id: deliveryId = '' } = streamParts('delivery', stream) ?? {};
  const about = { endpointId, toldId, type, ...(leadId !== undefined && { leadId }), ...(fact && { fact }) };
  const anew = begun({ deliveryId, projectId, ...about, order, createdAt: doc?.createdAt ?? at });
  return { ...anew, attempts: doc?.attempts ?? [], attempted: doc?.attempted ?? 0, forgetAt: forgottenAfter(at) };
};

const attempted = (
  doc: DeliveryDocument,
  { at, attempt, status, error, ms, result, nextAt }: Extract<DeliveryEvent, { type: 'DeliveryAttempted' }>['data'],
): DeliveryDocument => {
  const { deliveryId, projectId, endpointId, toldId, type, leadId, fact, createdAt, order, queue } = doc;
  const known = { ...(status !== undefined && { status }), ...(error !== undefined && { error }) };
  // Its members are in one order, whether it was at hand or read: the same facts make the same text.
  return {
    deliveryId,
    projectId,
    endpointId,
    toldId,
    type,
    ...(leadId !== undefined && { leadId }),
    ...(fact && { fact }),
    state: result === 'retry' ? 'pending' : result,
    attempts: [...doc.attempts, { at, ...known, ms, result }].slice(-mostShown),
    tried: attempt,
    attempted: doc.attempted + 1,
    createdAt,
    order,
    forgetAt: forgottenAfter(at),
    ...(result === 'retry' && { ...(queue !== undefined && { queue }), nextAt: nextAt ?? at }),
  };
};

const evolve = (doc: DeliveryDocument | undefined, event: Recorded<DeliveryFact>): DeliveryDocument | undefined => {
  switch (event.type) {
    case 'DeliveryDue':
      return due(event);
    case 'DeliveryRequested':
      return requested(doc, event);
    case 'DeliveryAttempted':
      return doc && attempted(doc, event.data);
    case 'DeliveryForgotten':
      return undefined;
  }
};

/** The deliveries of all projects, and what came of each. */
export const deliveries: Projection<DeliveryDocument, DeliveryFact> = {
  name: 'deliveries',
  ...fromDeliveries,
  again: true,
  document: deliveryDocument,
  indexes: [
    ['queue', 'order'],
    ['forgetAt'],
    ['projectId', 'order'],
    ['projectId', 'endpointId', 'order'],
    ['projectId', 'endpointId', 'state', 'order'],
    ['projectId', 'state', 'order'],
    // Of a lead there are few, so that whatever else is asked of them is looked for among those.
    ['leadId', 'projectId', 'endpointId', 'order'],
  ],
  sparse: ['queue', 'leadId'],
  keys: (event) => {
    const id = event.type === 'DeliveryDue' ? event.data.deliveryId : streamParts('delivery', event.stream)?.id;
    return id === undefined ? [] : [{ project: allProjects, id }];
  },
  evolve,
};
