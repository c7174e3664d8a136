import type { Declared } from './read-models.ts';
import { docsTable, fieldSql, pathSql, quoted, termsTable } from './sqlite-names.ts';

const indexName = (collection: Declared, fields: readonly string[]): string =>
  `index.${fields.join(',')}.${collection.name}`;

// In order, the words fill the table page by page, instead of a place here and a place there.
const createTerms = (collection: Declared, field: string, table: string): string => `
  CREATE TABLE ${quoted(table)}
    (project TEXT NOT NULL, word TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (project, word, id)) WITHOUT ROWID;
  INSERT OR IGNORE INTO ${quoted(table)} SELECT stored.project, term.value, stored.id
    FROM ${quoted(docsTable(collection))} AS stored, json_each(stored.doc, ${pathSql(field)}) AS term
    WHERE stored.doc IS NOT NULL AND term.type = 'text' ORDER BY 1, 2, 3;`;

/**
 * The SQL that brings the tables and indexes of a collection from what exists to what is declared, change by change; none
 * when nothing changed. `bare` changes nothing but that there is a table for the documents. Indexes and terms are named after
 * their fields, so one whose declaration is gone is known by its name.
 */
export const schemaChanges = (collection: Declared, existing: ReadonlySet<string>, bare = false): readonly string[] => {
  const docs = docsTable(collection);
  const indexes = new Map(collection.indexes.map((fields) => [indexName(collection, fields), fields]));
  const terms = collection.terms === undefined ? undefined : termsTable(collection, collection.terms);
  const own = (kind: string) =>
    [...existing].filter(
      (name) => name.startsWith(kind) && name.slice(name.indexOf('.', kind.length) + 1) === collection.name,
    );
  const table = `CREATE TABLE ${quoted(docs)}
    (project TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, doc TEXT, PRIMARY KEY (project, id))`;
  const documents = existing.has(docs) ? [] : [table];
  if (bare) return documents;
  return [
    ...documents,
    ...own('index.').flatMap((name) => (indexes.has(name) ? [] : [`DROP INDEX ${quoted(name)}`])),
    ...own('terms.').flatMap((name) => (name === terms ? [] : [`DROP TABLE ${quoted(name)}`])),
    ...[...indexes].flatMap(([name, fields]) => {
      const columns = ['project', ...fields.map(fieldSql), 'id'].join(', ');
      const index = `CREATE INDEX ${quoted(name)} ON ${quoted(docs)} (${columns}) WHERE doc IS NOT NULL`;
      return existing.has(name) ? [] : [index];
    }),
    ...(collection.terms === undefined || terms === undefined || existing.has(terms)
      ? []
      : [createTerms(collection, collection.terms, terms)]),
  ];
};
