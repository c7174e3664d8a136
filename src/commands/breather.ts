import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * For work on many leads at a time: lets so many `pieces` of it begin, then looks at what came in meanwhile before it lets the
 * next begin. So a request waits for a few pieces of such work, however much of it there is.
 */
export const breather = (pieces: number): (() => Promise<void>) => {
  let left = pieces;
  let turn: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    await nextTurn();
    left = pieces;
    turn = undefined;
  };

  return async () => {
    // All who wait hear of the next turn; those for whom it has no room wait for the one after it.
    while (left === 0) await (turn ??= look());
    left -= 1;
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
