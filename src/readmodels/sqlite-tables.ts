import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parsed } from './document.ts';
import type { Collection, Declared, Key, Replacement, Stored } from './read-models.ts';
import { docsTable, pathSql, quoted, termsTable } from './sqlite-names.ts';
import { schemaChanges } from './sqlite-schema.ts';

/** Makes a statement, or gives the one made before of the same SQL. */
export type Connection = { readonly prepared: (sql: string) => StatementSync };

/** The tables that every file has. */
export const commonTables = `
  CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;`;

/**
 * Makes the next table or index that a collection lacks, or drops the next that it no longer declares; of a `bare` one, only
 * the table of its documents is made. Tells whether there was anything to do.
 */
export const prepareNext = (db: DatabaseSync, collection: Declared, bare: boolean): boolean => {
  const rows = db.prepare('SELECT name FROM sqlite_schema WHERE sql IS NOT NULL').all();
  const existing = new Set(rows.map(({ name }) => String(name)));
  const [change] = schemaChanges(collection, existing, bare);
  if (change !== undefined) db.exec(change);
  return change !== undefined;
};

/** How many keys one statement looks up at most. */
const MANY = 256;

/** Some columns of the rows of many keys, in as few statements as they fit in; a key without a row is left out. */
const rowsOf = <R>(
  { prepared }: Connection,
  collection: Declared,
  columns: string,
  keys: readonly Key[],
): (R & Key)[] => {
  const table = quoted(docsTable(collection));
  const found: (R & Key)[] = [];
  for (const [project, own] of Map.groupBy(keys, (key) => key.project)) {
    for (let begin = 0; begin < own.length; begin += MANY) {
      const ids = own.slice(begin, begin + MANY).map(({ id }) => id);
      // A few sizes of statement are prepared once; the place that is over asks for the last key again.
      const places = 2 ** Math.ceil(Math.log2(ids.length));
      const asked = [...ids, ...Array.from({ length: places - ids.length }, () => ids.at(-1) ?? '')];
      const sql = `SELECT project, id, ${columns} FROM ${table} WHERE project = ? AND id IN (${asked.map(() => '?').join(', ')})`;
      found.push(...(prepared(sql).all(project, ...asked) as (R & Key)[]));
    }
  }
  return found;
};

/** The documents of keys with their positions, tombstones too; of some keys there may be none. Throws when one does not fit its schema. */
export const loadStored = <D>(
  connection: Connection,
  collection: Collection<D>,
  keys: readonly Key[],
): readonly Stored<D>[] =>
  rowsOf<{ doc: string | null; position: number }>(connection, collection, 'doc, position', keys).map(
    ({ project, id, doc, position }) => ({
      ...{ project, id, position },
      doc: doc === null ? undefined : parsed(collection, id, doc),
    }),
  );

const wordsIn = (json: string | null | undefined): ReadonlySet<string> => {
  const value: unknown = json ? JSON.parse(json) : [];
  return new Set(Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []);
};

const keyText = ({ project, id }: Key): string => JSON.stringify([project, id]);

/** Brings the words that documents are found by from what they were to what they are. */
const wordsSaving = (connection: Connection, collection: Declared, field: string, keys: readonly Key[]) => {
  const columns = `doc -> ${pathSql(field)} AS words`;
  const rows = rowsOf<{ words: string | null }>(connection, collection, columns, keys);
  const before = new Map(rows.map((row) => [keyText(row), row.words]));
  const table = quoted(termsTable(collection, field));
  const remove = connection.prepared(`DELETE FROM ${table} WHERE project = ? AND word = ? AND id = ?`);
  const add = connection.prepared(`INSERT OR IGNORE INTO ${table} (project, word, id) VALUES (?, ?, ?)`);
  return (key: Key, value: unknown): void => {
    const name = keyText(key);
    const json = value === undefined ? null : JSON.stringify(value);
    // The usual document has the words that it had.
    if (json === before.get(name)) return;
    const [old, now] = [wordsIn(before.get(name)), wordsIn(json)];
    for (const word of old) if (!now.has(word)) remove.run(key.project, word, key.id);
    for (const word of now) if (!old.has(word)) add.run(key.project, word, key.id);
    before.set(name, json);
  };
};

/** Whether a collection has words; one that is bare gets them when it is prepared. */
const hasTerms = ({ prepared }: Connection, collection: Declared, field: string): boolean =>
  prepared('SELECT 1 FROM sqlite_schema WHERE name = ?').get(termsTable(collection, field)) !== undefined;

/** Writes documents and, of those that were written, their words. Tells whether all were. */
const written = <D, S extends Stored<D>>(
  connection: Connection,
  collection: Collection<D>,
  documents: readonly S[],
  upsert: (document: S, json: string | null) => number | bigint,
): boolean => {
  if (documents.length === 0) return true;
  const terms =
    collection.terms !== undefined && hasTerms(connection, collection, collection.terms) ? collection.terms : undefined;
  const saveWords = terms === undefined ? undefined : wordsSaving(connection, collection, terms, documents);
  let all = true;
  for (const document of documents) {
    const { doc } = document;
    const changes = Number(upsert(document, doc === undefined ? null : JSON.stringify(doc)));
    if (terms !== undefined && changes > 0) saveWords?.(document, doc?.[terms]);
    all &&= changes > 0;
  }
  return all;
};

const upserting = ({ prepared }: Connection, collection: Declared, condition: string): StatementSync =>
  prepared(`INSERT INTO ${quoted(docsTable(collection))} AS stored (project, id, position, doc)
    VALUES (?, ?, ?, ?) ON CONFLICT (project, id) DO UPDATE SET position = excluded.position, doc = excluded.doc
    WHERE ${condition}`);

/** Writes documents and their words, each unless a newer document is there. */
export const saveDocuments = <D>(
  connection: Connection,
  collection: Collection<D>,
  documents: readonly Stored<D>[],
): void => {
  const upsert = upserting(connection, collection, 'excluded.position > stored.position');
  written(
    connection,
    collection,
    documents,
    ({ project, id, position }, json) => upsert.run(project, id, position, json).changes,
  );
};

/** Writes documents and their words, each if what is there is of the position that was seen. Tells whether all were. */
export const replaceDocuments = <D>(
  connection: Connection,
  collection: Collection<D>,
  documents: readonly Replacement<D>[],
): boolean => {
  const upsert = upserting(connection, collection, 'stored.position = ?');
  return written(
    connection,
    collection,
    documents,
    ({ project, id, position, seen = -1 }, json) => upsert.run(project, id, position, json, seen).changes,
  );
};

/** How many documents a collection has. */
export const sizeOf = ({ prepared }: Connection, name: string): number =>
  Number(prepared(`SELECT count(*) AS size FROM ${quoted(`docs.${name}`)} WHERE doc IS NOT NULL`).get()?.['size']);

/** Removes the tables of a collection, and its checkpoint. */
export const dropCollection = (db: DatabaseSync, name: string): void => {
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  for (const { name: table } of tables) {
    const words = /^terms\.[^.]*\.(.*)$/s.exec(String(table))?.[1];
    if (table === `docs.${name}` || words === name) db.exec(`DROP TABLE ${quoted(String(table))}`);
  }
  db.prepare('DELETE FROM checkpoints WHERE name = ?').run(name);
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
