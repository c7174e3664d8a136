import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pageIn } from '../../src/queries/page-in.ts';

it('Pages of what is in memory have everything once, in the order of its keys, however large they are', () => {
  const items = fc.uniqueArray(fc.string(), { maxLength: 40 });
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 12 }), (names, limit) => {
      const found: string[] = [];
      let next: readonly (string | number)[] | undefined;
      do {
        const page = pageIn(names, (name) => name, { limit, ...(next && { after: next }) });
        expect(page.docs.length).toBeLessThanOrEqual(limit);
        found.push(...page.docs);
        next = page.next;
      } while (next);
      expect(found).toEqual(names.toSorted());
    }),
  );
});
