import type { StatementSync } from 'node:sqlite';
import { parsed } from '../checks.ts';
import type { Replacement, Stored } from '../documents.ts';
import type { Scalar } from '../queries.ts';
import type { Collection, Declared, Key } from '../collection.ts';
import { columnFields, columnsOf, docsTable, fieldColumn, quoted, termsTable } from './names.ts';
import type { Connection } from './tables.ts';

/** How many keys one statement looks up at most. */
const MANY = 256;

/** Some columns of the rows of many keys, in as few statements as they fit in; a key without a row is left out. */
const rowsOf = <R>({ prepared }: Connection, collection: Declared, columns: string, keys: readonly Key[]): R[] => {
  const table = quoted(docsTable(collection));
  const found: R[] = [];
  for (const [project, own] of Map.groupBy(keys, (key) => key.project)) {
    for (let begin = 0; begin < own.length; begin += MANY) {
      const ids = own.slice(begin, begin + MANY).map(({ id }) => id);
      // A few sizes of statement are prepared once; the place that is over asks for the last key again.
      const places = 2 ** Math.ceil(Math.log2(ids.length));
      const asked = [...ids, ...Array.from({ length: places - ids.length }, () => ids.at(-1) ?? '')];
      const sql = `SELECT project, id, ${columns} FROM ${table} WHERE project = ? AND id IN (${asked.map(() => '?').join(', ')})`;
      const statement = prepared(sql);
      statement.setReturnArrays(true);
      found.push(...(statement.all(project, ...asked) as R[]));
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
  rowsOf<[string, string, string | null, number]>(connection, collection, 'doc, position', keys).map(
    ([project, id, doc, position]) => ({
      project,
      id,
      position,
      doc: doc === null ? undefined : parsed(collection, id, doc),
    }),
  );

const keyText = ({ project, id }: Key): string => `${project.length} ${project}${id}`;

/** What a column has of a document's field: what SQLite would extract from the document's JSON. */
const columnValue = (value: unknown): Value => {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return value === undefined || value === null ? null : JSON.stringify(value);
};

type Value = Scalar | null;
/** What is there of a document: where, and its values in the order of the columns, but for the last one, `doc`. */
type Before = { readonly rowid: Value | undefined; readonly values: readonly Value[] };

/** Which rows may be written over: SQL about the row that is there, `stored`, and its parameter for a document. */
type Guard<S> = { readonly sql: string; readonly value: (document: S) => number };

/**
 * Writes a row if its guard lets it, and gives how many were written. Of one that is known to be there only the columns that
 * changed are named: SQLite leaves an index alone none of whose columns is named, and of a lead's indexes an activity
 * changes two, a new score three, and one or two more once somebody has it.
 */
const rowWriting = ({ prepared }: Connection, table: string, columns: readonly string[], guard: string) => {
  const names = columns.map(quoted);
  const others = names.slice(2);
  const upsert = prepared(`INSERT INTO ${table} AS stored (${names.join(', ')})
    VALUES (${names.map(() => '?').join(', ')}) ON CONFLICT (project, id) DO UPDATE
    SET ${others.map((name) => `${name} = excluded.${name}`).join(', ')} WHERE ${guard}`);
  const updates = new Map<string, StatementSync>();
  const updating = (changed: readonly number[]): StatementSync => {
    const key = changed.join();
    const set = () => changed.map((place) => `${names[place]} = ?`).join(', ');
    const update = updates.get(key) ?? prepared(`UPDATE ${table} AS stored SET ${set()} WHERE rowid = ? AND ${guard}`);
    updates.set(key, update);
    return update;
  };
  return (before: Before | undefined, row: readonly Value[], guarded: number): number => {
    if (before?.rowid === undefined) return Number(upsert.run(...row, guarded).changes);
    const [changed, values]: [number[], Value[]] = [[], []];
    for (const [place, value] of row.entries()) {
      if (value === before.values[place]) continue;
      changed.push(place);
      values.push(value);
    }
    return Number(updating(changed).run(...values, before.rowid, guarded).changes);
  };
};

const wordsIn = (json: Value | undefined): ReadonlySet<string> => {
  const value: unknown = typeof json === 'string' && json !== '' ? JSON.parse(json) : [];
  return new Set(Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []);
};

/** Brings the words that documents are found by from what they were to what they are, if there are any yet. */
const wordsSaving = ({ prepared }: Connection, collection: Declared) => {
  const table = collection.terms === undefined ? undefined : termsTable(collection, collection.terms);
  if (table === undefined || !prepared('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table)) return undefined;
  const remove = prepared(`DELETE FROM ${quoted(table)} WHERE project = ? AND word = ? AND id = ?`);
  const add = prepared(`INSERT OR IGNORE INTO ${quoted(table)} (project, word, id) VALUES (?, ?, ?)`);
  return ({ project, id }: Key, before: Value | undefined, now: Value | undefined): void => {
    // The usual document has the words that it had.
    if (before === now) return;
    const [old, current] = [wordsIn(before), wordsIn(now)];
    for (const word of old) if (!current.has(word)) remove.run(project, word, id);
    for (const word of current) if (!old.has(word)) add.run(project, word, id);
  };
};

/** Whether a collection has no index and no words; one that is bare gets them when it is prepared. */
const isBare = ({ prepared }: Connection, collection: Declared): boolean => {
  const made = prepared(`SELECT 1 FROM sqlite_schema
    WHERE sql IS NOT NULL AND (type = 'index' AND tbl_name = ? OR name = ?)`);
  return made.get(docsTable(collection), termsTable(collection, collection.terms ?? '')) === undefined;
};

/** What is there of documents, by their keys; nothing is looked up where it would spare nothing. */
const beforeOf = (
  connection: Connection,
  collection: Declared,
  columns: readonly string[],
  keys: readonly Key[],
): Map<string, Before> => {
  if (columnFields(collection).length === 0 || isBare(connection, collection)) return new Map();
  const rows = rowsOf<[string, string, ...Value[]]>(connection, collection, columns.map(quoted).join(', '), keys);
  return new Map(
    rows.map((row) => [keyText({ project: row[0], id: row[1] }), { rowid: row.at(-1), values: row.slice(0, -1) }]),
  );
};

/** Writes documents and, of those that were written, their words. Tells whether all were. */
const written = <D, S extends Stored<D>>(
  connection: Connection,
  collection: Collection<D>,
  documents: readonly S[],
  guard: Guard<S>,
): boolean => {
  if (documents.length === 0) return true;
  const fields = columnFields(collection);
  const columns = ['project', 'id', 'position', ...columnsOf(collection).keys(), 'doc'];
  const write = rowWriting(connection, quoted(docsTable(collection)), columns, guard.sql);
  const saveWords = wordsSaving(connection, collection);
  const words = columns.indexOf(fieldColumn(collection.terms ?? 'none'));
  const before = beforeOf(connection, collection, [...columns.slice(2, -1), 'rowid'], documents);
  let all = true;
  for (const document of documents) {
    const { project, id, position, doc } = document;
    const name = keyText(document);
    const gone = fields.length === 0 ? [] : [doc === undefined ? 1 : null];
    const json = doc === undefined ? null : JSON.stringify(doc);
    const row = [project, id, position, ...gone, ...fields.map((field) => columnValue(doc?.[field])), json];
    const was = before.get(name);
    const changes = write(was, row, guard.value(document));
    all &&= changes > 0;
    if (changes === 0 || fields.length === 0) continue;
    saveWords?.(document, was?.values[words], row[words]);
    before.set(name, { rowid: was?.rowid, values: row.slice(0, -1) });
  }
  return all;
};

/** Writes documents and their words, each unless a newer document is there. */
export const saveDocuments = <D>(
  connection: Connection,
  collection: Collection<D>,
  documents: readonly Stored<D>[],
): void => {
  written(connection, collection, documents, { sql: 'stored.position < ?', value: ({ position }) => position });
};

/** Writes documents and their words, each if what is there is of the position that was seen. Tells whether all were. */
export const replaceDocuments = <D>(
  connection: Connection,
  collection: Collection<D>,
  documents: readonly Replacement<D>[],
): boolean =>
  written(connection, collection, documents, { sql: 'stored.position = ?', value: ({ replaces = -1 }) => replaces });
