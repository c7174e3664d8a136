import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Collection, Key } from '../../../src/readmodels/collection.ts';
import type { ReadModels } from '../../../src/readmodels/read-models.ts';
import type { Condition } from '../../../src/readmodels/queries.ts';
import type { Given } from '../read-models.ts';
import type { Person } from './people.ts';
import { compare, declared, everyone, ids, named, people, person, stored, tombstone } from './people.ts';

/** What every adapter does with the documents that are made from the log. */
export const documentsContract = ({ home, prepared }: Given): void => {
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
      expect(await Promise.all(['one', 'two', 'three', 'four', 'five'].map(found))).toEqual([[], [], [], ['a'], ['a']]);
    });

    it('is told what a document was, and looks at what there is when that is not so', async () => {
      const { readModels } = await prepared();
      const fifth = stored(5, person('a', { city: 'Rome', words: ['five'] }));
      const [seventh, eighth] = [stored(7, person('a', { city: 'Rome', score: 7 })), stored(8, person('a'))];
      await readModels.save(people, [{ ...fifth, before: undefined }], 5);
      await readModels.save(people, [{ ...seventh, before: fifth }], 7);
      await readModels.save(people, [{ ...stored(6, person('a', { score: 6 })), before: fifth }], 7);
      expect(await readModels.load(people, [fifth])).toEqual([seventh]);
      expect(ids(await readModels.find('p1', people, named('five')))).toEqual([]);
      await readModels.save(people, [{ ...eighth, before: seventh }], 8);
      const ninth = stored(9, person('a', { city: 'Rome', score: 7, words: ['nine'] }));
      await readModels.save(people, [{ ...ninth, before: seventh }], 9);
      const inRome = await readModels.find('p1', people, {
        ...everyone,
        where: [{ field: 'city', op: 'eq', value: 'Rome' }],
      });
      expect(inRome.docs).toEqual([ninth.doc]);
      expect(ids(await readModels.find('p1', people, named('nine')))).toEqual(['a']);
    });

    it('ends with the newest document, found by what it says, whatever was said of what it was', async () => {
      const written = fc.record({
        position: fc.integer({ min: 1, max: 8 }),
        doc: fc.option(
          fc.record({ city: fc.constantFrom('Oslo', 'Rome'), words: fc.subarray(['one', 'two', 'three']) }),
          { nil: undefined },
        ),
        known: fc.integer({ min: 0, max: 8 }),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(written, { minLength: 1, maxLength: 8 }), async (writes) => {
          const { readModels } = await prepared();
          const id = `id-${(run += 1)}`;
          // Of one position there is one document, as of one fact.
          const each = new Map(writes.map(({ position, doc }) => [position, doc && person(id, doc)]));
          for (const { position, known } of writes) {
            const before = each.has(known) && { before: { project: 'p1', id, doc: each.get(known), position: known } };
            await readModels.save(people, [{ project: 'p1', id, doc: each.get(position), position, ...before }], 0);
          }
          const newest = each.get(Math.max(...each.keys()));
          expect(await readModels.get('p1', people, id)).toEqual(newest);
          for (const city of ['Oslo', 'Rome']) {
            const { docs } = await readModels.find('p1', people, {
              ...everyone,
              where: [{ field: 'city', op: 'eq', value: city }],
            });
            expect(docs.some((doc) => doc.id === id)).toBe(newest?.city === city);
          }
          for (const word of ['one', 'two', 'three'])
            expect(ids(await readModels.find('p1', people, named(word))).includes(id)).toBe(
              newest?.words.includes(word) ?? false,
            );
        }),
        { numRuns: 30 },
      );
    });

    it('of some that are saved at the same time, saves those that can be', async () => {
      const { readModels } = await prepared();
      const anything: Collection<unknown> = { name: people.name, indexes: [], document: z.unknown() };
      const saves = [
        readModels.save(people, [stored(1, person('a'))], 1),
        readModels.save(anything, [{ project: 'p1', id: 'b', doc: { mark: 5n }, position: 2 }], 2),
        readModels.save(people, [stored(3, person('c'))], 1),
      ];
      expect((await Promise.allSettled(saves)).map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(ids(await readModels.find('p1', people, everyone))).toEqual(['a', 'c']);
      expect(await readModels.checkpoint(people.name)).toBe(1);
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

    it('puts a document, also an older one, in the place of what was there', async () => {
      const { readModels } = await prepared();
      await readModels.save(people, [fifth], 5);
      const third = stored(3, person('a', { score: 3, words: ['three'] }));
      expect(await readModels.replace(people, [{ ...third, replaces: 5 }])).toBe(true);
      expect(await readModels.load(people, [third])).toEqual([third]);
      expect(ids(await readModels.find('p1', people, named('three')))).toEqual(['a']);
      expect(ids(await readModels.find('p1', people, named('five')))).toEqual([]);
      expect(await readModels.checkpoint(people.name)).toBe(5);
    });

    it('makes a document where there was none, and takes away one that should not be there', async () => {
      const { readModels } = await prepared();
      expect(await readModels.replace(people, [{ ...fifth, replaces: undefined }])).toBe(true);
      expect(await readModels.get('p1', people, 'a')).toEqual(fifth.doc);
      expect(await readModels.replace(people, [{ ...tombstone(0, 'a'), replaces: 5 }])).toBe(true);
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
        { ...a, replaces: 4 },
        { ...b, replaces: 5 },
      ];
      expect(await readModels.replace(people, wanted)).toBe(false);
      expect(await readModels.get('p1', people, 'a')).toEqual(fifth.doc);
      expect(ids(await readModels.find('p1', people, named('nine')))).toEqual([]);
      expect(await readModels.get('p1', people, 'b')).toEqual(b.doc);
      expect(await readModels.replace(people, [{ ...a, replaces: undefined }])).toBe(false);
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

  describe('preparing', () => {
    it('reads as empty before anybody prepared, and as written after', async () => {
      const open = await home();
      const reader = await open({ readOnly: true });
      const look = async () => [
        await reader.get('p1', people, 'a'),
        await reader.find('p1', people, named('an')),
        await reader.find('p1', people, everyone),
        await reader.count('p1', people, []),
        (await reader.getMany('p1', people, ['a'])).get('a'),
        await reader.load(people, [{ project: 'p1', id: 'a' }]),
        await reader.checkpoint(people.name),
      ];
      expect(await look()).toEqual([undefined, { docs: [] }, { docs: [] }, 0, undefined, [], 0]);
      const writer = await open();
      await writer.prepare([declared(people)]);
      const anna = stored(3, person('a', { words: ['anna'] }));
      await writer.save(people, [anna], 3);
      expect(await look()).toEqual([anna.doc, { docs: [anna.doc] }, { docs: [anna.doc] }, 1, anna.doc, [anna], 3]);
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
};
