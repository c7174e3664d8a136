import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pagesIn } from '../../src/invariants/pages.ts';
import type { Part } from '../../src/invariants/parts.ts';
import { halves, isIn, whole } from '../../src/invariants/parts.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import type { Collection } from '../../src/readmodels/collection.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { openWith } from '../support/engine.ts';
import { standard } from '../support/facts.ts';

const things: Collection<{ readonly own: string }> = {
  name: 'things',
  indexes: [],
  document: z.object({ own: z.string() }),
};

const idsIn = async (readModels: ReadModels, part: Part): Promise<readonly string[]> => {
  const stores = { store: await openWith(standard), readModels };
  const ids: string[] = [];
  for await (const docs of pagesIn(stores, 'acme', things, part)) ids.push(...docs.map(({ own }) => own));
  return ids;
};

const withThings = async (ids: readonly string[], look: (readModels: ReadModels) => Promise<void>): Promise<void> => {
  const readModels = openSqliteReadModels(':memory:');
  await readModels.prepare([things]);
  const documents = ids.map((id) => ({ project: 'acme', id, doc: { own: id }, position: 1 }));
  await readModels.save(things, [...documents, { project: 'other', id: '1', doc: { own: '1' }, position: 1 }], 1);
  await look(readModels);
  await readModels.close();
};

const mayBeAnywhere = fc.oneof(fc.uuid(), fc.constantFrom('', '7', '7f', '7~', '8', '8.e1', '80', 'é'), fc.string());

describe('The documents of parts', () => {
  it('are each in the one that its id belongs to, and in order, whatever the ids are', () =>
    fc.assert(
      fc.asyncProperty(fc.uniqueArray(mayBeAnywhere, { maxLength: 40 }), (ids) =>
        withThings(ids, async (readModels) => {
          const all = await idsIn(readModels, whole);
          expect(all.toSorted()).toEqual(ids.toSorted());
          for (const part of halves) expect(await idsIn(readModels, part)).toEqual(all.filter((id) => isIn(part, id)));
        }),
      ),
      { numRuns: 50 },
    ));

  it.each([...[499, 500, 501, 1_000].flatMap((low) => [0, 1, 499, 500, 1_001].map((high) => [low, high] as const))])(
    'end where the border is, after %i before it and with %i beyond',
    async (low, high) => {
      const numbered = (first: string, count: number) =>
        Array.from({ length: count }, (_, index) => `${first}${String(index).padStart(5, '0')}`);
      await withThings([...numbered('7', low), ...numbered('8', high)], async (readModels) => {
        const [before, beyond] = await Promise.all(halves.map((part) => idsIn(readModels, part)));
        expect({ before, beyond }).toEqual({ before: numbered('7', low), beyond: numbered('8', high) });
      });
    },
  );
});
