import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { newBeat } from '../../src/runners/beat.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const never = new AbortController().signal;

/** Readers on one beat that have batches of so many events in hand, and when each goes on, in ms. */
const resting = (batches: readonly number[]) => {
  const [beat, began] = [newBeat(), performance.now()];
  const ended: number[] = [];
  for (const [reader, events] of batches.entries()) {
    beat.begin(events);
    void beat.next(never).then(() => (ended[reader] = performance.now() - began));
  }
  return { beat, ended };
};

it('has all readers go on together, when the one with the largest batch would', async () => {
  const { ended } = resting([0, 30, 7]);
  await vi.advanceTimersByTimeAsync(49);
  expect(ended).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toEqual([50, 50, 50]);
});

it('lasts 80 ms at most, also when one reader never rests', async () => {
  const { beat, ended } = resting([1_000, 0]);
  for (let n = 0; n < 20; n++) {
    beat.begin(1_000);
    await vi.advanceTimersByTimeAsync(5);
  }
  expect(ended).toEqual([80, 80]);
});

it('begins anew after a quiet time', async () => {
  const { beat, ended } = resting([1_000]);
  await vi.advanceTimersByTimeAsync(10_000);
  beat.begin(0);
  void beat.next(never).then(() => ended.push(performance.now()));
  await vi.advanceTimersByTimeAsync(20);
  expect(ended).toHaveLength(2);
});

it('lets a reader go that is stopped, and leaves no timer behind the last', async () => {
  const beat = newBeat();
  const [one, other] = [new AbortController(), new AbortController()];
  beat.begin(0);
  const gone = beat.next(one.signal);
  const last = beat.next(other.signal);
  one.abort();
  await gone;
  expect(vi.getTimerCount()).toBe(1);
  other.abort();
  await last;
  await beat.next(other.signal);
  expect(vi.getTimerCount()).toBe(0);
});
