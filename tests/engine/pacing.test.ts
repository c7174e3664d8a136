import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { YieldToOthers } from '../../src/engine/pacing.ts';
import { yieldingInTurn, inTurn, pacing } from '../../src/engine/pacing.ts';

/** Turns by a clock that the pieces move on: each takes a ms, also where it goes on behind what it waits for at once. */
const timed = (most: number) => {
  const time = { now: 0 };
  const yieldToOthers = yieldingInTurn(most, () => time.now);
  const piece = async (): Promise<void> => {
    await Promise.resolve();
    await Promise.resolve();
    time.now += 1;
  };
  return { yieldToOthers, piece };
};

/** Pieces of work by so many workers at once; tells how many were done in each turn of the event loop that had some. */
const worked = async (
  { yieldToOthers, piece }: ReturnType<typeof timed>,
  workers: number,
  pieces: number,
): Promise<readonly number[]> => {
  const turns = [0];
  let [left, done] = [pieces, false];
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await yieldToOthers();
      await piece();
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
  'However much there is to do, by %i at once, others have their turn after a few ms',
  async (workers) => {
    const working = timed(4);
    for (const pieces of [100, 30]) {
      const turns = await worked(working, workers, pieces);
      expect(Math.max(...turns)).toBe(4);
      expect(turns.reduce((sum, count) => sum + count, 0)).toBe(pieces);
    }
  },
);

it('However many pieces one has, of each other one is next', async () => {
  const { yieldToOthers } = timed(4);
  const begun: string[] = [];
  const wants = async (whose: string): Promise<void> => {
    await yieldToOthers(whose);
    begun.push(whose);
  };
  const many = Array.from({ length: 100 }, () => wants('greedy'));
  await Promise.all([...many, wants('small'), wants('other'), wants('small')]);
  expect(begun.slice(0, 6)).toEqual(['greedy', 'small', 'other', 'greedy', 'small', 'greedy']);
  expect(begun).toHaveLength(103);
});

it('Work that comes in pieces is done to its end, and each further piece waits for its turn', async () => {
  const begun: string[] = [];
  const yieldToOthers: YieldToOthers = async (whose = '') => void begun.push(whose);
  function* counting() {
    for (let n = 0; n < 3; n++) yield;
    return 'all';
  }
  expect(await inTurn(yieldToOthers, 'acme', counting())).toBe('all');
  expect(begun).toEqual(['acme', 'acme', 'acme']);
});

it('Pieces of work that take long have a turn each, and many short ones share one', async () => {
  const time = { at: 0 };
  const pace = pacing(10, () => time.at);
  const turns = [0];
  const work = async (ms: number): Promise<void> => {
    for (let others = pace.turn(); others; others = pace.turn()) await others;
    pace.run(() => {
      time.at += ms;
    });
    turns.push((turns.pop() ?? 0) + 1);
  };
  const watching = async (most: number): Promise<void> => {
    for (let n = 0; n < most; n++) {
      await nextTurn();
      turns.push(0);
    }
  };
  await Promise.all([watching(12), ...[50, 50, 50].map(work)]);
  expect(turns.filter((count) => count > 0)).toEqual([1, 1, 1]);
  turns.splice(0, turns.length, 0);
  await nextTurn();
  await Promise.all([watching(12), ...Array.from({ length: 20 }, () => work(1))]);
  expect(Math.max(...turns)).toBe(10);
});

it('A piece of work knows when it has taken enough, and one that fails is counted too', () => {
  const time = { at: 0 };
  const pace = pacing(10, () => time.at);
  const piece = (): boolean => {
    time.at += 6;
    return pace.isDue();
  };
  expect([pace.run(piece), pace.run(piece)]).toEqual([false, true]);
  const failing = pacing(10, () => time.at);
  const fail = (): never => {
    time.at += 11;
    throw new Error('No');
  };
  expect(() => failing.run(fail)).toThrow('No');
  expect(failing.isDue()).toBe(true);
});
