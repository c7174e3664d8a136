import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { circuitLimits } from '../../../src/domain/deliveries/outcome.ts';
import { openCircuits } from '../../../src/runners/deliveries/circuits.ts';
import { openRates } from '../../../src/runners/deliveries/rates.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const failing = async () => ({ status: 500 });
const fine = async () => ({ status: 200 });

it('A circuit opens after failures in a row, is tried once after a while, and closes when that succeeds', async () => {
  const { through, width, states } = openCircuits();
  expect(width('e1', 8)).toBe(8);
  for (let n = 0; n < circuitLimits.failures; n++) await through('e1', failing);
  expect(width('e1', 8)).toBe(0);
  expect(await through('e1', fine)).toBeUndefined();
  expect(states()).toEqual([
    [0, 'closed'],
    [0, 'half-open'],
    [1, 'open'],
  ]);
  vi.advanceTimersByTime(circuitLimits.openForMs + 5);
  expect(width('e1', 8)).toBe(1);
  await through('e1', failing);
  expect(width('e1', 8)).toBe(0);
  vi.advanceTimersByTime(circuitLimits.openForMs + 5);
  expect(await through('e1', fine)).toEqual({ status: 200 });
  expect(width('e1', 8)).toBe(8);
});

it('A circuit stays closed for a receiver that says no, and is of one endpoint alone', async () => {
  const { through, width } = openCircuits();
  for (let n = 0; n < 20; n++) await through('e1', async () => ({ status: 404 }));
  for (let n = 0; n < circuitLimits.failures; n++) await through('e2', failing);
  expect([width('e1', 8), width('e2', 8), width('e3', 8)]).toEqual([8, 0, 8]);
});

it('A rate lets so many through a second, and no more at once than it has in a quarter of that', () => {
  const { take } = openRates();
  const taken = (perSecond: number | undefined) =>
    Array.from({ length: 100 }, () => take('e1', perSecond)).filter(Boolean).length;
  expect(taken(undefined)).toBe(100);
  expect(taken(20)).toBe(5);
  let total = 0;
  for (let n = 0; n < 20; n++) {
    vi.advanceTimersByTime(50);
    total += taken(20);
  }
  expect(total).toBe(20);
});
