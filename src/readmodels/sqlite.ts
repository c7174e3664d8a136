import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { ReadModelsUnavailable } from './read-models.ts';
import type { Collection, Declared, Key, Page, Query, ReadModels, Scalar, Stored } from './read-models.ts';
import {
  countStatement,
  docsTable,
  findStatement,
  pathSql,
  quoted,
  schemaChanges,
  termsTable,
} from './sqlite-query.ts';

/** Milliseconds a writer waits for another one. Readers never wait. */
const BUSY_TIMEOUT = 1_000;
const PREPARED_STATEMENTS = 200;
const BUSY = 5;

type Row = { readonly id: string; readonly doc: string };
type Connection = { readonly db: DatabaseSync; readonly prepared: (sql: string) => StatementSync };

// Primary result codes of SQLite: PERM, BUSY, LOCKED, NOMEM, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB.
const UNAVAILABLE = new Set([3, BUSY, 6, 7, 10, 11, 13, 14, 15, 26]);
const DAMAGED = new Set([11, 26]);

const errorCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;

const isMissingTable = (error: unknown): boolean =>
  errorCode(error) === 1 && error instanceof Error && error.message.startsWith('no such table');

const attempt = <T>(path: string, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || !UNAVAILABLE.has(code) || !(error instanceof Error)) throw error;
    const advice = DAMAGED.has(code) ? 'delete the file, it is made again from the log' : 'try again';
    throw new ReadModelsUnavailable(`Read models in ${path}: ${error.message}; ${advice}`, { cause: error });
  }
};

// The tables are there once a writer has prepared them; until then there is nothing to read.
const orEmpty = <T>(empty: T, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (isMissingTable(error)) return empty;
    throw error;
  }
};

// SQLite does not wait its turn to make a new file a WAL, but it does to write. Once one has made it, the others find it so.
const useWal = (db: DatabaseSync, tries: number): void => {
  try {
    db.exec('PRAGMA journal_mode = WAL');
  } catch (error) {
    if (errorCode(error) !== BUSY || tries === 1) throw error;
    db.exec('BEGIN IMMEDIATE; COMMIT');
    useWal(db, tries - 1);
  }
};

const connect = (path: string, readOnly: boolean): Connection => {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  // A reader may come first and make the file; it is a WAL then too, so that the writer need not switch under readers.
  useWal(db, 10);
  db.exec('PRAGMA synchronous = NORMAL');
  if (readOnly) db.exec('PRAGMA query_only = ON');
  else
    db.exec('CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID');
  const statements = new LRUCache<string, StatementSync>({ max: PREPARED_STATEMENTS });
  const prepared = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return { db, prepared };
};

const transaction = (db: DatabaseSync, run: () => void): void => {
  db.exec('BEGIN IMMEDIATE');
  try {
    run();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
};

const prepareCollection = (db: DatabaseSync, collection: Declared): void => {
  const rows = db.prepare('SELECT name FROM sqlite_schema WHERE sql IS NOT NULL').all();
  const existing = new Set(rows.map(({ name }) => String(name)));
  for (const sql of schemaChanges(collection, existing)) db.exec(sql);
};

const parsed = <D>(collection: Collection<D>, { id, doc }: Row): D => {
  const { success, data, error } = collection.document.safeParse(JSON.parse(doc));
  if (success) return data;
  throw new Error(`${collection.name}: document ${id} does not fit its schema; rebuild it from the log`, {
    cause: error,
  });
};

const markOf = (collection: Declared, query: Query<never>, { id, doc }: Row): readonly Scalar[] => {
  const fields = JSON.parse(doc) as Readonly<Record<string, unknown>>;
  const values = query.sort.map(({ field }) => {
    const value = fields[field];
    if (typeof value === 'string' || typeof value === 'number') return value;
    throw new Error(`${collection.name}: document ${id} has no text or number in "${field}" to sort by`);
  });
  return [...values, id];
};

const findPage = <D>(connection: Connection, project: string, collection: Collection<D>, query: Query<D>): Page<D> => {
  const { sql, values } = findStatement(project, collection, query);
  const rows = connection.prepared(sql).all(...values) as Row[];
  const docs = rows.slice(0, query.limit).map((row) => parsed(collection, row));
  const last = rows[query.limit - 1];
  return rows.length > query.limit && last ? { docs, next: markOf(collection, query, last) } : { docs };
};

const loadStored = <D>({ prepared }: Connection, collection: Collection<D>, { project, id }: Key): Stored<D>[] => {
  const sql = `SELECT doc, position FROM ${quoted(docsTable(collection))} WHERE project = ? AND id = ?`;
  const row = prepared(sql).get(project, id) as { doc: string | null; position: number } | undefined;
  if (!row) return [];
  const doc = row.doc === null ? undefined : parsed(collection, { id, doc: row.doc });
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

const saveDocument = <D>(connection: Connection, collection: Collection<D>, document: Stored<D>): void => {
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

const moveCheckpoint = ({ prepared }: Connection, name: string, position: number): void => {
  prepared(`INSERT INTO checkpoints (name, position) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position)`).run(name, position);
};

/**
 * Read models in one SQLite file. A reader (`readOnly`) and a writer may each have a handle, in different threads; where
 * nothing was prepared yet a reader finds nothing. Numbers beyond 2^53 are not matched exactly, as JSON does not keep them.
 * Throws `ReadModelsUnavailable` when the file can't be opened.
 */
export const openSqliteReadModels = (path: string, options: { readonly readOnly?: boolean } = {}): ReadModels => {
  const connection = attempt(path, () => connect(path, options.readOnly ?? false));
  const { db, prepared } = connection;
  const answer = async <T>(run: () => T): Promise<T> => {
    if (!db.isOpen) throw new ReadModelsUnavailable(`Read models in ${path} are closed`);
    return attempt(path, run);
  };
  const reading = <T>(empty: T, read: () => T) => answer(() => orEmpty(empty, read));
  const writing = (write: () => void) => answer(() => transaction(db, write));
  return {
    prepare: (collections) =>
      writing(() => {
        for (const collection of collections) prepareCollection(db, collection);
      }),
    get: (project, collection, id) =>
      reading(undefined, () => loadStored(connection, collection, { project, id })[0]?.doc),
    find: (project, collection, query) => reading({ docs: [] }, () => findPage(connection, project, collection, query)),
    count: (project, collection, where) =>
      reading(0, () => {
        const { sql, values } = countStatement(project, collection, where);
        return Number(prepared(sql).get(...values)?.['total']);
      }),
    load: (collection, keys) => reading([], () => keys.flatMap((key) => loadStored(connection, collection, key))),
    save: (collection, documents, checkpoint) =>
      writing(() => {
        for (const document of documents) saveDocument(connection, collection, document);
        moveCheckpoint(connection, collection.name, checkpoint);
      }),
    checkpoint: (name) =>
      reading(0, () =>
        Number(prepared('SELECT position FROM checkpoints WHERE name = ?').get(name)?.['position'] ?? 0),
      ),
    saveCheckpoint: (name, position) => writing(() => moveCheckpoint(connection, name, position)),
    close: async () => {
      if (db.isOpen) db.close();
    },
  };
};
