import type { Figure } from './figures.ts';

/** What a benchmark works with. */
export type Lab = {
  /** A new folder that is removed after the benchmark. */
  readonly folder: () => string;
  /** How many runs the median is taken of. */
  readonly rounds: number;
  /** Says what is being done, while it is. */
  readonly say: (what: string) => void;
};

/** Measures one thing, with what it is compared to. `seconds` is about how long that takes. */
export type Benchmark = {
  readonly name: string;
  readonly about: string;
  readonly seconds: number;
  readonly run: (lab: Lab) => Promise<readonly Figure[]>;
};
