import type { ReadModelsLocation } from '../../config/store-location.ts';
import type { Tallies } from './tallies.ts';
import { insuredTallies, talliesInMemory } from './tallies.ts';

/** What is counted to bound what clients may do. */
export type Limits = { readonly tallies: Tallies; readonly close: () => Promise<void> };

/**
 * Opens what is counted: in memory where one process is alone with its files, else in the MongoDB of the read models, where all
 * processes count together. While that is away each process counts by itself. `monotonic` gives milliseconds.
 */
export const openLimits = async (location: ReadModelsLocation, monotonic: () => number): Promise<Limits> => {
  const own = talliesInMemory();
  if (location.scheme === 'sqlite') return { tallies: own, close: async () => undefined };
  const { openMongoLimits } = await import('./mongodb/open.ts');
  const { tallies, close } = openMongoLimits(location.url);
  return { tallies: insuredTallies(tallies, own, monotonic), close };
};
