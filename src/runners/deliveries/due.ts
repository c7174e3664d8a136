import { delivery, isFinal } from '../../domain/deliveries/delivery.ts';
import { empty } from '../../engine/folded.ts';
import type { States } from '../../engine/states.ts';
import type { DeliveryDocument } from '../../projections/deliveries.ts';

/** A delivery that is due: what tells of no fact has the time when it was asked for. */
export type DueDelivery = Pick<
  DeliveryDocument,
  'deliveryId' | 'projectId' | 'endpointId' | 'toldId' | 'type' | 'leadId' | 'tried' | 'order'
> &
  Partial<Pick<DeliveryDocument, 'fact' | 'createdAt' | 'nextAt'>>;

/** Of how many deliveries it is remembered that they were tried. */
const remembered = 20_000;

/**
 * Tells which deliveries nobody can have tried yet, so that the log need not be asked: those of facts that were recorded since what
 * sends began, if it alone sends and has not tried them itself. What it forgot that it tried lies before a place that moves on.
 */
export const openUntried = (most = remembered) => {
  const tried = new Map<string, number>();
  let known = Infinity;
  return {
    /** Says where the log ended when it began to send: of what is before that, others may have tried some. */
    begin: (head: number): void => void (known = head),
    /** Notes that a delivery was tried, which was recorded at a position. */
    note: (deliveryId: string, position: number): void => {
      tried.delete(deliveryId);
      tried.set(deliveryId, position);
      const [oldest] = tried.size > most ? tried : [];
      if (!oldest) return;
      tried.delete(oldest[0]);
      known = Math.max(known, oldest[1]);
    },
    /** Whether nobody tried it: one that was asked for is not as old as its fact. */
    has: ({ deliveryId, fact, order }: Pick<DueDelivery, 'deliveryId' | 'fact' | 'order'>): boolean =>
      fact !== undefined && fact.position === order && order > known && !tried.has(deliveryId),
  };
};
export type Untried = ReturnType<typeof openUntried>;

/** Whether a delivery is still to be tried: what the read models say may lag behind the log, and must not be sent once more. */
export const isDue = async (
  states: Pick<States, 'known' | 'keep' | 'refresh'>,
  untried: Untried,
  doc: DueDelivery,
): Promise<boolean> => {
  const id = `${doc.projectId}.${doc.deliveryId}`;
  if (untried.has(doc)) {
    if (!states.known(delivery, id)) states.keep(delivery, id, empty(delivery));
    return true;
  }
  const { state } = await states.refresh(delivery, id);
  return !isFinal(state) && state.attempts === doc.tried;
};
