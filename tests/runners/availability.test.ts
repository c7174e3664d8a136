import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { watchAvailability } from '../../src/runners/availability.ts';
import { openRecoveries } from '../../src/runners/recoveries.ts';
import { openTroubles } from '../../src/telemetry/troubles.ts';

/** A store that is there or not, and what is told of it. */
const watched = async (isServer: boolean) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const store = { away: false, asked: 0 };
  const lines: object[] = [];
  const recoveries = openRecoveries();
  const available = watchAvailability({
    name: 'event store',
    isServer,
    recoveries,
    troubles: openTroubles((details, message) => lines.push({ ...details, message })),
    ask: async () => {
      store.asked += 1;
      if (store.away) throw new StoreUnavailable('nobody there');
    },
  });
  onTestFinished(async () => {
    const stopped = available.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    await stopped;
    vi.useRealTimers();
  });
  await vi.advanceTimersByTimeAsync(0);
  const fail = (): void => {
    if (store.away) available.failed(new StoreUnavailable('a call failed'));
  };
  return { store, lines, recoveries, available, fail };
};

const begins = { error: 'nobody there', message: 'the event store can not be used; looking until it can' };
const lasts = 'the event store still can not be used';
const ends = 'the event store can be used again';

describe('A store that is away', () => {
  it.each([true, false])('is told of once, however many calls fail (a server: %s)', async (isServer) => {
    const { store, lines, recoveries, available, fail } = await watched(isServer);
    store.away = true;
    for (let n = 0; n < 5_000; n++) {
      fail();
      await vi.advanceTimersByTimeAsync(25);
    }
    expect(available.isAway()).toBe(true);
    expect(recoveries.count()).toBe(0);
    store.away = false;
    await vi.advanceTimersByTimeAsync(300);
    expect(available.isAway()).toBe(false);
    expect(recoveries.count()).toBe(1);
    expect(lines).toEqual([
      begins,
      { error: 'nobody there', message: lasts, seconds: expect.closeTo(60, -0.5) },
      { error: 'nobody there', message: lasts, seconds: expect.closeTo(120, -0.5) },
      { message: ends, seconds: expect.closeTo(125, -0.5) },
    ]);
  });

  it('is found out though nobody calls it, if it is a server', async () => {
    const { store, lines, available } = await watched(true);
    store.away = true;
    await vi.advanceTimersByTimeAsync(2_500);
    expect(available.isAway()).toBe(true);
    expect(lines).toEqual([begins]);
  });

  it('has those wait no longer who wait to try again, whatever they would have waited', async () => {
    const { store, recoveries } = await watched(true);
    store.away = true;
    const before = recoveries.count();
    await vi.advanceTimersByTimeAsync(30_000);
    let woken = 0;
    const waiting = new AbortController();
    for (let n = 0; n < 25; n++) void recoveries.sleep(3_600_000, waiting.signal).then(() => (woken += 1));
    store.away = false;
    await vi.advanceTimersByTimeAsync(300);
    expect(woken).toBe(25);
    // One whose try began before, and ended after it.
    await recoveries.sleep(3_600_000, waiting.signal, before);
  });
});

describe('A store that is there', () => {
  it('is not asked all the time when calls fail, and that is told of once', async () => {
    const { store, lines, available } = await watched(false);
    for (let n = 0; n < 1_000; n++) {
      available.failed(new StoreUnavailable('too much waits'));
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(store.asked).toBeLessThanOrEqual(6);
    expect(lines).toEqual([{ error: 'too much waits', message: 'calls to the event store fail, though it answers' }]);
  });

  it('is not asked for what is nobody’s fault but the caller’s, and a file not at all', async () => {
    const { store, lines, available } = await watched(false);
    available.failed(new RangeError('too large'));
    await vi.advanceTimersByTimeAsync(60_000);
    expect({ asked: store.asked, lines }).toEqual({ asked: 0, lines: [] });
  });
});
