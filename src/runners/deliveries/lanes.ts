import type { QueueDocument } from '../../projections/delivery-queues.ts';

/**
 * How many queues are sent at a time: in all, and of one endpoint. Once half of all are, each endpoint has `few` at most, so that
 * some that hang leave room for others.
 */
const most = { all: 256, endpoint: 32, few: 8 } as const;

/** How many queues wait in memory, of all endpoints. */
const mostWaiting = 5_000;

/** For how long it is remembered that a queue was sent which the read models still show as it was, in ms. */
const rememberedFor = 5_000;

/** What is in hand of an endpoint. */
export type Lane = {
  readonly waiting: QueueDocument[];
  running: number;
  /** Whether there was more than was taken in hand. */
  more: boolean;
  /** How many of its queues may be sent at a time now. */
  readonly width: () => number;
};

/** When a queue was sent, and the position of what was recorded of it then: what is shown from before is over. */
type Sent = { readonly position: number; readonly at: number };

/** The position of what was recorded last of a queue, and whether its endpoint may not be told for so many ms. */
export type SentOf = { readonly position: number; readonly wait?: number };

/** For how long nothing is sent to an endpoint when a store or the vault was away, in ms. */
const waitAfterError = 1_000;

type Options = {
  readonly widthOf: (endpointId: string, usual: number) => number;
  /** Sends a queue. */
  readonly send: (queue: QueueDocument, lane: Lane) => Promise<SentOf>;
  readonly onError: (error: unknown) => void;
  /** Called when an endpoint has nothing in hand any more, and there is more of it. */
  readonly onHungry: () => void;
};

/** What is being sent, and what waits for that, by endpoints, which take turns. */
export const openLanes = ({ widthOf, send, onError, onHungry }: Options) => {
  const lanes = new Map<string, Lane>();
  const inHand = new Set<string>();
  /** What was sent lately of each endpoint, by queues, in the order in which that was. */
  const sent = new Map<string, Map<string, Sent>>();
  const running = new Set<Promise<void>>();
  /** Until when nothing is sent to an endpoint. */
  const paused = new Map<string, number>();
  let [waiting, closed] = [0, false];

  const laneOf = (endpointId: string): Lane => {
    const known = lanes.get(endpointId);
    if (known) return known;
    const lane = { waiting: [], running: 0, more: false, width: () => widthOf(endpointId, most.endpoint) };
    lanes.set(endpointId, lane);
    return lane;
  };

  /** Lets an endpoint be for so many ms: what was in hand is taken in hand again. */
  const letBe = (endpointId: string, lane: Lane, ms: number): void => {
    paused.set(endpointId, performance.now() + ms);
    for (const { queue } of lane.waiting) inHand.delete(queue);
    waiting -= lane.waiting.length;
    lane.waiting.length = 0;
    lane.more = false;
  };

  const noteSent = ({ endpointId, queue }: QueueDocument, position: number): void => {
    const before = sent.get(endpointId);
    const own = before ?? new Map<string, Sent>();
    if (!before) sent.set(endpointId, own);
    own.delete(queue);
    own.set(queue, { position, at: performance.now() });
  };

  const run = async (queue: QueueDocument, lane: Lane): Promise<void> => {
    const { endpointId } = queue;
    try {
      const { position, wait: ms } = await send(queue, lane);
      noteSent(queue, position);
      if (ms !== undefined) letBe(endpointId, lane, ms);
    } catch (error) {
      onError(error);
      letBe(endpointId, lane, waitAfterError);
    } finally {
      inHand.delete(queue.queue);
      lane.running -= 1;
    }
  };

  /** Begins the next queue of an endpoint, if one may begin. Tells whether it did. */
  const beginOne = (lane: Lane): boolean => {
    const width = running.size < most.all / 2 ? lane.width() : Math.min(most.few, lane.width());
    if (running.size >= most.all || lane.running >= width) return false;
    const queue = lane.waiting.shift();
    if (!queue) return false;
    waiting -= 1;
    lane.running += 1;
    const work: Promise<void> = run(queue, lane).then(() => {
      running.delete(work);
      const hungry = lane.more && lane.waiting.length === 0;
      begin();
      if (hungry && !closed) onHungry();
    });
    running.add(work);
    return true;
  };

  function begin(): void {
    for (let began = true; began && !closed;) {
      began = false;
      for (const [endpointId, lane] of lanes) {
        if (beginOne(lane)) {
          began = true;
          // Whoever had a turn is the last to have the next one.
          lanes.delete(endpointId);
          lanes.set(endpointId, lane);
          break;
        }
        if (lane.running === 0 && lane.waiting.length === 0) lanes.delete(endpointId);
      }
    }
  }

  /** Forgets what was sent that the read models, which show what is due first, do not show as it was any more. */
  const forgetPassed = (endpointId: string, due: readonly QueueDocument[]): void => {
    const own = sent.get(endpointId);
    if (!own) return;
    const found = new Set(due.map(({ queue }) => queue));
    for (const queue of own.keys()) if (!found.has(queue)) own.delete(queue);
  };

  const isOver = ({ endpointId, queue, last }: QueueDocument): boolean => {
    const before = sent.get(endpointId)?.get(queue);
    return before !== undefined && last < before.position;
  };

  return {
    /** How many more queues of an endpoint may be taken in hand. */
    room: (endpointId: string): number => {
      const busy = (lanes.get(endpointId)?.waiting.length ?? 0) > 0 || paused.has(endpointId);
      return closed || busy || widthOf(endpointId, 1) === 0 ? 0 : Math.max(0, mostWaiting - waiting);
    },
    /** How many queues of an endpoint are in hand, or were and may still be shown as they were. */
    held: (endpointId: string): number => (lanes.get(endpointId)?.running ?? 0) + (sent.get(endpointId)?.size ?? 0),
    /** Takes queues of an endpoint in hand that are due; `more` says that there are others. */
    offer: (endpointId: string, due: readonly QueueDocument[], more: boolean): void => {
      const lane = laneOf(endpointId);
      lane.more = more;
      forgetPassed(endpointId, due);
      for (const queue of due) {
        if (inHand.has(queue.queue) || isOver(queue)) continue;
        inHand.add(queue.queue);
        lane.waiting.push(queue);
        waiting += 1;
      }
    },
    begin,
    forgetOld: (): void => {
      const old = performance.now() - rememberedFor;
      for (const [endpointId, own] of sent) {
        for (const [queue, { at }] of own) {
          if (at > old) break;
          own.delete(queue);
        }
        if (own.size === 0) sent.delete(endpointId);
      }
      for (const [endpointId, until] of paused) if (until <= performance.now()) paused.delete(endpointId);
    },
    /** Resolves when nothing is being sent, nor can be of what waits. */
    idle: async (): Promise<void> => {
      while (running.size > 0) await Promise.all(running);
    },
    /** Begins nothing any more. */
    close: (): void => {
      closed = true;
      for (const lane of lanes.values()) lane.waiting.length = 0;
      waiting = 0;
    },
  };
};
