import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pair } from '../../src/engine/revision-index.ts';
import { addPair, bytesOf, pairsUpTo, revisionIndex, revisionsWith } from '../../src/engine/revision-index.ts';

const indexOf = (pairs: Iterable<Pair>) => {
  const index = revisionIndex();
  for (const pair of pairs) addPair(index, pair);
  return index;
};

const upwards = (revisions: Iterable<number>): readonly number[] => [...new Set(revisions)].toSorted((a, b) => a - b);

/** Keys of which many are the same, or lie in the same place, and any others. */
const keys = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom(0x8000_0000, 0xffff_ffff, 0x1_0000, 0x2_0000, 0x8000_0003),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);
const pairs = fc.array(fc.tuple(keys, fc.nat({ max: 200 })), { maxLength: 400 });

describe('An index of revisions', () => {
  it('has every revision that was added with a key, up to the one that is asked for, and no other', () => {
    fc.assert(
      fc.property(pairs, fc.nat({ max: 210 }), (added, upTo) => {
        const index = indexOf(added);
        const model = Map.groupBy(added, ([key]) => key);
        for (const key of [...model.keys(), 5, 0x8000_0001]) {
          const expected = (model.get(key) ?? []).map(([, revision]) => revision).filter((one) => one <= upTo);
          // The same pair is there twice at most where a segment ended in between.
          expect(upwards(revisionsWith(index, key, upTo))).toEqual(upwards(expected));
          const found = revisionsWith(index, key, upTo);
          expect(found).toEqual(found.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('has all of its pairs as numbers, from which it can be made again', () => {
    fc.assert(
      fc.property(pairs, fc.nat({ max: 210 }), (added, upTo) => {
        const numbers = pairsUpTo(indexOf(added), upTo);
        const again = revisionIndex();
        for (let at = 0; at < numbers.length; at += 2) addPair(again, [numbers[at] ?? 0, numbers[at + 1] ?? 0]);
        for (const [key] of added)
          expect(upwards(revisionsWith(again, key, 1_000))).toEqual(upwards(revisionsWith(indexOf(added), key, upTo)));
      }),
      { numRuns: 100 },
    );
  });

  it('takes a pair once, however often it is added at once', () => {
    expect(revisionsWith(indexOf([[7, 1], [7, 1], [7, 2], [7, 1]]), 7, 9)).toEqual([1, 2]); // prettier-ignore
  });

  it('has 200,000 pairs in less than 14 bytes each, and those in its first segments as well as those in its last', () => {
    const spread = (nth: number): number => Math.imul(nth, 0x9e37_79b1) >>> 0;
    const index = revisionIndex();
    for (let nth = 0; nth < 200_000; nth++) addPair(index, [spread(nth), nth]);
    const missed = Array.from({ length: 200_000 }, (_, nth) => nth).filter(
      (nth) => !revisionsWith(index, spread(nth), nth).includes(nth),
    );
    expect(missed).toEqual([]);
    expect(revisionsWith(index, spread(200_000), 200_000)).toEqual([]);
    expect(bytesOf(index) / 200_000).toBeLessThan(14);
  });
});
