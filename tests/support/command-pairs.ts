import type { CommandIndex } from '../../src/engine/command-index.ts';
import { pairsUpTo } from '../../src/engine/revision-index.ts';

/** What an index has, by revision: the revision and the key of each command. */
export const pairsIn = ({ revisions }: CommandIndex): readonly (readonly [revision: number, key: number])[] => {
  const numbers = pairsUpTo(revisions, Infinity);
  return Array.from(
    { length: numbers.length / 2 },
    (_, nth) => [numbers[2 * nth + 1] ?? -1, numbers[2 * nth] ?? -1] as const,
  ).toSorted(([a], [b]) => a - b);
};
