import { describe, expect, it } from 'vitest';
import type { Threads } from '../../bench/support/cpu.ts';
import { busyIn, usedBetween } from '../../bench/support/cpu.ts';

describe('how long a thread was on a core', () => {
  it('is the first number of its schedstat, in µs', () => {
    expect(busyIn('1626614450 460104717 3183\n')).toBe(1_626_614.45);
  });

  it.each(['', 'Linux', '0 0'])('is not known from %j', (text) => {
    expect(() => busyIn(text)).toThrow('It needs a kernel that tells');
  });
});

describe('what the threads of a process used', () => {
  const pid = 100;
  const threads = (...us: readonly (readonly [number, string, number])[]): Threads =>
    new Map(us.map(([id, name, used]) => [id, { name, us: used }]));

  it('is the difference between two moments, by what the threads are for', () => {
    const before = threads([100, 'MainThread', 50], [101, 'V8Worker', 5], [102, 'WorkerThread', 10]);
    const after = threads(
      [100, 'MainThread', 150],
      [101, 'V8Worker', 25],
      [102, 'WorkerThread', 40],
      [103, 'writer', 70],
      [104, 'libuv-worker', 1],
    );
    expect(usedBetween(pid, before, after)).toEqual({
      all: 221,
      main: 100,
      busiestWorker: 70,
      otherWorkers: 30,
      helpers: 21,
    });
  });

  it('is nothing of workers where there are none', () => {
    const now = threads([100, 'node', 50]);
    expect(usedBetween(pid, now, now)).toEqual({ all: 0, main: 0, busiestWorker: 0, otherWorkers: 0, helpers: 0 });
  });
});
