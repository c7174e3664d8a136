import { expect, it } from 'vitest';
import { timeSlices } from '../../src/engine/time-slices.ts';

const compute = (milliseconds: number): void => {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
};

it('Long computing lets others have their turn whenever it took a slice of time, and not between small pieces', async () => {
  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const breathe = timeSlices();
  for (let piece = 0; piece < 100; piece++) await breathe();
  expect(turns).toBe(0);
  for (let piece = 0; piece < 3; piece++) {
    compute(6);
    await breathe();
  }
  clearImmediate(next);
  expect(turns).toBe(3);
});
