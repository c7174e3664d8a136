import type { DeliveryDocument } from '../../projections/deliveries.ts';
import { deliveries } from '../../projections/deliveries.ts';
import type { QueueDocument } from '../../projections/delivery-queues.ts';
import { allProjects } from '../../projections/projects.ts';
import type { Queries } from '../../readmodels/queries.ts';

/** How many queues are looked up at a time. */
const mostTogether = 50;

type Pending = {
  readonly queue: string;
  readonly resolve: (doc: DeliveryDocument | undefined) => void;
  readonly reject: (error: unknown) => void;
};

type ReadModels = Pick<Queries, 'find'>;

/** The first delivery of a queue that is pending behind a place in it. */
export const nextIn = async (
  readModels: ReadModels,
  queue: string,
  after: number,
): Promise<DeliveryDocument | undefined> => {
  const { docs } = await readModels.find(allProjects, deliveries, {
    where: [
      { field: 'queue', op: 'eq', value: queue },
      { field: 'order', op: 'gt', value: after },
    ],
    sort: [{ field: 'order', direction: 'asc' }],
    limit: 1,
  });
  return docs[0];
};

/** Looks up the first deliveries of queues of which each has one, or had when that was looked for. */
const lookUp = async (readModels: ReadModels, asked: readonly Pending[]): Promise<void> => {
  const { docs, next } = await readModels.find(allProjects, deliveries, {
    where: [{ field: 'queue', op: 'in', value: asked.map(({ queue }) => queue) }],
    sort: [
      { field: 'queue', direction: 'asc' },
      { field: 'order', direction: 'asc' },
    ],
    limit: asked.length,
  });
  const firsts = new Map<string, DeliveryDocument>();
  for (const doc of docs) if (doc.queue !== undefined && !firsts.has(doc.queue)) firsts.set(doc.queue, doc);
  for (const { queue, resolve, reject } of asked) {
    const first = firsts.get(queue);
    // Some have more by now, which took the place of others.
    if (!first && next) nextIn(readModels, queue, -1).then(resolve, reject);
    else resolve(first);
  }
};

/** Looks up the first deliveries of queues: those that are asked for in one turn of the event loop together. */
export const openFirsts = (readModels: ReadModels) => {
  let waiting: Pending[] = [];

  const ask = (): void => {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += mostTogether) {
      const some = all.slice(from, from + mostTogether);
      lookUp(readModels, some).catch((error: unknown) => some.forEach(({ reject }) => reject(error)));
    }
  };

  return {
    /** The first delivery of a queue that is pending. */
    of: ({ queue, pending }: Pick<QueueDocument, 'queue' | 'pending'>): Promise<DeliveryDocument | undefined> => {
      // Of one that has many a page would be full.
      if (pending > 1) return nextIn(readModels, queue, -1);
      const { promise, resolve, reject } = Promise.withResolvers<DeliveryDocument | undefined>();
      waiting.push({ queue, resolve, reject });
      if (waiting.length === 1) setImmediate(ask);
      return promise;
    },
  };
};
export type Firsts = ReturnType<typeof openFirsts>;
