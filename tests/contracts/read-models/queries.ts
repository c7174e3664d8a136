import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Condition, Page, Queries, Query, Scalar, Sort } from '../../../src/readmodels/queries.ts';
import type { Given } from '../read-models.ts';
import type { Person } from './people.ts';
import { compare, everyone, ids, named, people, person, stored, tombstone } from './people.ts';

const meets = (doc: Person, condition: Condition<Person>): boolean => {
  if (condition.op === 'prefix') return doc.words.some((word) => word.startsWith(condition.value));
  const value = doc[condition.field];
  if (typeof value !== 'string' && typeof value !== 'number') return false;
  if (condition.op === 'in') return condition.value.includes(value);
  if (typeof value !== typeof condition.value) return false;
  const order = compare(value, condition.value);
  return { eq: order === 0, gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[condition.op];
};

const expected = (
  docs: readonly Person[],
  { where, sort }: Pick<Query<Person>, 'where' | 'sort'>,
): readonly Person[] => {
  const columns: readonly Sort<Person>[] = [...sort, { field: 'id', direction: sort.at(-1)?.direction ?? 'asc' }];
  const value = (doc: Person, field: keyof Person): Scalar => z.union([z.string(), z.number()]).parse(doc[field]);
  const order = (a: Person, b: Person): number => {
    for (const { field, direction } of columns) {
      const difference = compare(value(a, field), value(b, field));
      if (difference !== 0) return direction === 'asc' ? difference : -difference;
    }
    return 0;
  };
  return docs.filter((doc) => where.every((condition) => meets(doc, condition))).sort(order);
};

const text = fc.constantFrom('', 'a', 'B', 'ab', 'ø', '\uffee', '😀', `o'x"%_`, '10', '9');
const number = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constantFrom(0.1, -1.5, 10, 9, 2 ** 40));
const somePerson = fc.record({
  id: fc.string({ minLength: 1, maxLength: 3, unit: 'binary' }),
  city: text,
  score: number,
  visits: number,
  words: fc.array(text, { maxLength: 3 }),
  mark: fc.oneof(text, number),
});
const compared = fc.constantFrom('eq', 'gt', 'gte', 'lt', 'lte');
const someCondition: fc.Arbitrary<Condition<Person>> = fc.oneof(
  fc.record({ field: fc.constantFrom('city', 'mark'), op: compared, value: text }),
  fc.record({ field: fc.constantFrom('score', 'visits', 'mark'), op: compared, value: number }),
  fc.record({
    field: fc.constantFrom('city', 'score', 'mark'),
    op: fc.constant('in'),
    value: fc.array(fc.oneof(text, number)),
  }),
  fc.record({ field: fc.constant('words'), op: fc.constant('prefix'), value: text }),
);
const someSort = fc.uniqueArray(
  fc.record({ field: fc.constantFrom('city', 'score', 'visits'), direction: fc.constantFrom('asc', 'desc') }),
  { selector: ({ field }) => field, maxLength: 3 },
);

const allPages = async (readModels: Queries, project: string, query: Query<Person>) => {
  const pages: Page<Person>[] = [];
  let page = await readModels.find(project, people, query);
  pages.push(page);
  while (page.next) {
    // Paging that does not get on would go round for ever.
    if (pages.length > 100) throw new Error(`The page after ${JSON.stringify(page.next)} is the 101st`);
    page = await readModels.find(project, people, { ...query, after: page.next });
    pages.push(page);
  }
  return pages;
};

/** What every adapter answers. */
export const queriesContract = ({ prepared }: Given): void => {
  describe('reading', () => {
    it('never shows a document of another project', async () => {
      const { readModels } = await prepared();
      const anna = (project: string) => stored(1, person('a', { city: project, words: ['anna'] }), project);
      await readModels.save(people, [anna('p1'), anna('p2'), stored(1, person('b', { words: ['anna'] }), 'p2')], 1);
      expect(await readModels.get('p1', people, 'b')).toBeUndefined();
      expect((await readModels.get('p2', people, 'a'))?.city).toBe('p2');
      expect((await readModels.find('p1', people, everyone)).docs).toEqual([anna('p1').doc]);
      expect((await readModels.find('p1', people, named('an'))).docs).toEqual([anna('p1').doc]);
      expect(await readModels.count('p1', people, [])).toBe(1);
      expect(await readModels.count('p1', people, [{ field: 'words', op: 'prefix', value: 'an' }])).toBe(1);
      expect(await readModels.count('p3', people, [])).toBe(0);
    });

    it('gets of many ids the documents that there are, each by its id, and none of another project', async () => {
      const { readModels } = await prepared();
      const docs = Array.from({ length: 1_100 }, (_, i) => stored(i + 1, person(`id-${i}`, { score: i })));
      await readModels.save(people, [...docs, tombstone(1, 'gone'), stored(1, person('theirs'), 'p2')], 1_100);
      const asked = [...docs.map(({ id }) => id), 'id-1', 'gone', 'theirs', 'nobody'];
      const found = await readModels.getMany('p1', people, asked);
      expect(found).toEqual(new Map(docs.map(({ id, doc }) => [id, doc])));
      expect((await readModels.getMany('p1', people, [])).size).toBe(0);
    });

    it('finds by the beginning of a word, and by no other sign', async () => {
      const { readModels } = await prepared();
      const words = [
        '100%',
        '100x',
        'a_b',
        'axb',
        `o'hara`,
        'o"x',
        'ærlig',
        '😀😀',
        '\u{10ffff}z',
        'a\u{10ffff}\u{10ffff}z',
      ];
      const docs = words.map((word, i) => stored(1, person(`${i}`, { words: [word, word] })));
      await readModels.save(people, docs, 1);
      for (const prefix of ['100%', '1', 'a_', `o'`, 'o"', 'æ', '😀', '\u{10ffff}', 'a\u{10ffff}', '%', '_', 'z', '']) {
        const hits = words.flatMap((word, i) => (word.startsWith(prefix) ? [`${i}`] : []));
        expect({ prefix, ids: ids(await readModels.find('p1', people, named(prefix))) }).toEqual({ prefix, ids: hits });
      }
    });

    it('finds a document by its present words only', async () => {
      const { readModels } = await prepared();
      await readModels.save(people, [stored(1, person('a', { words: ['anna', 'berg'] }))], 1);
      await readModels.save(people, [stored(2, person('a', { words: ['anna', 'dahl'] }))], 2);
      expect(ids(await readModels.find('p1', people, named('be')))).toEqual([]);
      expect(ids(await readModels.find('p1', people, named('da')))).toEqual(['a']);
      expect(ids(await readModels.find('p1', people, named('an')))).toEqual(['a']);
    });

    it('compares numbers as numbers, text as text, and never one with the other', async () => {
      const { readModels } = await prepared();
      const marks = [9, 10, '9', '10', undefined];
      const docs = marks.map((mark, i) => stored(1, person(`${i}`, mark === undefined ? {} : { mark })));
      await readModels.save(people, docs, 1);
      const find = async (condition: Condition<Person>) =>
        ids(await readModels.find('p1', people, { ...everyone, where: [condition] }));
      expect(await find({ field: 'mark', op: 'eq', value: 9 })).toEqual(['0']);
      expect(await find({ field: 'mark', op: 'eq', value: '9' })).toEqual(['2']);
      expect(await find({ field: 'mark', op: 'gt', value: 9 })).toEqual(['1']);
      expect(await find({ field: 'mark', op: 'lt', value: '9' })).toEqual(['3']);
      expect(await find({ field: 'mark', op: 'gte', value: '' })).toEqual(['2', '3']);
      expect(await find({ field: 'mark', op: 'lte', value: 10 })).toEqual(['0', '1']);
      expect(await find({ field: 'mark', op: 'in', value: [10, '9'] })).toEqual(['1', '2']);
      expect(await find({ field: 'mark', op: 'in', value: [] })).toEqual([]);
    });

    it('gives no next page when the last one is exactly full', async () => {
      const { readModels } = await prepared();
      await readModels.save(people, [stored(1, person('a')), stored(1, person('b'))], 1);
      expect((await readModels.find('p1', people, { ...everyone, limit: 2 })).next).toBeUndefined();
      expect((await readModels.find('p1', people, { ...everyone, limit: 1 })).next).toEqual(['a']);
    });

    it('goes on after an id that no document has, by the order of ids', async () => {
      const { readModels } = await prepared();
      const docs = ['é', '8.', '80', '8', '7f', 'a', '7'].map((id) => stored(1, person(id)));
      await readModels.save(people, docs, 1);
      const after = async (id: string) => ids(await readModels.find('p1', people, { ...everyone, after: [id] }));
      expect(await after('')).toEqual(['7', '7f', '8', '8.', '80', 'a', 'é']);
      expect(await after('7~')).toEqual(['8', '8.', '80', 'a', 'é']);
      expect(await after('8')).toEqual(['8.', '80', 'a', 'é']);
      expect(await after('b')).toEqual(['é']);
      expect(await after('ê')).toEqual([]);
    });

    it('pages through ties of a mixed order without a loss or a repeat', async () => {
      const { readModels } = await prepared();
      const docs = Array.from({ length: 24 }, (_, i) =>
        person(`id-${String(i).padStart(2, '0')}`, { score: i % 2, visits: i % 3 }),
      );
      await readModels.save(
        people,
        docs.map((doc) => stored(1, doc)),
        1,
      );
      const sort: readonly Sort<Person>[] = [
        { field: 'score', direction: 'desc' },
        { field: 'visits', direction: 'asc' },
      ];
      const pages = await allPages(readModels, 'p1', { where: [], sort, limit: 5 });
      expect(pages.map((page) => page.docs.length)).toEqual([5, 5, 5, 5, 4]);
      expect(pages.flatMap(ids)).toEqual(expected(docs, { where: [], sort }).map(({ id }) => id));
    });

    it('answers any query as a plain filter and sort would, page by page', async () => {
      const { readModels } = await prepared();
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(somePerson, { selector: ({ id }) => id, maxLength: 25 }),
          fc.array(someCondition, { maxLength: 2 }),
          someSort,
          fc.integer({ min: 1, max: 7 }),
          async (docs, where, sort, limit) => {
            run += 1;
            const project = `run-${run}`;
            await readModels.save(
              people,
              docs.map((doc) => stored(1, doc, project)),
              1,
            );
            const pages = await allPages(readModels, project, { where, sort, limit });
            const wanted = expected(docs, { where, sort });
            expect(pages.flatMap((page) => page.docs)).toEqual(wanted);
            expect(pages.length).toBe(Math.max(1, Math.ceil(wanted.length / limit)));
            expect(await readModels.count(project, people, where)).toBe(wanted.length);
          },
        ),
        {
          numRuns: 150,
          // An index can't be asked for a value that is in an empty list.
          examples: [
            [
              [],
              [
                { field: 'city', op: 'in', value: [] },
                { field: 'score', op: 'eq', value: 0 },
              ],
              [],
              1,
            ],
          ],
        },
      );
    });
  });
};
