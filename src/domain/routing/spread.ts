/** How many times fell into which of many ranges, each a fifth longer than the one before: by the number of the range. */
export type Spread = Readonly<Record<string, number>>;

const growth = Math.log(1.2);

/** The number of the range that so many ms fall into; 0 is for less than one. */
const rangeOf = (ms: number): number => (ms < 1 ? 0 : Math.floor(Math.log(ms) / growth) + 1);

/** The middle of a range, in ms. */
const middleOf = (range: number): number => (range === 0 ? 0 : Math.round(Math.exp((range - 0.5) * growth)));

/** One more time, in ms. */
export const spreadWith = (spread: Spread, ms: number): Spread => {
  const range = String(rangeOf(ms));
  return { ...spread, [range]: (spread[range] ?? 0) + 1 };
};

/**
 * The time, in ms, that a share of all times was not above, as half of them for 0.5: within a tenth. Undefined when there
 * is none.
 */
export const quantileOf = (spread: Spread, share: number): number | undefined => {
  const ranges = Object.entries(spread)
    .map(([range, count]) => [Number(range), count] as const)
    .sort(([a], [b]) => a - b);
  let left = Math.max(1, Math.ceil(ranges.reduce((sum, [, count]) => sum + count, 0) * share));
  for (const [range, count] of ranges) {
    left -= count;
    if (left <= 0) return middleOf(range);
  }
  return undefined;
};
