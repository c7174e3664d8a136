import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import type { Query } from '../../src/readmodels/queries.ts';
import type { Collection } from '../../src/readmodels/collection.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { declared } from '../contracts/read-models/people.ts';

const document = z.object({
  score: z.number(),
  city: z.string().optional(),
  open: z.boolean(),
  words: z.array(z.string()),
  note: z.string().optional(),
});
type Person = z.infer<typeof document>;
const people: Collection<Person> = {
  name: 'people',
  document,
  indexes: [['score'], ['city', 'score'], ['open']],
  terms: 'words',
};
const best: Query<Person> = { where: [], sort: [{ field: 'score', direction: 'desc' }], limit: 10 };

const home = () => {
  const folder = mkdtempSync(join(tmpdir(), 'columns-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'read-models.db');
};
const opened = (path: string) => {
  const readModels = openSqliteReadModels(path);
  onTestFinished(() => readModels.close());
  return readModels;
};
const asked = <T>(path: string, ask: (db: DatabaseSync) => T): T => {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    return ask(db);
  } finally {
    db.close();
  }
};
const names = (path: string) =>
  asked(path, (db) =>
    db
      .prepare('SELECT name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY 1')
      .all()
      .map(({ name }) => String(name)),
  );
const columns = (path: string, wanted: string) =>
  asked(path, (db) => {
    const statement = db.prepare(`SELECT ${wanted} FROM "docs.people" ORDER BY id`);
    statement.setReturnArrays(true);
    return statement.all();
  });

const anna: Person = { score: 7, city: 'Oslo', open: true, words: ['anna'] };
const stored = (id: string, position: number, doc?: Person) => ({ project: 'p1', id, position, doc });

/** A file as it was made before there were columns. */
const older = (path: string): void => {
  const row = (id: string, doc: object | null) =>
    `INSERT INTO "docs.people" VALUES ('p1', '${id}', 5, ${doc ? `'${JSON.stringify(doc)}'` : 'NULL'});`;
  const index = (fields: readonly string[]) =>
    `CREATE INDEX "index.${fields.join(',')}.people" ON "docs.people"
      (project, ${fields.map((field) => `json_extract(doc, '$.${field}')`).join(', ')}, id) WHERE doc IS NOT NULL;`;
  asked(path, (db) =>
    db.exec(`PRAGMA journal_mode = WAL;
      CREATE TABLE checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
      INSERT INTO checkpoints VALUES ('people', 5);
      CREATE TABLE "docs.people"
        (project TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, doc TEXT, PRIMARY KEY (project, id));
      CREATE TABLE "terms.words.people"
        (project TEXT NOT NULL, word TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (project, word, id)) WITHOUT ROWID;
      INSERT INTO "terms.words.people" VALUES ('p1', 'anna', 'a'), ('p1', 'ben', 'b');
      ${row('a', anna)} ${row('b', { score: 0.5, open: false, words: ['ben'] })} ${row('c', null)}
      ${index(['score'])} ${index(['city', 'score'])} ${index(['open'])}`),
  );
};

const upgraded = [
  'by.city,score.people',
  'by.open.people',
  'by.score.people',
  'checkpoint_facts',
  'checkpoints',
  'docs.people',
  'leases',
];

const answersAsBefore = async (path: string): Promise<void> => {
  const readModels = opened(path);
  expect((await readModels.find('p1', people, best)).docs.map(({ score }) => score)).toEqual([7, 0.5]);
  const where = [{ field: 'city', op: 'eq', value: 'Oslo' }] as const;
  expect((await readModels.find('p1', people, { ...best, where })).docs).toEqual([anna]);
  expect(await readModels.count('p1', people, [{ field: 'open', op: 'eq', value: 0 }])).toBe(1);
  expect(await readModels.size('people')).toBe(2);
  expect(await readModels.checkpoint('people')).toBe(5);
  expect(names(path)).toEqual([...upgraded, 'terms.words.people']);
  expect(columns(path, 'gone, "$.score", "$.city", "$.open", "$.words"')).toEqual([
    [null, 7, 'Oslo', 1, '["anna"]'],
    [null, 0.5, null, 0, '["ben"]'],
    [1, null, null, null, null],
  ]);
};

it('a file that is older than the columns gets them when it is prepared, and is unavailable until then', async () => {
  const path = home();
  older(path);
  await expect(opened(path).find('p1', people, best)).rejects.toBeInstanceOf(ReadModelsUnavailable);
  await expect(opened(path).save(people, [stored('a', 6, anna)], 6)).rejects.toBeInstanceOf(ReadModelsUnavailable);
  expect(await opened(path).get('p1', people, 'a')).toEqual(anna);
  await opened(path).prepare([declared(people)]);
  await answersAsBefore(path);
});

it('a file that is older than the columns is prepared by two at the same time, bare at first as at a start', async () => {
  const path = home();
  older(path);
  const both = [opened(path), opened(path)];
  await Promise.all(both.map((each) => each.prepare([declared(people)], { bare: true })));
  expect(await opened(path).count('p1', people, [{ field: 'score', op: 'gt', value: 1 }])).toBe(1);
  await Promise.all(both.map((each) => each.prepare([declared(people)])));
  await answersAsBefore(path);
});

it('columns are filled again where an older version wrote meanwhile', async () => {
  const path = home();
  await opened(path).prepare([declared(people)]);
  await opened(path).save(people, [stored('a', 4, { ...anna, score: 1, city: 'Rome' })], 5);
  asked(path, (db) =>
    db.exec(`CREATE INDEX "index.score.people" ON "docs.people" (project, json_extract(doc, '$.score'), id) WHERE doc IS NOT NULL;
      UPDATE "docs.people" SET position = 5, doc = '${JSON.stringify(anna)}';
      INSERT INTO "docs.people" (project, id, position, doc)
        VALUES ('p1', 'b', 5, '{"score":0.5,"open":false,"words":["ben"]}'), ('p1', 'c', 5, NULL)`),
  );
  await opened(path).prepare([declared(people)]);
  await answersAsBefore(path);
});

it('columns have what the document has, whichever of its fields changed', async () => {
  const path = home();
  const readModels = opened(path);
  await readModels.prepare([declared(people)]);
  const states: readonly (Person | undefined)[] = [
    anna,
    { ...anna, note: 'no field of an index' },
    { ...anna, score: -0.25 },
    { score: 7, open: false, words: [] },
    undefined,
    { ...anna, city: 'a\u0000b', words: ['anna', 'ø'] },
  ];
  const extracted = ['score', 'city', 'open', 'words'].map(
    (field) => `json_extract(doc, '$.${field}') IS "$.${field}"`,
  );
  for (const [at, doc] of states.entries()) {
    await readModels.save(people, [stored('a', at + 1, doc)], at + 1);
    expect((await readModels.load(people, [stored('a', 0)]))[0]).toEqual(stored('a', at + 1, doc));
    expect(columns(path, ['gone', ...extracted].join(', '))).toEqual([[doc ? null : 1, 1, 1, 1, 1]]);
  }
});

it('a column goes with the last index that names its field, and is filled when one does again', async () => {
  const path = home();
  const readModels = opened(path);
  await readModels.prepare([declared(people)]);
  await readModels.save(people, [stored('a', 1, anna)], 1);
  const fewer: Collection<Person> = { name: 'people', document, indexes: [['city'], ['open'], ['city', 'open']] };
  await readModels.prepare([declared(fewer)]);
  const left = asked(path, (db) => db.prepare(`SELECT name FROM pragma_table_info('docs.people')`).all());
  expect(left.map(({ name }) => name)).toEqual(['project', 'id', 'position', 'gone', '$.city', '$.open', 'doc']);
  await readModels.save(fewer, [stored('a', 2, { ...anna, score: 8 })], 2);
  const few: Collection<Person> = { name: 'people', document, indexes: [['score']] };
  await readModels.prepare([declared(few)]);
  expect(names(path)).toEqual(['by.score.people', 'checkpoint_facts', 'checkpoints', 'docs.people', 'leases']);
  expect(await readModels.count('p1', few, [{ field: 'score', op: 'eq', value: 8 }])).toBe(1);
  await readModels.save(few, [stored('a', 3, { ...anna, score: 9 })], 3);
  await readModels.prepare([declared(people)]);
  expect(await readModels.count('p1', people, [{ field: 'score', op: 'eq', value: 9 }])).toBe(1);
});
