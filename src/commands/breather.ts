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
