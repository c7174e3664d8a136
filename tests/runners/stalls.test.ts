import { expect, it } from 'vitest';
import { lookForStalls } from '../../src/runners/stalls.ts';
import type { SubscriptionStatus } from '../../src/runners/subscription.ts';
import { openTroubles } from '../../src/telemetry/troubles.ts';

/** Readers in a time that goes on when the test says so, by a look a second. */
const readers = () => {
  const state = { now: 0, away: false, busy: false, failing: new Map<string, string>() };
  const lines: object[] = [];
  const now = () => state.now;
  const troubles = openTroubles((details, message) => lines.push({ ...details, message }), now);
  const status = (name: string): SubscriptionStatus => {
    const error = state.failing.get(name);
    const rest = { name, position: 1, attempts: 0, since: new Date(0), rate: 0 };
    return error === undefined ? { ...rest, state: 'live' } : { ...rest, state: 'stalled', error };
  };
  const look = lookForStalls({
    now,
    troubles,
    isAway: () => state.away,
    statuses: async () => {
      if (state.busy) throw new Error('busy');
      return ['leads', 'history', 'jobs'].map(status);
    },
  });
  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n++) {
      await look();
      state.now += 1_000;
    }
  };
  return { state, lines, pass };
};

it('Readers that stall for the same reason are one line when it begins, one a minute, and one when it is over', async () => {
  const { state, lines, pass } = readers();
  state.failing = new Map([
    ['leads', 'disk full'],
    ['history', 'disk full'],
    ['jobs', 'bad document'],
  ]);
  await pass(70);
  state.failing.delete('leads');
  state.failing.delete('history');
  await pass(10);
  const readersOf = (...names: readonly string[]) => ({ readers: names });
  expect(lines).toEqual([
    { error: 'disk full', ...readersOf('leads', 'history'), message: 'readers of the log stall' },
    { error: 'bad document', ...readersOf('jobs'), message: 'readers of the log stall' },
    { error: 'disk full', ...readersOf('leads', 'history'), seconds: 60, message: 'readers of the log still stall' },
    { error: 'bad document', ...readersOf('jobs'), seconds: 60, message: 'readers of the log still stall' },
    { ...readersOf('leads', 'history'), seconds: 65, message: 'readers of the log do not stall any more' },
  ]);
});

it('A reader is not told of anew because it fails in other words, nor one that fails for a moment', async () => {
  const { state, lines, pass } = readers();
  for (let n = 0; n < 30; n++) {
    state.failing = new Map([['leads', `no document ${n}`], ...(n % 3 === 0 ? [['jobs', 'once'] as const] : [])]);
    await pass(1);
  }
  expect(lines).toEqual([{ error: 'no document 0', readers: ['leads'], message: 'readers of the log stall' }]);
});

it('Readers are not told of while a store is away, nor while they come back to it', async () => {
  const { state, lines, pass } = readers();
  state.failing = new Map([['leads', 'away']]);
  state.away = true;
  await pass(100);
  state.away = false;
  await pass(4);
  state.failing = new Map();
  await pass(100);
  expect(lines).toEqual([]);
});

it('Projections that can not be asked are told of', async () => {
  const { state, lines, pass } = readers();
  state.busy = true;
  await pass(10);
  expect(lines).toEqual([{ error: 'busy', readers: ['projections'], message: 'readers of the log stall' }]);
});
