import type { ReadModelsLocation } from '../../config/store-location.ts';
import type { LimitTimeouts } from './mongodb/open.ts';
import type { Quotas } from './quotas.ts';
import type { Tallies } from './tallies.ts';
import { insuredTallies, talliesInMemory } from './tallies.ts';

/** What is counted to bound what clients may do. */
export type Limits = {
  readonly tallies: Tallies;
  /** What processes let clients do together; undefined where there is one alone. */
  readonly quotas?: Quotas;
  readonly close: () => Promise<void>;
};

/**
 * Opens what is counted: in memory where one process is alone with its files, else in the MongoDB of the read models, where all
 * processes count together. While that is away each process counts by itself. `monotonic` gives milliseconds;
 * `timeouts` say for how long that is waited for, if not as usual.
 */
export const openLimits = async (
  location: ReadModelsLocation,
  monotonic: () => number,
  timeouts?: LimitTimeouts,
): Promise<Limits> => {
  const own = talliesInMemory();
  if (location.scheme === 'sqlite') return { tallies: own, close: async () => undefined };
  const { openMongoLimits } = await import('./mongodb/open.ts');
  const { tallies, quotas, close } = openMongoLimits(location.url, timeouts);
  return { tallies: insuredTallies(tallies, own, monotonic), quotas, close };
};
