import { Rejection } from '../../domain/rejection.ts';
import type { DeliveryDocument } from '../../projections/deliveries.ts';
import { deliveries as collection } from '../../projections/deliveries.ts';
import { allProjects } from '../../projections/projects.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { equal, viewsOf } from '../queries.ts';

export { deliveryStates } from '../../projections/deliveries.ts';

/** A delivery in a list. `webhookId` is what its receiver knows it by, `attempted` counts all attempts. */
export type DeliverySummary = Pick<
  DeliveryDocument,
  'deliveryId' | 'endpointId' | 'type' | 'leadId' | 'state' | 'attempted' | 'createdAt' | 'nextAt'
> & { readonly webhookId: string };

const summaryOf = (doc: DeliveryDocument): DeliverySummary => ({
  deliveryId: doc.deliveryId,
  endpointId: doc.endpointId,
  webhookId: doc.toldId,
  type: doc.type,
  ...(doc.leadId !== undefined && { leadId: doc.leadId }),
  state: doc.state,
  attempted: doc.attempted,
  createdAt: doc.createdAt,
  ...(doc.nextAt !== undefined && { nextAt: doc.nextAt }),
});

/** A delivery by itself, with its last attempts, the oldest first. */
export type DeliveryView = DeliverySummary & {
  readonly attempts: readonly Pick<DeliveryDocument['attempts'][number], 'at' | 'status' | 'error' | 'ms'>[];
};

const viewOf = (doc: DeliveryDocument): DeliveryView => ({
  ...summaryOf(doc),
  attempts: doc.attempts.map(({ at, status, error, ms }) => ({
    at,
    ...(status !== undefined && { status }),
    ...(error !== undefined && { error }),
    ms,
  })),
});

/** Which are asked for: all of a project, or those of an endpoint, of a state, about a lead. */
export type DeliveryFilters = {
  readonly projectId: string;
  readonly endpointId?: string | undefined;
  readonly state?: DeliveryDocument['state'] | undefined;
  readonly leadId?: string | undefined;
};

/** A page of deliveries, the newest first. */
export const deliveries = async (
  { readModels }: QueryContext,
  { projectId, endpointId, state, leadId }: DeliveryFilters,
  range: Range,
): Promise<Page<DeliverySummary>> => {
  const page = await readModels.find(allProjects, collection, {
    where: [
      ...equal<DeliveryDocument>('projectId', projectId),
      ...equal<DeliveryDocument>('endpointId', endpointId),
      ...equal<DeliveryDocument>('leadId', leadId),
      ...equal<DeliveryDocument>('state', state),
    ],
    sort: [{ field: 'order', direction: 'desc' }],
    ...range,
  });
  return viewsOf(page, summaryOf);
};

/** What is not found is looked for once more when the read models have all that was acknowledged by now. */
const documentOf = async (context: QueryContext, projectId: string, deliveryId: string): Promise<DeliveryDocument> => {
  const look = async (): Promise<DeliveryDocument | undefined> => {
    const doc = await context.readModels.get(allProjects, collection, deliveryId);
    return doc?.projectId === projectId ? doc : undefined;
  };
  const early = await look();
  if (early) return early;
  await context.caughtUp(projectId);
  const found = await look();
  if (found) return found;
  throw new Rejection('delivery-unknown', `There is no delivery ${deliveryId}, or it is forgotten`);
};

/** A delivery by its id. Throws a `Rejection` when there is none. */
export const deliveryOf = async (context: QueryContext, projectId: string, deliveryId: string): Promise<DeliveryView> =>
  viewOf(await documentOf(context, projectId, deliveryId));

/** What a delivery tells, and to whom: what has to be said to have it made once more. Throws a `Rejection` when there is none. */
export const deliveryToRepeat = async (context: QueryContext, projectId: string, deliveryId: string) => {
  const { endpointId, leadId, toldId, type, fact } = await documentOf(context, projectId, deliveryId);
  return { endpointId, ...(leadId !== undefined && { leadId }), toldId, type, ...(fact && { fact }) };
};
