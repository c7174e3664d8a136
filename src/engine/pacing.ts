import { setImmediate as nextTurn } from 'node:timers/promises';

/** Lets a piece of work begin when it is its turn. `whose` names for whom it is done: a project, or nobody in particular. */
export type YieldToOthers = (whose?: string) => Promise<void>;

/** The pieces that wait, by whose they are; the one whose turn is next first. */
type Waiting = Map<string, (() => void)[]>;

/** Takes the next piece out: one of each for whom some wait, in turn. */
const takeNext = (waiting: Waiting): (() => void) | undefined => {
  for (const [whose, pieces] of waiting) {
    const begin = pieces.shift();
    waiting.delete(whose);
    if (pieces.length > 0) waiting.set(whose, pieces);
    return begin;
  }
  return undefined;
};

/** Resolves when all that goes on without waiting for anything has gone on. */
const afterwards = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/**
 * For work on many things at a time, which waits here before each piece: lets pieces begin for so many ms, then looks at what came
 * in meanwhile before it lets the next begin. However many pieces wait for one, another's is the second to begin. So a request
 * waits for a few ms of such work, however much of it there is. `now` tells a time in ms.
 */
export const yieldingInTurn = (most: number, now: () => number = () => performance.now()): YieldToOthers => {
  const waiting: Waiting = new Map();
  let turning = false;

  const serve = async (): Promise<void> => {
    while (waiting.size > 0) {
      await nextTurn();
      const end = now() + most;
      for (let begin = takeNext(waiting); begin; begin = now() < end ? takeNext(waiting) : undefined) {
        begin();
        // A piece goes on until it waits for something: only then is it known how long it took.
        await afterwards();
      }
    }
    turning = false;
  };

  return (whose = '') => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const pieces = waiting.get(whose);
    if (pieces) pieces.push(resolve);
    else waiting.set(whose, [resolve]);
    if (!turning) {
      turning = true;
      void serve();
    }
    return promise;
  };
};

/** How long pieces of work take since others had their turn. */
export type Pace = {
  /** Does a piece of work, and counts how long it takes. */
  readonly run: <T>(piece: () => T) => T;
  /** Whether pieces, with the one that runs, have taken so long that others should have their turn. */
  readonly isDue: () => boolean;
  /** Resolves when others have had their turn; undefined when there is no need to wait. */
  readonly turn: () => Promise<void> | undefined;
};

/**
 * For pieces of work that can't be interrupted, some of which take long: when they have taken `most` ms, others have their turn
 * before the next one. `now` gives the time in ms.
 */
export const pacing = (most: number, now: () => number = () => performance.now()): Pace => {
  let spent = 0;
  let begun: number | undefined;
  let turn: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    await nextTurn();
    spent = 0;
    turn = undefined;
  };
  const isDue = (): boolean => spent + (begun === undefined ? 0 : now() - begun) >= most;
  return {
    run: (piece) => {
      const at = now();
      begun = at;
      try {
        return piece();
      } finally {
        spent += now() - at;
        begun = undefined;
      }
    },
    isDue,
    turn: () => (isDue() ? (turn ??= look()) : undefined),
  };
};

/** Work on many things that stops now and then, so that whoever does it can let others have a turn. */
export type InPieces<T> = Generator<undefined, T, undefined>;

/** Does somebody's work that comes in pieces, each but the first when it is its turn. */
export const inTurn = async <T>(yieldToOthers: YieldToOthers, whose: string, work: InPieces<T>): Promise<T> => {
  for (let next = work.next(); ; next = work.next()) {
    if (next.done === true) return next.value;
    await yieldToOthers(whose);
  }
};
