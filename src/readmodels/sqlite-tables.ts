import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { markOf, parsed } from './document.ts';
import type { Collection, Declared, Key, Page, Query, Stored } from './read-models.ts';
import { docsTable, findStatement, pathSql, quoted, schemaChanges, termsTable } from './sqlite-query.ts';

type Row = { readonly id: string; readonly doc: string };

/** Makes a statement, or gives the one made before of the same SQL. */
export type Connection = { readonly prepared: (sql: string) => StatementSync };

/** The tables that every file has. */
export const commonTables = `
  CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;`;

/** Makes the tables and indexes of a collection, and drops those it no longer declares. */
export const prepareCollection = (db: DatabaseSync, collection: Declared): void => {
  const rows = db.prepare('SELECT name FROM sqlite_schema WHERE sql IS NOT NULL').all();
  const existing = new Set(rows.map(({ name }) => String(name)));
  for (const sql of schemaChanges(collection, existing)) db.exec(sql);
};

/** A page of the documents that meet a query. Throws when a document does not fit its schema or has nothing to sort by. */
export const findPage = <D>(
  connection: Connection,
  project: string,
  collection: Collection<D>,
  query: Query<D>,
): Page<D> => {
  const { sql, values } = findStatement(project, collection, query);
  const rows = connection.prepared(sql).all(...values) as Row[];
  const docs = rows.slice(0, query.limit).map((row) => parsed(collection, row.id, row.doc));
  const last = rows[query.limit - 1];
  return rows.length > query.limit && last ? { docs, next: markOf(collection, query, last.id, last.doc) } : { docs };
};

/** The document of a key with its position, tombstones too, or none. Throws when it does not fit its schema. */
export const loadStored = <D>(
  { prepared }: Connection,
  collection: Collection<D>,
  { project, id }: Key,
): Stored<D>[] => {
  const sql = `SELECT doc, position FROM ${quoted(docsTable(collection))} WHERE project = ? AND id = ?`;
  const row = prepared(sql).get(project, id) as { doc: string | null; position: number } | undefined;
  if (!row) return [];
  const doc = row.doc === null ? undefined : parsed(collection, id, row.doc);
  return [{ project, id, doc, position: row.position }];
};

const wordsOf = (value: unknown): ReadonlySet<string> =>
  new Set(Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []);

const storedWords = ({ prepared }: Connection, collection: Declared, field: string, key: Key): ReadonlySet<string> => {
  const sql = `SELECT doc -> ${pathSql(field)} AS words FROM ${quoted(docsTable(collection))} WHERE project = ? AND id = ?`;
  const words = prepared(sql).get(key.project, key.id)?.['words'];
  return wordsOf(typeof words === 'string' ? JSON.parse(words) : undefined);
};

const upsert = <D>({ prepared }: Connection, collection: Collection<D>, document: Stored<D>): boolean => {
  const { project, id, position, doc } = document;
  const statement = prepared(`INSERT INTO ${quoted(docsTable(collection))} AS stored (project, id, position, doc)
    VALUES (?, ?, ?, ?) ON CONFLICT (project, id) DO UPDATE SET position = excluded.position, doc = excluded.doc
    WHERE excluded.position > stored.position`);
  const { changes } = statement.run(project, id, position, doc === undefined ? null : JSON.stringify(doc));
  return Number(changes) > 0;
};

/** Writes a document and its words, unless a newer document is there. */
export const saveDocument = <D>(connection: Connection, collection: Collection<D>, document: Stored<D>): void => {
  const { terms } = collection;
  const before = terms === undefined ? wordsOf(undefined) : storedWords(connection, collection, terms, document);
  if (!upsert(connection, collection, document) || terms === undefined) return;
  const { project, id, doc } = document;
  const after = wordsOf(doc?.[terms]);
  const table = quoted(termsTable(collection, terms));
  const remove = connection.prepared(`DELETE FROM ${table} WHERE project = ? AND word = ? AND id = ?`);
  const add = connection.prepared(`INSERT OR IGNORE INTO ${table} (project, word, id) VALUES (?, ?, ?)`);
  for (const word of before) if (!after.has(word)) remove.run(project, word, id);
  for (const word of after) if (!before.has(word)) add.run(project, word, id);
};

/** Moves a checkpoint forward; it never goes back. */
export const moveCheckpoint = ({ prepared }: Connection, name: string, position: number): void => {
  prepared(`INSERT INTO checkpoints (name, position) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position)`).run(name, position);
};

/** How far a checkpoint is; 0 before it moved. */
export const checkpointOf = ({ prepared }: Connection, name: string): number =>
  Number(prepared('SELECT position FROM checkpoints WHERE name = ?').get(name)?.['position'] ?? 0);

/** Takes or renews a lease, in one statement, so that of two that ask one has it. Times are in ms. Tells whether the holder has it. */
export const takeLease = (
  { prepared }: Connection,
  name: string,
  holder: string,
  { now, until }: { readonly now: number; readonly until: number },
): boolean => {
  const { changes } = prepared(`INSERT INTO leases AS held (name, holder, until) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE held.holder = excluded.holder OR held.until <= ?`).run(name, holder, until, now);
  return Number(changes) > 0;
};

/** Gives a lease back, if the holder has it. */
export const releaseLease = ({ prepared }: Connection, name: string, holder: string): void => {
  prepared('DELETE FROM leases WHERE name = ? AND holder = ?').run(name, holder);
};
