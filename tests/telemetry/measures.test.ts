import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Family } from '../../src/telemetry/measures.ts';
import { counter, gauge, histogram, together } from '../../src/telemetry/measures.ts';
import { exposed, exposition } from '../support/metrics.ts';

describe('a counter', () => {
  it('adds up what has the same labels, and begins at 0 without any', () => {
    const plain = counter('plain_total', 'x');
    expect(plain.family().series).toEqual([{ labels: [], value: 0 }]);
    const parted = counter('parted_total', 'x', ['a', 'b']);
    parted.add(1, 'x', 'y');
    parted.add(2, 'x', 'y');
    parted.add(4, 'xy', '');
    expect(parted.family().series).toEqual([
      { labels: ['x', 'y'], value: 3 },
      { labels: ['xy', ''], value: 4 },
    ]);
  });

  it('does not fill the memory when a label grows that should not: what is too much is counted together', () => {
    const grown = counter('grown_total', 'x', ['label']);
    for (let n = 0; n < 5_000; n++) grown.add(1, `value-${n}`);
    const { series } = grown.family();
    expect(series.length).toBe(2_001);
    expect(series.at(-1)).toEqual({ labels: ['other'], value: 3_000 });
  });
});

describe('a histogram', () => {
  it('puts each value into the first bucket that it fits in', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { maxLength: 50 }), (values) => {
        const durations = histogram('took_seconds', 'x');
        for (const value of values) durations.observe(value);
        const { samples, valueOf } = exposed(exposition([durations.family()]));
        if (values.length === 0) return;
        expect(valueOf('took_seconds_count')).toBe(values.length);
        for (const { name, labels, value } of samples) {
          if (name !== 'took_seconds_bucket') continue;
          const end = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
          expect(value).toBe(values.filter((one) => one <= end).length);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('what several threads counted', () => {
  const one = (value: number, ...labels: string[]): Family => {
    const counted = counter('things_total', 'x', ['kind']);
    for (const label of labels) counted.add(value, label);
    return counted.family();
  };

  it('is added up by name and labels', () => {
    const [family, ...others] = together([one(1, 'a', 'b'), one(5, 'b', 'c'), gauge('now', 'x', [], [[3]])]);
    expect(family?.series).toEqual([
      { labels: ['a'], value: 1 },
      { labels: ['b'], value: 6 },
      { labels: ['c'], value: 5 },
    ]);
    expect(others.map(({ name }) => name)).toEqual(['now']);
  });

  it('has buckets that are added up too', () => {
    const took = (...values: readonly number[]): Family => {
      const durations = histogram('took_seconds', 'x');
      for (const value of values) durations.observe(value);
      return durations.family();
    };
    expect(together([took(0.1, 3), took(0.1)])).toEqual([took(0.1, 3, 0.1)]);
  });
});

it('What is written for Prometheus escapes what would break a line', () => {
  const odd = counter('odd_total', 'with a "quote"\nand a line', ['label']);
  odd.add(1, 'a "b"\\\nc');
  const text = exposition([odd.family()]);
  expect(text.split('\n').filter((line) => line !== '')).toHaveLength(3);
  expect(exposed(text).samples).toHaveLength(1);
});
