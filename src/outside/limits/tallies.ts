import { LRUCache } from 'lru-cache';
import { whetherAway } from './away.ts';

/** What happened under one id: when it did last, in ms since 1970, and how often in all. */
export type Counted = { readonly times: readonly number[]; readonly total: number };

/** That with a version, of which each change makes another one. */
export type Tally = Counted & { readonly version: number };

/**
 * Counts by id that are forgotten some day: no truth, and nothing is lost with them. All reject with `TalliesUnavailable` when the
 * store is away.
 */
export type Tallies = {
  get(id: string): Promise<Tally | undefined>;
  /** Puts a count in the place of the one of a version, 0 for none; false when another one is there. It may be forgotten from a time on. */
  put(id: string, counted: Counted, expectedVersion: number, keepUntil: Date): Promise<boolean>;
  remove(id: string): Promise<void>;
};

/** The counts that processes share can't be reached. */
export class TalliesUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TalliesUnavailable';
  }
}

/** How many counts a process remembers: those go first that nobody asked for longest. */
const remembered = 50_000;

/** Counts in the memory of the process, which go with it. */
export const talliesInMemory = (most = remembered): Tallies => {
  const known = new LRUCache<string, Tally>({ maxSize: most, sizeCalculation: () => 1 });
  const last = { version: 0 };
  return {
    get: async (id) => known.get(id),
    put: async (id, { times, total }, expectedVersion) => {
      if ((known.get(id)?.version ?? 0) !== expectedVersion) return false;
      known.set(id, { times, total, version: ++last.version });
      return true;
    },
    remove: async (id) => void known.delete(id),
  };
};

/**
 * Counts that processes share, and while their store is away those of each process: nobody is refused or waits for it, and nobody
 * may do more than so much in each process.
 */
export const insuredTallies = (shared: Tallies, own: Tallies, monotonic: () => number): Tallies => {
  const away = whetherAway(monotonic);
  const from = async <R>(ask: (tallies: Tallies) => Promise<R>): Promise<R> => {
    if (away.isAway()) return ask(own);
    away.asked();
    try {
      const answer = await ask(shared);
      away.answered();
      return answer;
    } catch (error) {
      if (!(error instanceof TalliesUnavailable)) throw error;
      away.failed();
      return ask(own);
    }
  };
  return {
    get: (id) => from((tallies) => tallies.get(id)),
    put: (id, counted, version, keepUntil) => from((tallies) => tallies.put(id, counted, version, keepUntil)),
    remove: (id) => from((tallies) => tallies.remove(id)),
  };
};
