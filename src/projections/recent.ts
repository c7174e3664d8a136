import { LRUCache } from 'lru-cache';
import type { Stored } from '../readmodels/documents.ts';

/** How much memory the documents of one projection may take that are kept from batch to batch, in bytes. */
const BUDGET = 16 * 1024 * 1024;

/** About how much memory a value of a document takes, in bytes. */
export const weightOf = (value: unknown): number => {
  if (typeof value === 'string') return 24 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let weight = 48;
  for (const each of Object.values(value)) weight += 16 + weightOf(each);
  return weight;
};

/** The documents that were in hand lately, by name, so that they need not be read and checked again. */
export const recentDocuments = <D>(): Pick<LRUCache<string, Stored<D>>, 'get' | 'set' | 'clear'> =>
  new LRUCache<string, Stored<D>>({ maxSize: BUDGET, maxEntrySize: BUDGET / 16, sizeCalculation: weightOf });
