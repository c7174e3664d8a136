import { expect, it, onTestFinished, vi } from 'vitest';
import { timeSlices } from '../../src/engine/time-slices.ts';

it('Long computing lets others have their turn whenever it took a slice of time, and not between small pieces', async () => {
  // Whatever else the machine does: only what is said to take time does.
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  const yieldToOthers = timeSlices();
  for (let piece = 0; piece < 100; piece++) await yieldToOthers();
  expect(turns).toBe(0);
  for (let piece = 0; piece < 3; piece++) {
    vi.advanceTimersByTime(6);
    await yieldToOthers();
  }
  clearImmediate(next);
  expect(turns).toBe(3);
});
