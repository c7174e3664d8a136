import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { begin, nextOf, serve, serving, servingOf } from '../../src/readmodels/generations.ts';
import type { Collection } from '../../src/readmodels/collection.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';

type Mark = { readonly mark: string };
const marks: Collection<Mark> = { name: 'marks', document: z.object({ mark: z.string() }), indexes: [] };
const second: Collection<Mark> = { ...marks, name: 'marks@2' };

const declared = ({ name }: Collection<Mark>) => ({ name, indexes: [] });

/** Two generations of marks, the first of which serves. */
const opened = async () => {
  const readModels = openSqliteReadModels(':memory:');
  onTestFinished(() => readModels.close());
  await readModels.prepare([declared(marks), declared(second)]);
  await readModels.save(marks, [{ project: 'p', id: 'a', position: 1, doc: { mark: 'old' } }], 7);
  await readModels.save(second, [{ project: 'p', id: 'a', position: 1, doc: { mark: 'new' } }], 9);
  return readModels;
};

it('A generation answers from the moment on in which it is made to serve, in everything that is read', async () => {
  const readModels = await opened();
  const reader = serving(readModels, ['marks'], { maxAge: 0 });
  expect(await reader.get('p', marks, 'a')).toEqual({ mark: 'old' });
  expect(await reader.checkpoint('marks')).toBe(7);
  await serve(readModels, 'marks', 2);
  expect(await servingOf(readModels, 'marks')).toBe(2);
  expect(await reader.get('p', marks, 'a')).toEqual({ mark: 'new' });
  expect((await reader.find('p', marks, { where: [], sort: [], limit: 5 })).docs).toEqual([{ mark: 'new' }]);
  expect((await reader.load(marks, [{ project: 'p', id: 'a' }]))[0]?.doc).toEqual({ mark: 'new' });
  expect(await reader.checkpoint('marks')).toBe(9);
  expect({ readerCount: await reader.count('p', marks, []), readerSize: await reader.size('marks') }).toEqual({
    readerCount: 1,
    readerSize: 1,
  });
  expect(await reader.get('p', second, 'a')).toEqual({ mark: 'new' });
});

it('An earlier generation never serves again', async () => {
  const readModels = await opened();
  await serve(readModels, 'marks', 2);
  await serve(readModels, 'marks', 1);
  expect(await servingOf(readModels, 'marks')).toBe(2);
});

it('What was looked up is used for as long as it may be, and no longer', async () => {
  const readModels = await opened();
  const time = { now: 0 };
  const reader = serving(readModels, ['marks'], { maxAge: 500, now: () => time.now });
  expect(await reader.get('p', marks, 'a')).toEqual({ mark: 'old' });
  await serve(readModels, 'marks', 2);
  time.now = 499;
  expect(await reader.get('p', marks, 'a')).toEqual({ mark: 'old' });
  time.now = 500;
  expect(await reader.get('p', marks, 'a')).toEqual({ mark: 'new' });
});

it('Collections without generations are what they are', async () => {
  const readModels = await opened();
  await serve(readModels, 'marks', 2);
  expect(await serving(readModels, [], { maxAge: 0 }).get('p', marks, 'a')).toEqual({ mark: 'old' });
});

it('A number that somebody began to build is not given again', async () => {
  const readModels = await opened();
  expect(await nextOf(readModels, 'marks')).toBe(1);
  await begin(readModels, 'marks', 1);
  expect(await nextOf(readModels, 'marks')).toBe(2);
  await serve(readModels, 'marks', 4);
  expect(await nextOf(readModels, 'marks')).toBe(5);
});
