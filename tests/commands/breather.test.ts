import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { breather } from '../../src/commands/breather.ts';

/** Pieces of work by so many workers at once; tells how many were done in each turn of the event loop that had some. */
const worked = async (breathe: () => Promise<void>, workers: number, pieces: number): Promise<readonly number[]> => {
  const turns = [0];
  let [left, done] = [pieces, false];
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await breathe();
      turns.push((turns.pop() ?? 0) + 1);
    }
  };
  const others = async (): Promise<void> => {
    while (!done) {
      await nextTurn();
      turns.push(0);
    }
  };
  const watching = others();
  await Promise.all(Array.from({ length: workers }, work));
  done = true;
  await watching;
  return turns.filter((count) => count > 0);
};

it.each([1, 7, 50])(
  'However much there is to do, by %i at once, others have their turn after a few pieces',
  async (workers) => {
    const breathe = breather(4);
    for (const pieces of [100, 30]) {
      const turns = await worked(breathe, workers, pieces);
      expect(Math.max(...turns)).toBe(4);
      expect(turns.reduce((sum, count) => sum + count, 0)).toBe(pieces);
    }
  },
);

it('What is little waits for nothing', async () => {
  expect(await worked(breather(100), 5, 100)).toEqual([100]);
});
