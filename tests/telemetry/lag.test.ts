import { expect, it } from 'vitest';
import type { SubscriptionStatus } from '../../src/runners/subscription.ts';
import { lagFamilies, rememberHeads } from '../../src/telemetry/lag.ts';

const at = new Date('2026-03-10T12:00:00.000Z');
const status = (given: Partial<SubscriptionStatus>): SubscriptionStatus => ({
  name: 'leads',
  position: 0,
  state: 'live',
  attempts: 0,
  since: at,
  rate: 0,
  ...given,
});

const remembering = () => {
  const time = { now: 0 };
  return { time, heads: rememberHeads(() => time.now) };
};

it('A position is behind since the log was first seen to be longer', () => {
  const { time, heads } = remembering();
  for (const [now, head] of [
    [0, 10],
    [1_000, 10],
    [2_000, 20],
    [3_000, 30],
  ] as const) {
    time.now = now;
    heads.note(head);
  }
  time.now = 5_000;
  expect([30, 25, 20, 15, 10, 9].map((position) => heads.behind(position))).toEqual([0, 2, 2, 3, 3, 5]);
});

it('There was nothing after a position until the log was last seen to end there, or before', () => {
  const { time, heads } = remembering();
  expect(heads.nothingAfter(10)).toBeUndefined();
  for (const [now, head] of [
    [0, 10],
    [1_000, 10],
    [2_000, 20],
  ] as const) {
    time.now = now;
    heads.note(head);
  }
  expect([9, 10, 15, 20, 25].map((position) => heads.nothingAfter(position))).toEqual([
    undefined,
    1_000,
    1_000,
    2_000,
    2_000,
  ]);
});

it('What is remembered of the log stays small, and is off by little for what is long ago', () => {
  const { time, heads } = remembering();
  for (let n = 1; n <= 20_000; n++) {
    time.now = n * 1_000;
    heads.note(n);
  }
  expect(heads.behind(19_990)).toBe(9);
  const long = heads.behind(0);
  expect(long).toBeGreaterThan(15_000);
  expect(long).toBeLessThan(20_000);
});

const told = (statuses: readonly SubscriptionStatus[], head: number | undefined, heads = remembering().heads) =>
  Object.fromEntries(
    lagFamilies('projection', statuses, head === undefined ? undefined : { head, heads, now: at }).map((family) => [
      family.name.replace('leadfold_projection_', ''),
      family.series.map(({ labels, value }) => [...labels, value]),
    ]),
  );

it('A subscription tells how far it is behind, and whether it goes on', () => {
  const { time, heads } = remembering();
  heads.note(7);
  time.now = 4_000;
  expect(told([status({ position: 5, state: 'stalled' }), status({ name: 'jobs', position: 7 })], 7, heads)).toEqual({
    lag_events: [
      ['leads', 2],
      ['jobs', 0],
    ],
    lag_seconds: [
      ['leads', 4],
      ['jobs', 0],
    ],
    stalled: [
      ['leads', 1],
      ['jobs', 0],
    ],
  });
});

it('What a subscription has in hand says how old it is, also just after a start', () => {
  const inHand = new Date(at.getTime() - 60_000);
  expect(told([status({ position: 5, inHand })], 7)['lag_seconds']).toEqual([['leads', 60]]);
});

it('Who stands by tells nothing, and nothing is told of the lag while nobody knows where the log ends', () => {
  expect(told([status({ state: 'standby' })], 7)).toEqual({ lag_events: [], lag_seconds: [], stalled: [] });
  expect(told([status({ state: 'stalled' })], undefined)).toEqual({
    lag_events: [],
    lag_seconds: [],
    stalled: [['leads', 1]],
  });
});
