/** Chance that repeats: the same seed gives the same draws on every machine. */
export type Chance = {
  /** A whole number from `least` to `most`. */
  readonly between: (least: number, most: number) => number;
  /** True so often: 0 is never, 1 is always. */
  readonly happens: (share: number) => boolean;
  readonly oneOf: <T>(options: readonly [T, ...T[]]) => T;
  /** So many hexadecimal digits. */
  readonly hex: (digits: number) => string;
  readonly shuffled: <T>(items: readonly T[]) => readonly T[];
};

/** The generator mulberry32: numbers from 0 to below 1. */
const mulberry32 = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    const more = mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61));
    return ((more ^ (more >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** Chance that begins at a seed, a whole number. */
export const chanceOf = (seed: number): Chance => {
  const next = mulberry32(seed);
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    between,
    happens: (share) => next() < share,
    oneOf: (options) => options[between(0, options.length - 1)] ?? options[0],
    hex: (digits) => Array.from({ length: digits }, () => between(0, 15).toString(16)).join(''),
    shuffled: (items) =>
      items
        .map((item) => ({ item, place: next() }))
        .sort((a, b) => a.place - b.place)
        .map(({ item }) => item),
  };
};
