import type { Declared } from '../collection.ts';
import { sparseField } from '../collection.ts';
import { indexName } from './indexes.ts';
import { columnsOf, docsTable, fieldSql, livingSql, pathSql, quoted, termsTable } from './names.ts';

// In order, the words fill the table page by page, instead of a place here and a place there.
const createTerms = (collection: Declared, field: string, table: string): string => `
  CREATE TABLE ${quoted(table)}
    (project TEXT NOT NULL, word TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (project, word, id)) WITHOUT ROWID;
  INSERT OR IGNORE INTO ${quoted(table)} SELECT stored.project, term.value, stored.id
    FROM ${quoted(docsTable(collection))} AS stored, json_each(stored.doc, ${pathSql(field)}) AS term
    WHERE stored.doc IS NOT NULL AND term.type = 'text' ORDER BY 1, 2, 3;`;

const dropIndex = (name: string): string => `DROP INDEX ${quoted(name)}`;

/** The names of the tables and indexes of a file, and of the columns of a collection's documents. */
export type Existing = { readonly names: ReadonlySet<string>; readonly columns: ReadonlySet<string> };

/**
 * The table for the documents, with its columns. A file that is older than the columns has indexes on expressions: where
 * there is one, somebody wrote documents without columns, and all are filled again.
 */
const documentChanges = (
  collection: Declared,
  { columns }: Existing,
  outdated: readonly string[],
): readonly string[] => {
  const table = quoted(docsTable(collection));
  const wanted = columnsOf(collection);
  if (columns.size === 0) {
    const made = [...wanted.keys()].map((name) => `${quoted(name)}, `).join('');
    return [
      `CREATE TABLE ${table} (project TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, ${made} doc TEXT,
        PRIMARY KEY (project, id))`,
    ];
  }
  const lacking = [...wanted.keys()].filter((name) => !columns.has(name));
  const stale = [...columns].filter((name) => (name === 'gone' || name.startsWith('$.')) && !wanted.has(name));
  const values = [...wanted].map(([name, sql]) => `${quoted(name)} = ${sql}`).join(', ');
  const filled = [
    ...outdated.map(dropIndex),
    ...lacking.map((name) => `ALTER TABLE ${table} ADD COLUMN ${quoted(name)}`),
    `UPDATE ${table} SET ${values}`,
  ].join('; ');
  const dropped = stale.map((name) => `ALTER TABLE ${table} DROP COLUMN ${quoted(name)}`);
  if (wanted.size === 0) return [...outdated.map(dropIndex), ...dropped];
  return lacking.length + outdated.length > 0 ? [...dropped, filled] : dropped;
};

/**
 * The SQL that brings the tables and indexes of a collection from what exists to what is declared, change by change; none
 * when nothing changed. `bare` makes no indexes and no words. Indexes, columns and terms are named after their fields, so one
 * whose declaration is gone is known by its name.
 */
export const schemaChanges = (collection: Declared, existing: Existing, bare = false): readonly string[] => {
  const docs = quoted(docsTable(collection));
  const indexes = new Map(collection.indexes.map((fields) => [indexName(collection, fields), fields]));
  const terms = collection.terms === undefined ? undefined : termsTable(collection, collection.terms);
  const own = (kind: string) =>
    [...existing.names].filter(
      (name) => name.startsWith(kind) && name.slice(name.indexOf('.', kind.length) + 1) === collection.name,
    );
  const outdated = (kind: string) => own(kind).filter((name) => !indexes.has(name));
  const documents = [...outdated('by.').map(dropIndex), ...documentChanges(collection, existing, outdated('index.'))];
  if (bare) return documents;
  return [
    ...documents,
    ...own('terms.').flatMap((name) => (name === terms ? [] : [`DROP TABLE ${quoted(name)}`])),
    ...[...indexes].flatMap(([name, fields]) => {
      const columns = ['project', ...fields.map((field) => fieldSql(collection, field)), 'id'].join(', ');
      const first = sparseField(collection, fields);
      const has = first === undefined ? '' : ` AND ${fieldSql(collection, first)} IS NOT NULL`;
      const index = `CREATE INDEX ${quoted(name)} ON ${docs} (${columns}) WHERE ${livingSql(collection)}${has}`;
      return existing.names.has(name) ? [] : [index];
    }),
    ...(collection.terms === undefined || terms === undefined || existing.names.has(terms)
      ? []
      : [createTerms(collection, collection.terms, terms)]),
  ];
};
