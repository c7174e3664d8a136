import { setImmediate as nextTurn } from 'node:timers/promises';

/** For how long one piece of work may compute before others have their turn, in ms. */
const slice = 5;

/**
 * For long computing: to be awaited between small pieces of it. Lets requests that came in meanwhile have their turn whenever
 * 5 ms have passed since they last had it, however large the pieces were. There is nothing to be awaited until then.
 */
export const timeSlices = (): (() => Promise<void> | undefined) => {
  let since = performance.now();
  const turn = async (): Promise<void> => {
    await nextTurn();
    since = performance.now();
  };
  return () => (performance.now() - since < slice ? undefined : turn());
};
