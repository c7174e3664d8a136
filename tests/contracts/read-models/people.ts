import { z } from 'zod';
import type { Collection } from '../../../src/readmodels/collection.ts';
import type { Stored } from '../../../src/readmodels/documents.ts';
import type { Page, Query, Scalar } from '../../../src/readmodels/queries.ts';

const document = z.object({
  id: z.string(),
  city: z.string(),
  score: z.number(),
  visits: z.number(),
  mark: z.union([z.string(), z.number()]).optional(),
  words: z.array(z.string()),
});

export type Person = z.infer<typeof document>;

export const people: Collection<Person> = {
  name: `people's "list"`,
  document,
  indexes: [['score'], ['city', 'score'], ['city', 'score', 'visits']],
  terms: 'words',
};

/** A collection as `prepare` takes it, whatever its documents are. */
export const declared = <D>({ name, indexes, terms, sparse }: Collection<D>): Collection<never> => ({
  name,
  indexes,
  document: z.never(),
  ...(terms === undefined ? {} : { terms }),
  ...(sparse && { sparse }),
});

export const person = (id: string, rest: Partial<Person> = {}): Person => ({
  id,
  city: 'Oslo',
  score: 0,
  visits: 0,
  words: [],
  ...rest,
});

export const stored = (position: number, doc: Person, project = 'p1'): Stored<Person> => ({
  project,
  id: doc.id,
  doc,
  position,
});

export const tombstone = (position: number, id: string): Stored<Person> => ({
  project: 'p1',
  id,
  doc: undefined,
  position,
});

export const everyone: Query<Person> = { where: [], sort: [], limit: 100 };

export const named = (prefix: string): Query<Person> => ({
  ...everyone,
  where: [{ field: 'words', op: 'prefix', value: prefix }],
});

export const ids = (page: Page<Person>): readonly string[] => page.docs.map(({ id }) => id);

// Text is ordered by code point, which is the order of its UTF-8 bytes.
export const compare = (a: Scalar, b: Scalar): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : Buffer.compare(Buffer.from(`${a}`), Buffer.from(`${b}`));
