import { expect, it, onTestFinished, vi } from 'vitest';
import { watchFreshness } from '../../src/runners/freshness.ts';
import { rememberHeads } from '../../src/telemetry/lag.ts';

const noon = Date.parse('2026-03-10T12:00:00.000Z');

/** A log and projections of it, looked at once a second of a time that only `tick` moves. */
const watched = (first: Readonly<Record<string, number>> = { leads: 10, dashboard: 10 }) => {
  vi.useFakeTimers({ now: noon });
  const now = () => Date.now() - noon;
  const far = { head: 10, positions: first, away: false };
  const left: string[][] = [];
  const freshness = watchFreshness({
    heads: rememberHeads(now),
    head: async () => {
      if (far.away) throw new Error('The store is away');
      return far.head;
    },
    positions: async () => Object.entries(far.positions).map(([name, position]) => ({ name, position })),
    clock: () => new Date(),
    time: now,
    onLeft: (names) => left.push([...names]),
  });
  onTestFinished(async () => {
    await freshness.stop();
    vi.useRealTimers();
  });
  const tick = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
  const asOf = () => (freshness.asOf()?.getTime() ?? NaN) - noon;
  return { far, left, freshness, tick, asOf };
};

it('Before the first look nothing is known', () => {
  expect(watched().freshness.asOf()).toBeUndefined();
});

it('Read models that have everything are as of the last look', async () => {
  const { tick, asOf, freshness } = watched();
  await tick(0.5);
  expect(asOf()).toBe(0);
  await tick(5);
  expect(asOf()).toBe(5_000);
  expect(freshness.behind().map(({ lag, behindFor, left }) => [lag, behindFor, left])).toEqual([
    [0, 0, false],
    [0, 0, false],
  ]);
});

it('Read models are as of when the one that is furthest behind had everything', async () => {
  const { far, tick, asOf } = watched();
  await tick(1.5);
  far.head = 20;
  far.positions = { leads: 20, dashboard: 15 };
  await tick(3);
  expect(asOf()).toBe(1_000);
  far.positions = { leads: 20, dashboard: 20 };
  await tick(1);
  expect(asOf()).toBe(5_000);
});

it('Read models that are made from the beginning are as of nobody knows when', async () => {
  const { tick, freshness } = watched({ leads: 10, dashboard: 3 });
  await tick(5.5);
  expect(freshness.asOf()).toBeUndefined();
});

it('Projections are left when nobody moves them for ten seconds while there is something, which is told once', async () => {
  const { far, left, tick, freshness } = watched();
  await tick(30.5);
  far.head = 20;
  far.positions = { leads: 20, dashboard: 10 };
  await tick(10);
  expect(left).toEqual([]);
  await tick(1);
  expect(freshness.behind()).toEqual([
    { name: 'leads', position: 20, lag: 0, behindFor: 0, left: false },
    { name: 'dashboard', position: 10, lag: 10, behindFor: 10.5, left: true },
  ]);
  await tick(20);
  expect(left).toEqual([['dashboard']]);
  far.positions = { leads: 20, dashboard: 11 };
  await tick(1);
  expect(left).toEqual([['dashboard'], []]);
});

it('Projections that are moved are not left, however long they are behind', async () => {
  const { far, left, tick, freshness } = watched({ leads: 0 });
  for (let second = 0; second < 60; second++) {
    far.head += 100;
    far.positions = { leads: second };
    await tick(1);
  }
  expect(left).toEqual([]);
  expect(freshness.behind()[0]?.behindFor).toBeGreaterThan(50);
});

it('While the store is away the read models stay as of when it answered last', async () => {
  const { far, tick, asOf } = watched();
  await tick(2.5);
  far.away = true;
  await tick(60);
  expect(asOf()).toBe(2_000);
  far.away = false;
  await tick(1);
  expect(asOf()).toBe(63_000);
});
