import type { Endpoint } from '../../domain/deliveries/endpoints.ts';
import { endpoints } from '../../domain/deliveries/endpoints.ts';
import type { Told } from '../../domain/deliveries/told.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { QueueDocument } from '../../projections/delivery-queues.ts';
import { deliveryQueues } from '../../projections/delivery-queues.ts';
import { allProjects } from '../../projections/projects.ts';
import { poll } from '../poll.ts';
import { deliveries } from '../../projections/deliveries.ts';
import type { Sender } from './attempt.ts';
import { attempt, endpointOf } from './attempt.ts';
import type { DueDelivery } from './due.ts';
import { openUntried } from './due.ts';
import type { Lane, SentOf } from './lanes.ts';
import { openLanes } from './lanes.ts';
import type { Rates } from './rates.ts';
import { sharing } from './sharing.ts';

/** How often is looked for what is due, in ms. */
const lookEvery = 100;

/** How many queues, of as many endpoints as have them, are read at a time, and how often in a look; the next one goes on from there. */
const [glance, mostGlances] = [25, 100];

/** For how long the read models may show a queue, and not yet its deliveries, in ms. */
const lagging = 60_000;

/** How many queues of an endpoint are taken in hand at a time, and how many deliveries of one before others have their turn. */
const [page, inARow] = [100, 50];

export type Sending = {
  /** Resolves when all that was due is done, but for what can't be sent now. */
  readonly quiet: () => Promise<void>;
  /** Begins nothing any more, and waits for what is under way, for so many ms at most. */
  readonly drain: (milliseconds: number) => Promise<void>;
  /** Ends what is under way too. */
  readonly stop: () => Promise<void>;
};

type Dependencies = Omit<Sender, 'shared' | 'untried'> & {
  readonly rates: Rates;
  /** Where the log ends, if no other process may send: of what comes after that, nobody tried anything before. */
  readonly head?: (() => Promise<number>) | undefined;
};
type Context = Sender & { readonly rates: Rates };

/** What an endpoint has to send: its queues by when they are due, all of them or the first. */
type Queues = { readonly endpointId: string; readonly queues: readonly QueueDocument[]; readonly all: boolean };

/** When a look began, and of which projects it has read what others changed. */
type Look = { readonly now: string; readonly refreshed: Set<string> };

/** The next endpoints behind one, by id, that have something to send; `more` says that there are others behind them. */
const nextEndpoints = async (
  { readModels }: Pick<Sender, 'readModels'>,
  after: string,
): Promise<{ readonly found: readonly Queues[]; readonly more: boolean }> => {
  const { docs, next } = await readModels.find(allProjects, deliveryQueues, {
    where: [{ field: 'endpointId', op: 'gt', value: after }],
    sort: [
      { field: 'endpointId', direction: 'asc' },
      { field: 'dueAt', direction: 'asc' },
    ],
    limit: glance,
  });
  const last = next && docs.at(-1)?.endpointId;
  const found = [...Map.groupBy(docs, ({ endpointId }) => endpointId)].map(([endpointId, queues]) => {
    return { endpointId, queues, all: endpointId !== last };
  });
  return { found, more: next !== undefined };
};

const dueAt = async (
  { readModels }: Pick<Sender, 'readModels'>,
  { endpointId, now, limit }: { readonly endpointId: string; readonly now: string; readonly limit: number },
): Promise<readonly QueueDocument[]> => {
  const { docs } = await readModels.find(allProjects, deliveryQueues, {
    where: [
      { field: 'endpointId', op: 'eq', value: endpointId },
      { field: 'dueAt', op: 'lte', value: now },
    ],
    sort: [{ field: 'dueAt', direction: 'asc' }],
    limit,
  });
  return docs;
};

/** The first delivery of a queue that is pending behind a place in it. */
const nextIn = async (
  { readModels }: Pick<Sender, 'readModels'>,
  queue: string,
  after: number,
): Promise<DueDelivery | undefined> => {
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

/** The first delivery of a queue, of which nothing has to be looked up where the queue has it. */
const firstIn = async (context: Context, { queue, projectId, endpointId, first }: QueueDocument) =>
  first ? { ...first, projectId, endpointId } : nextIn(context, queue, -1);

/** Whether something may be sent to an endpoint now; one that was removed is told nothing, which is recorded at once. */
const mayTell = ({ rates }: Context, endpoint: Endpoint | undefined): boolean =>
  !endpoint || (!endpoint.disabled && rates.take(endpoint.endpointId, endpoint.ratePerSecond));

/** Sends what is due in a queue, one after the other. */
const sendQueue = async (
  context: Context,
  queue: QueueDocument,
  { width }: Pick<Lane, 'width'>,
  signals: { readonly ending: AbortSignal; readonly draining: AbortSignal },
): Promise<SentOf> => {
  let [place, recorded] = [-1, 0];
  for (let sent = 0; sent < Math.min(inARow, queue.pending) && !signals.draining.aborted; sent++) {
    const doc: DueDelivery | undefined = await (sent === 0
      ? firstIn(context, queue)
      : nextIn(context, queue.queue, place));
    // What the read models have had for long and can't say the first of is passed over for a while, so that it is in nobody's way.
    if (!doc && sent === 0 && Date.parse(queue.dueAt) < context.clock().getTime() - lagging)
      return { position: queue.last + 1 };
    if (!doc || (doc.nextAt !== undefined && doc.nextAt > context.clock().toISOString())) break;
    const endpoint = await endpointOf(context, doc);
    if (sent > 0 && width() === 0) break;
    if (!mayTell(context, endpoint)) return { position: recorded, wait: lookEvery };
    const { result, position } = await attempt(context, doc, endpoint, signals.ending);
    recorded = Math.max(recorded, position);
    if (result === 'nothing' || result === 'retry') break;
    place = doc.order;
  }
  return { position: recorded };
};

/**
 * Sends what is due: of each endpoint a few queues at a time, endpoints in turn, so that one that hangs delays no other. What is in
 * hand is bounded, however much is pending. It works from the read models, and asks the log before it sends.
 */
export const startSending = (dependencies: Dependencies): Sending => {
  const shared = { facts: sharing<readonly Recorded[]>(), told: sharing<Told | undefined>() };
  const untried = openUntried();
  const context: Context = { ...dependencies, shared, untried };
  const [ending, draining] = [new AbortController(), new AbortController()];
  const signals = { ending: ending.signal, draining: draining.signal };
  const onError = (error: unknown): void => {
    if (!ending.signal.aborted) context.onError(error);
  };
  const lanes = openLanes({
    widthOf: (endpointId, usual) => context.circuits.width(endpointId, usual),
    send: (queue, lane) => sendQueue(context, queue, lane, signals),
    onError,
    onHungry: () => polling.wake(),
  });
  let [at, begun] = ['', false];

  const begin = async (): Promise<void> => {
    if (dependencies.head && !begun) untried.begin(await dependencies.head());
    begun = true;
  };

  /** Takes in hand what is due at an endpoint, if that may be told. What others changed of its project is read once in a look. */
  const take = async ({ endpointId, queues, all }: Queues, { now, refreshed }: Look): Promise<void> => {
    const [first] = queues;
    if (!first || first.dueAt > now || lanes.room(endpointId) === 0) return;
    const { states } = context.engine;
    const { state } = await states[refreshed.has(first.projectId) ? 'get' : 'refresh'](endpoints, first.projectId);
    refreshed.add(first.projectId);
    if (state.endpoints.get(endpointId)?.disabled) return;
    const limit = page + lanes.held(endpointId);
    const due = all ? queues.filter((queue) => queue.dueAt <= now) : await dueAt(context, { endpointId, now, limit });
    lanes.offer(endpointId, due, !all && due.length === limit);
  };

  const look = async (): Promise<void> => {
    await begin();
    lanes.forgetOld();
    const failures: unknown[] = [];
    const round: Look = { now: context.clock().toISOString(), refreshed: new Set() };
    for (let glances = 0; glances < mostGlances && !draining.signal.aborted; glances++) {
      const { found, more } = await nextEndpoints(context, at);
      at = more ? (found.at(-1)?.endpointId ?? '') : '';
      // What is wrong with one of them holds up no other.
      for (const each of found) await take(each, round).catch((error: unknown) => void failures.push(error));
      if (!more || failures.length > 0) break;
    }
    lanes.begin();
    if (failures.length > 0) throw failures[0];
  };

  const polling = poll(look, { every: lookEvery, signal: draining.signal, onError });

  const drain = async (milliseconds: number): Promise<void> => {
    draining.abort();
    lanes.close();
    await polling.ended;
    await Promise.race([lanes.idle(), new Promise((resolve) => setTimeout(resolve, milliseconds).unref())]);
  };
  return {
    quiet: async () => {
      at = '';
      await look();
      await lanes.idle();
    },
    drain,
    stop: async () => {
      ending.abort();
      await drain(0);
      await lanes.idle();
    },
  };
};
