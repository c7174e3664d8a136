import type { Figure } from './figures.ts';

/** What a benchmark works with. */
export type Lab = {
  /** A new folder that is removed after the run. */
  readonly folder: () => string;
  /** A folder that is made once in a run of any number of benchmarks, by the first that asks for its name. */
  readonly prepared: (name: string, make: (folder: string) => Promise<void>) => Promise<string>;
  /** How many runs the median is taken of. */
  readonly rounds: number;
  /** The full id of the commit that was named on the command line, for a benchmark that is `ofCommit`. */
  readonly commit?: string;
  /** Says what is being done, while it is. */
  readonly say: (what: string) => void;
};

/** Measures one thing, with what it is compared to. `seconds` is about how long that takes. */
export type Benchmark = {
  readonly name: string;
  readonly about: string;
  readonly seconds: number;
  /** Only measured when it is named, for it takes long. */
  readonly apart?: boolean;
  /** How many runs its medians are of where the command line doesn't say; three unless given. */
  readonly rounds?: number;
  /** It compares with another commit, so it is only measured when one was named. */
  readonly ofCommit?: boolean;
  /** Rejects when nothing can be said, with `Skipped` when that is because of something this machine hasn't. */
  readonly run: (lab: Lab) => Promise<readonly Figure[]>;
};

/** A benchmark needs something that is not here. The message says what, and how to get it. */
export class Skipped extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Skipped';
  }
}
