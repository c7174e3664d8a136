import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import type { Stored } from '../../src/readmodels/documents.ts';
import type { Condition, Page, Query, Scalar, Sort } from '../../src/readmodels/queries.ts';
import type { Collection, Key } from '../../src/readmodels/collection.ts';

/** A place for read models that nobody else uses: every handle opened on it sees the same documents. */
export type Home = {
  readonly open: (options?: { readonly readOnly?: boolean }) => ReadModels | Promise<ReadModels>;
  readonly remove: () => Promise<void>;
};

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

const person = (id: string, rest: Partial<Person> = {}): Person => ({
  id,
  city: 'Oslo',
  score: 0,
  visits: 0,
  words: [],
  ...rest,
});

const stored = (position: number, doc: Person, project = 'p1'): Stored<Person> => ({
  project,
  id: doc.id,
  doc,
  position,
});

const tombstone = (position: number, id: string): Stored<Person> => ({ project: 'p1', id, doc: undefined, position });

const everyone: Query<Person> = { where: [], sort: [], limit: 100 };

const named = (prefix: string): Query<Person> => ({
  ...everyone,
  where: [{ field: 'words', op: 'prefix', value: prefix }],
});

const ids = (page: Page<Person>): readonly string[] => page.docs.map(({ id }) => id);

// Text is ordered by code point, which is the order of its UTF-8 bytes.
const compare = (a: Scalar, b: Scalar): number =>
  typeof a === 'number' && typeof b === 'number' ? a - b : Buffer.compare(Buffer.from(`${a}`), Buffer.from(`${b}`));

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

const allPages = async (readModels: ReadModels, project: string, query: Query<Person>) => {
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

/** What every adapter of the read models does. `create` gives a new, empty home for one test. */
export const readModelsContract = (name: string, create: () => Promise<Home>): void => {
  const home = async () => {
    const { open, remove } = await create();
    const opened: ReadModels[] = [];
    onTestFinished(async () => {
      for (const readModels of opened) await readModels.close();
      await remove();
    });
    return async (options?: { readonly readOnly?: boolean }) => {
      const readModels = await open(options);
      opened.push(readModels);
      return readModels;
    };
  };

  const prepared = async () => {
    const open = await home();
    const readModels = await open();
    await readModels.prepare([declared(people)]);
    return { open, readModels };
  };

  describe(`read models in ${name}`, () => {
    describe('writing', () => {
      it('refuses a document that is older or as old as the one that is there', async () => {
        const { readModels } = await prepared();
        await readModels.save(people, [stored(5, person('a', { score: 5, words: ['five'] }))], 5);
        await readModels.save(people, [stored(5, person('a', { score: 50, words: ['fifty'] }))], 5);
        await readModels.save(people, [stored(4, person('a', { score: 4, words: ['four'] }))], 5);
        expect(await readModels.load(people, [{ project: 'p1', id: 'a' }])).toEqual([
          stored(5, person('a', { score: 5, words: ['five'] })),
        ]);
        expect(ids(await readModels.find('p1', people, named('fi')))).toEqual(['a']);
        expect(ids(await readModels.find('p1', people, named('fift')))).toEqual([]);
        expect(ids(await readModels.find('p1', people, named('four')))).toEqual([]);
      });

      it('lets a newer document win', async () => {
        const { readModels } = await prepared();
        await readModels.save(people, [stored(5, person('a', { score: 5 }))], 5);
        await readModels.save(people, [stored(6, person('a', { score: 6 }))], 6);
        expect(await readModels.get('p1', people, 'a')).toEqual(person('a', { score: 6 }));
      });

      it('keeps a tombstone against older documents and gives way to a newer one', async () => {
        const { readModels } = await prepared();
        await readModels.save(people, [stored(5, person('a', { words: ['anna'] }))], 5);
        await readModels.save(people, [tombstone(4, 'a')], 5);
        expect(await readModels.get('p1', people, 'a')).toBeDefined();
        await readModels.save(people, [tombstone(7, 'a')], 7);
        await readModels.save(people, [stored(6, person('a', { words: ['anna'] }))], 7);
        expect(await readModels.load(people, [{ project: 'p1', id: 'a' }])).toEqual([tombstone(7, 'a')]);
        expect(await readModels.get('p1', people, 'a')).toBeUndefined();
        expect(ids(await readModels.find('p1', people, everyone))).toEqual([]);
        expect(ids(await readModels.find('p1', people, named('anna')))).toEqual([]);
        expect(await readModels.count('p1', people, [])).toBe(0);
        await readModels.save(people, [stored(8, person('a', { words: ['anna'] }))], 8);
        expect(ids(await readModels.find('p1', people, named('anna')))).toEqual(['a']);
      });

      it('ends with the newest document whichever of two writers comes last', async () => {
        const { open, readModels } = await prepared();
        const other = await open();
        await readModels.save(people, [stored(2, person('a', { words: ['two'] }))], 2);
        await other.save(people, [stored(3, person('a', { words: ['three'] })), stored(1, person('b'))], 3);
        await readModels.save(
          people,
          [stored(1, person('a', { words: ['one'] })), stored(2, person('b', { score: 2 }))],
          2,
        );
        for (const reader of [readModels, other]) {
          expect((await reader.get('p1', people, 'a'))?.words).toEqual(['three']);
          expect((await reader.get('p1', people, 'b'))?.score).toBe(2);
          expect(ids(await reader.find('p1', people, named('t')))).toEqual(['a']);
          expect(ids(await reader.find('p1', people, named('one')))).toEqual([]);
          expect(await reader.checkpoint(people.name)).toBe(3);
        }
      });

      it('loads what is there of many keys and leaves out what is not', async () => {
        const { readModels } = await prepared();
        const docs = Array.from({ length: 1_100 }, (_, i) => stored(i + 1, person(`id-${i}`)));
        await readModels.save(people, docs, 1_100);
        const keys = [...docs, { project: 'p1', id: 'nobody' }, { project: 'p2', id: 'id-1' }];
        const loaded = await readModels.load(people, keys);
        expect([...loaded].sort((a, b) => a.position - b.position)).toEqual(docs);
      });

      it('loads of each key its own document, whatever projects and characters', async () => {
        const { readModels } = await prepared();
        const projects = ['p1', 'p 1', "p'1", '"p1"', 'ß'];
        const docs = projects.flatMap((project) =>
          ['a', 'a b', 'a%', 'é🙂', 'a\u0000', '[?]'].map((id, i) =>
            stored(i + 1, person(id, { city: project }), project),
          ),
        );
        await readModels.save(people, docs, 6);
        const loaded = await readModels.load(people, docs.toReversed());
        const inOrder = (all: readonly Key[]) =>
          [...all].sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));
        expect(inOrder(loaded)).toEqual(inOrder(docs));
      });

      it('keeps the words of the newest of several states of a document that are saved together', async () => {
        const { readModels } = await prepared();
        const state = (position: number, ...words: string[]) => stored(position, person('a', { words }));
        await readModels.save(people, [state(1, 'one')], 1);
        await readModels.save(people, [state(2, 'two'), state(4, 'four', 'five'), state(3, 'three')], 4);
        const found = async (word: string) => ids(await readModels.find('p1', people, named(word)));
        expect(await Promise.all(['one', 'two', 'three', 'four', 'five'].map(found))).toEqual([
          [],
          [],
          [],
          ['a'],
          ['a'],
        ]);
      });

      it('takes no documents and no keys', async () => {
        const { readModels } = await prepared();
        await readModels.save(people, [], 9);
        expect(await readModels.checkpoint(people.name)).toBe(9);
        expect(await readModels.load(people, [])).toEqual([]);
      });
    });

    describe('replacing', () => {
      const fifth = stored(5, person('a', { score: 5, words: ['five'] }));

      it('puts a document, also an older one, in the place of what was seen', async () => {
        const { readModels } = await prepared();
        await readModels.save(people, [fifth], 5);
        const third = stored(3, person('a', { score: 3, words: ['three'] }));
        expect(await readModels.replace(people, [{ ...third, seen: 5 }])).toBe(true);
        expect(await readModels.load(people, [third])).toEqual([third]);
        expect(ids(await readModels.find('p1', people, named('three')))).toEqual(['a']);
        expect(ids(await readModels.find('p1', people, named('five')))).toEqual([]);
        expect(await readModels.checkpoint(people.name)).toBe(5);
      });

      it('makes a document where none was seen, and takes away one that should not be there', async () => {
        const { readModels } = await prepared();
        expect(await readModels.replace(people, [{ ...fifth, seen: undefined }])).toBe(true);
        expect(await readModels.get('p1', people, 'a')).toEqual(fifth.doc);
        expect(await readModels.replace(people, [{ ...tombstone(0, 'a'), seen: 5 }])).toBe(true);
        expect(await readModels.get('p1', people, 'a')).toBeUndefined();
        expect(ids(await readModels.find('p1', people, named('five')))).toEqual([]);
        await readModels.save(people, [stored(1, person('a', { score: 1 }))], 5);
        expect((await readModels.get('p1', people, 'a'))?.score).toBe(1);
      });

      it('leaves what somebody else wrote since, and says so', async () => {
        const { readModels } = await prepared();
        await readModels.save(people, [fifth, stored(5, person('b'))], 5);
        const [a, b] = [stored(9, person('a', { words: ['nine'] })), stored(9, person('b', { score: 9 }))];
        const wanted = [
          { ...a, seen: 4 },
          { ...b, seen: 5 },
        ];
        expect(await readModels.replace(people, wanted)).toBe(false);
        expect(await readModels.get('p1', people, 'a')).toEqual(fifth.doc);
        expect(ids(await readModels.find('p1', people, named('nine')))).toEqual([]);
        expect(await readModels.get('p1', people, 'b')).toEqual(b.doc);
        expect(await readModels.replace(people, [{ ...a, seen: undefined }])).toBe(false);
        expect(await readModels.get('p1', people, 'a')).toEqual(fifth.doc);
      });

      it('takes no documents', async () => {
        const { readModels } = await prepared();
        expect(await readModels.replace(people, [])).toBe(true);
      });
    });

    describe('whole collections', () => {
      const others: Collection<Person> = { ...people, name: `${people.name}@1` };

      it('have a size, of all projects and without tombstones', async () => {
        const { readModels } = await prepared();
        expect(await readModels.size(people.name)).toBe(0);
        await readModels.save(people, [stored(1, person('a')), stored(1, person('a'), 'p2'), tombstone(1, 'b')], 1);
        expect(await readModels.size(people.name)).toBe(2);
        expect(await readModels.size('nobody')).toBe(0);
      });

      it('can be dropped with all that belongs to them, and only that', async () => {
        const { readModels } = await prepared();
        await readModels.prepare([declared(others)]);
        const anna = stored(4, person('a', { words: ['anna'] }));
        await readModels.save(people, [anna], 4);
        await readModels.save(others, [anna], 4);
        await readModels.drop(others.name);
        expect(await readModels.size(others.name)).toBe(0);
        expect(await readModels.checkpoint(others.name)).toBe(0);
        expect(await readModels.get('p1', people, 'a')).toEqual(anna.doc);
        expect(ids(await readModels.find('p1', people, named('an')))).toEqual(['a']);
        expect(await readModels.checkpoint(people.name)).toBe(4);

        await readModels.prepare([declared(others)]);
        expect(ids(await readModels.find('p1', others, named('an')))).toEqual([]);
        await readModels.save(others, [stored(1, person('b', { words: ['anna'] }))], 1);
        expect(ids(await readModels.find('p1', others, named('an')))).toEqual(['b']);
      });

      it('that are not there are dropped as well', async () => {
        const { readModels } = await prepared();
        await readModels.drop('nobody');
        await readModels.drop('nobody');
      });
    });

    describe('checkpoints', () => {
      it('start at 0, move forward and never back', async () => {
        const { readModels } = await prepared();
        expect(await readModels.checkpoint('reader')).toBe(0);
        await readModels.saveCheckpoint('reader', 7);
        await readModels.saveCheckpoint('reader', 3);
        expect(await readModels.checkpoint('reader')).toBe(7);
        await readModels.save(people, [], 7);
        await readModels.save(people, [], 3);
        expect(await readModels.checkpoint(people.name)).toBe(7);
        await readModels.saveCheckpoint('reader', 8);
        expect(await readModels.checkpoint('reader')).toBe(8);
        expect(await readModels.checkpoint('another')).toBe(0);
      });

      const factAt = (position: number) => ({ id: `f${position}`, stream: 's-1', revision: position - 1, position });

      it('stand on the fact that they were last moved to, and keep it when nobody says', async () => {
        const { readModels } = await prepared();
        expect(await readModels.standing('reader')).toEqual({ position: 0 });
        await readModels.saveCheckpoint('reader', 7, factAt(6));
        await readModels.saveCheckpoint('reader', 3, factAt(3));
        await readModels.saveCheckpoint('reader', 7, factAt(7));
        expect(await readModels.standing('reader')).toEqual({ position: 7, fact: factAt(6) });
        await readModels.saveCheckpoint('reader', 9);
        expect(await readModels.standing('reader')).toEqual({ position: 9, fact: factAt(6) });
        await readModels.saveCheckpoint('reader', 10, factAt(10));
        expect(await readModels.standing('reader')).toEqual({ position: 10, fact: factAt(10) });
        expect(await readModels.checkpoint('reader')).toBe(10);
      });

      it('of a collection stand on the fact that its documents were saved with, and go with it', async () => {
        const { readModels } = await prepared();
        await readModels.save(people, [stored(4, person('a'))], 5, factAt(5));
        expect(await readModels.standing(people.name)).toEqual({ position: 5, fact: factAt(5) });
        await readModels.save(people, [stored(4, person('a'))], 4, factAt(4));
        expect(await readModels.standing(people.name)).toEqual({ position: 5, fact: factAt(5) });
        await readModels.drop(people.name);
        expect(await readModels.standing(people.name)).toEqual({ position: 0 });
        await readModels.prepare([people]);
        await readModels.save(people, [], 2);
        expect(await readModels.standing(people.name)).toEqual({ position: 2 });
      });

      it('stand on the fact of the one who is furthest, when several move them at once', async () => {
        const { readModels } = await prepared();
        const positions = Array.from({ length: 20 }, (_, at) => ((at * 7) % 20) + 1);
        await Promise.all(positions.map((at) => readModels.saveCheckpoint('reader', at, factAt(at))));
        expect(await readModels.standing('reader')).toEqual({ position: 20, fact: factAt(20) });
      });
    });

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
        for (const prefix of [
          '100%',
          '1',
          'a_',
          `o'`,
          'o"',
          'æ',
          '😀',
          '\u{10ffff}',
          'a\u{10ffff}',
          '%',
          '_',
          'z',
          '',
        ]) {
          const hits = words.flatMap((word, i) => (word.startsWith(prefix) ? [`${i}`] : []));
          expect([prefix, ids(await readModels.find('p1', people, named(prefix)))]).toEqual([prefix, hits]);
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

    describe('documents', () => {
      const notes: Collection<{ readonly data: unknown }> = {
        name: 'notes',
        document: z.object({ data: z.unknown() }),
        indexes: [],
      };
      const roundTrip = async (readModels: ReadModels, position: number, data: unknown) => {
        await readModels.prepare([declared(notes)]);
        await readModels.save(notes, [{ project: 'p1', id: 'a', doc: { data }, position }], position);
        return (await readModels.get('p1', notes, 'a'))?.data;
      };

      it('come back as they were, whatever the names and values in them', async () => {
        const { readModels } = await prepared();
        const names = ['$set', '$', 'a.b', '.', '', 'a\u0000b', '\u0000', '_id', 'constructor', '\ud800', '0', '😀'];
        const values = [
          null,
          true,
          0,
          -1.5,
          2 ** 53 - 1,
          1e300,
          '',
          'a\u0000b',
          '\udfff',
          '2026-01-01T00:00:00.000Z',
          [[]],
          {},
        ];
        const data = Object.fromEntries([
          ...names.map((name) => [name, values]),
          ['nested', { $set: { 'a.b': { '': 1 } } }],
        ]);
        expect(await roundTrip(readModels, 1, data)).toEqual(data);
        const odd: unknown = JSON.parse('{"__proto__": {"__proto__": 1}, "toJSON": 1}');
        expect(JSON.stringify(await roundTrip(readModels, 2, odd))).toBe(JSON.stringify(odd));
      });

      it('come back as they were, any JSON', async () => {
        const { readModels } = await prepared();
        let position = 0;
        await fc.assert(
          fc.asyncProperty(fc.json({ depthSize: 'medium', stringUnit: 'binary' }), async (json) => {
            position += 1;
            const data: unknown = JSON.parse(json);
            expect(JSON.stringify(await roundTrip(readModels, position, data))).toBe(JSON.stringify(data));
          }),
        );
      });

      it('of a megabyte are kept', async () => {
        const { readModels } = await prepared();
        const data = 'x'.repeat(1_000_000);
        expect(await roundTrip(readModels, 1, data)).toBe(data);
      });

      it('of keys that look alike are different documents', async () => {
        const { readModels } = await prepared();
        const keys = [
          ['a', 'b/c'],
          ['a/b', 'c'],
          ['a~1b', 'c'],
          ['a~', '1b/c'],
          ['a', ''],
          ['', 'a'],
          ['a/', ''],
          ['*', 'a'],
        ].map(([project = '', id = '']) => ({ project, id }));
        await readModels.save(
          people,
          keys.map((key, i) => ({ ...key, doc: person(key.id, { score: i }), position: 1 })),
          1,
        );
        for (const [i, { project, id }] of keys.entries()) {
          expect((await readModels.get(project, people, id))?.score).toBe(i);
          const { docs } = await readModels.find(project, people, everyone);
          expect(docs.map(({ score }) => score)).toEqual(
            keys
              .flatMap((key, j) => (key.project === project ? [{ id: key.id, j }] : []))
              .sort((a, b) => compare(a.id, b.id))
              .map(({ j }) => j),
          );
        }
      });
    });

    describe('leases', () => {
      const at = (seconds: number): Date => new Date(seconds * 1_000);

      it('have one holder at a time, who may renew them', async () => {
        const { readModels } = await prepared();
        expect(await readModels.lease('leads', 'one', at(0), at(10))).toBe(true);
        expect(await readModels.lease('leads', 'two', at(1), at(11))).toBe(false);
        expect(await readModels.lease('leads', 'one', at(5), at(15))).toBe(true);
        expect(await readModels.lease('leads', 'two', at(12), at(22))).toBe(false);
        expect(await readModels.lease('history', 'two', at(12), at(22))).toBe(true);
      });

      it('are free to others from the time on at which they end', async () => {
        const { readModels } = await prepared();
        await readModels.lease('leads', 'one', at(0), at(10));
        expect(await readModels.lease('leads', 'two', new Date(9_999), at(20))).toBe(false);
        expect(await readModels.lease('leads', 'two', at(10), at(20))).toBe(true);
        expect(await readModels.lease('leads', 'one', at(11), at(21))).toBe(false);
      });

      it('are given back by their holder only', async () => {
        const { readModels } = await prepared();
        await readModels.lease('leads', 'one', at(0), at(10));
        await readModels.release('leads', 'two');
        await readModels.release('nobody took', 'two');
        expect(await readModels.lease('leads', 'two', at(1), at(11))).toBe(false);
        await readModels.release('leads', 'one');
        expect(await readModels.lease('leads', 'two', at(1), at(11))).toBe(true);
      });

      it('go to exactly one of two that ask at the same time, free or ended', async () => {
        const { open, readModels } = await prepared();
        const other = await open();
        for (let round = 0; round < 50; round += 1) {
          const [name, now, until] = [`${round % 25}`, at(round * 100), at(round * 100 + 10)];
          const won = await Promise.all([
            readModels.lease(name, 'one', now, until),
            other.lease(name, 'two', now, until),
          ]);
          expect(won.filter((each) => each)).toHaveLength(1);
        }
      });

      it('outlive the handle that took them', async () => {
        const { open, readModels } = await prepared();
        await readModels.lease('leads', 'one', at(0), at(10));
        await readModels.close();
        const other = await open();
        expect(await other.lease('leads', 'two', at(1), at(11))).toBe(false);
      });
    });

    describe('preparing', () => {
      it('reads as empty before anybody prepared, and as written after', async () => {
        const open = await home();
        const reader = await open({ readOnly: true });
        const look = async () => [
          await reader.get('p1', people, 'a'),
          await reader.find('p1', people, named('an')),
          await reader.find('p1', people, everyone),
          await reader.count('p1', people, []),
          await reader.load(people, [{ project: 'p1', id: 'a' }]),
          await reader.checkpoint(people.name),
        ];
        expect(await look()).toEqual([undefined, { docs: [] }, { docs: [] }, 0, [], 0]);
        const writer = await open();
        await writer.prepare([declared(people)]);
        const anna = stored(3, person('a', { words: ['anna'] }));
        await writer.save(people, [anna], 3);
        expect(await look()).toEqual([anna.doc, { docs: [anna.doc] }, { docs: [anna.doc] }, 1, [anna], 3]);
      });

      it('keeps documents, words and checkpoints when it is done again and over a restart', async () => {
        const { open, readModels } = await prepared();
        const anna = stored(3, person('a', { words: ['anna'] }));
        await readModels.save(people, [anna], 3);
        await readModels.prepare([declared(people), declared(people)]);
        await readModels.close();
        const again = await open();
        await again.prepare([declared(people)]);
        expect(await again.load(people, [anna])).toEqual([anna]);
        expect((await again.find('p1', people, named('anna'))).docs).toEqual([anna.doc]);
        expect(await again.checkpoint(people.name)).toBe(3);
      });

      it('keeps answering when the declared indexes and terms change', async () => {
        const { readModels } = await prepared();
        await readModels.save(people, [stored(1, person('a', { city: 'Bergen', words: ['anna'] }))], 1);
        const { terms: _, ...bare } = people;
        const where: readonly Condition<Person>[] = [{ field: 'city', op: 'eq', value: 'Bergen' }];
        for (const changed of [{ ...bare, indexes: [['visits'] as const] }, people]) {
          await readModels.prepare([declared(changed)]);
          expect(ids(await readModels.find('p1', changed, { ...everyone, where }))).toEqual(['a']);
        }
        expect(ids(await readModels.find('p1', people, named('anna')))).toEqual(['a']);
      });

      it('finds what was written while a collection was bare, by its words too once it is prepared', async () => {
        const readModels = await (await home())();
        await readModels.prepare([declared(people)], { bare: true });
        const [anna, ben] = [person('a', { city: 'Bergen', words: ['anna'] }), person('b', { words: ['ben'] })];
        await readModels.save(people, [stored(1, anna), stored(2, ben)], 2);
        await readModels.save(people, [stored(3, { ...ben, words: ['benny'] })], 3);
        const where: readonly Condition<Person>[] = [{ field: 'city', op: 'eq', value: 'Bergen' }];
        expect(ids(await readModels.find('p1', people, { ...everyone, where }))).toEqual(['a']);
        await readModels.prepare([declared(people)]);
        expect(ids(await readModels.find('p1', people, { ...everyone, where }))).toEqual(['a']);
        expect(ids(await readModels.find('p1', people, named('anna')))).toEqual(['a']);
        expect(ids(await readModels.find('p1', people, named('ben')))).toEqual(['b']);
        await readModels.save(people, [stored(4, { ...anna, words: ['ann'] })], 4);
        expect(ids(await readModels.find('p1', people, named('anna')))).toEqual([]);
      });

      it('keeps two collections with much the same name apart', async () => {
        const { readModels } = await prepared();
        const others = ['people', `words.people's "list"`, `x.people's "list"`].map((other) => ({
          ...people,
          name: other,
        }));
        await readModels.prepare(others.map(declared));
        await readModels.save(people, [stored(1, person('a', { words: ['anna'] }))], 1);
        const without = others.map(({ terms: _, ...bare }): Collection<Person> => ({ ...bare, indexes: [] }));
        await readModels.prepare(without.map(declared));
        expect(ids(await readModels.find('p1', people, named('anna')))).toEqual(['a']);
        for (const other of without) expect(await readModels.count('p1', other, [])).toBe(0);
      });

      it('refuses a field name that is not letters and digits', async () => {
        const { readModels } = await prepared();
        const document = z.record(z.string(), z.number());
        const odd: Collection<Record<string, number>> = { name: 'odd', document, indexes: [[`a') --`]] };
        await expect(readModels.prepare([declared(odd)])).rejects.toThrow(/letters and digits/);
        const where = [{ field: 'a b', op: 'eq', value: 1 }] as const;
        await expect(readModels.count('p1', odd, where)).rejects.toThrow(/letters and digits/);
      });
    });
  });
};
