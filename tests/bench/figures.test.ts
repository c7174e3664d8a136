import { describe, expect, it } from 'vitest';
import { medianOf, shareOf, told } from '../../bench/support/figures.ts';

const rate = (runs: readonly number[]) => ({ name: 'Events', unit: '/s', runs });

describe('the median of runs', () => {
  it('is the one in the middle, whatever their order', () => {
    expect(medianOf([30, 10, 20])).toBe(20);
  });

  it('is the mean of the two in the middle of an even count', () => {
    expect(medianOf([40, 10, 20, 30])).toBe(25);
  });

  it('is refused where nothing was measured', () => {
    expect(() => medianOf([])).toThrow('no run');
  });
});

describe('the share of runs', () => {
  it.each([
    [0.5, 50],
    [0.99, 99],
    [0.995, 100],
  ])('%d is below or at %d of a hundred', (share, expected) => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(shareOf(hundred, share)).toBe(expected);
  });

  it('is not a number where nothing was measured', () => {
    expect(shareOf([], 0.99)).toBeNaN();
  });
});

describe('a figure as it is told', () => {
  it('has the median with the least and the most of its runs', () => {
    expect(told(rate([30, 10, 20]))).toEqual({ name: 'Events', unit: '/s', median: 20, least: 10, most: 30 });
  });

  it('has the ratio of its median to that of the reference', () => {
    const { ratio, reference } = told({ ...rate([10, 20, 30]), reference: { name: 'other', runs: [80, 20, 40] } });
    expect(ratio).toBe(0.5);
    expect(reference).toEqual({ name: 'other', median: 40 });
  });

  it('has the median of the ratios where each run has one beside it', () => {
    const reference = { name: 'other', runs: [100, 20, 80] };
    expect(told({ ...rate([50, 20, 20]), reference: { ...reference, paired: true } }).ratio).toBe(0.5);
    expect(told({ ...rate([50, 20, 20]), reference }).ratio).toBe(0.25);
  });

  it('is judged by its ratio where it has a reference', () => {
    const reference = { name: 'other', runs: [40] };
    expect(told({ ...rate([20]), reference, goal: { atLeast: 0.5 } }).reached).toBe(true);
    expect(told({ ...rate([19]), reference, goal: { atLeast: 0.5 } }).reached).toBe(false);
  });

  it('is judged by its value where it has none', () => {
    const latency = { name: 'p99', unit: 'ms', runs: [25] };
    expect(told({ ...latency, goal: { atMost: 25 } }).reached).toBe(true);
    expect(told({ ...latency, goal: { atMost: 24 } }).reached).toBe(false);
  });

  it('is not judged without a goal', () => {
    expect(told(rate([1]))).not.toHaveProperty('reached');
  });
});
