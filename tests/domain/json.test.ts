import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { jsonObject } from '../../src/domain/lead/activity.ts';

const asZodDefinesIt = z.record(z.string(), z.json());

/** Values of any kind, of which some are JSON but for a part. */
const anything = fc.oneof(
  fc.jsonValue(),
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true, withNullPrototype: true }),
  fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.anything({ withSparseArray: true }))),
);

it('An object of JSON values is what zod says it is, also where it is compiled', () => {
  const compiled = z.compile(jsonObject, { strict: true });
  fc.assert(
    fc.property(anything, (value) => {
      const expected = asZodDefinesIt.safeParse(value);
      for (const schema of [jsonObject, compiled]) {
        const { success, data } = schema.safeParse(value);
        expect([success, data]).toEqual([expected.success, expected.data]);
      }
    }),
    { numRuns: 2_000 },
  );
});
