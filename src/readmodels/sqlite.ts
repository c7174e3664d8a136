import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { ReadModelsUnavailable } from './read-models.ts';
import type { Declared, ReadModels } from './read-models.ts';
import { findPage } from './sqlite-find.ts';
import { countStatement } from './sqlite-query.ts';
import type { Connection } from './sqlite-tables.ts';
import {
  checkpointOf,
  commonTables,
  loadStored,
  moveCheckpoint,
  prepareNext,
  releaseLease,
  saveDocuments,
  takeLease,
} from './sqlite-tables.ts';

/** Milliseconds a writer waits for another one. Readers never wait. */
const BUSY_TIMEOUT = 1_000;
const PREPARED_STATEMENTS = 200;
const BUSY = 5;
const SCHEMA = 17;

// Indexes spread what is written over all their pages. With a cache of 32 MiB, instead of 2, a page is not read again for each
// batch, and with 8,000 pages in the WAL, instead of 1,000, it is copied to the file once for many batches.
const ROOMY = 'PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 8000;';

// Primary result codes of SQLite: PERM, BUSY, LOCKED, NOMEM, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, SCHEMA, NOTADB.
const UNAVAILABLE = new Set([3, BUSY, 6, 7, 10, 11, 13, 14, 15, SCHEMA, 26]);
const DAMAGED = new Set([11, 26]);

const errorCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;

// A table that is missing while another connection prepares may be told as SCHEMA: the tables changed while it was looked for.
const isMissingTable = (error: unknown): boolean =>
  [1, SCHEMA].includes(errorCode(error) ?? 0) && error instanceof Error && error.message.startsWith('no such table');

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

const connect = (path: string, readOnly: boolean): Connection & { readonly db: DatabaseSync } => {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  // A reader may come first and make the file; it is a WAL then too, so that the writer need not switch under readers.
  useWal(db, 10);
  db.exec('PRAGMA synchronous = NORMAL');
  if (readOnly) db.exec('PRAGMA query_only = ON');
  else db.exec(`${ROOMY} ${commonTables}`);
  const statements = new LRUCache<string, StatementSync>({ max: PREPARED_STATEMENTS });
  const prepared = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return { db, prepared };
};

const transaction = <T>(db: DatabaseSync, run: () => T): T => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
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
  const writing = <T>(write: () => T) => answer(() => transaction(db, write));
  // A transaction for each change, so that others come to write between those that take long.
  const prepareAll = async (collection: Declared, bare: boolean): Promise<void> => {
    while (await writing(() => prepareNext(db, collection, bare)));
  };
  return {
    prepare: async (collections, { bare } = { bare: false }) => {
      for (const collection of collections) await prepareAll(collection, bare);
    },
    get: (project, collection, id) =>
      reading(undefined, () => loadStored(connection, collection, [{ project, id }])[0]?.doc),
    find: (project, collection, query) => reading({ docs: [] }, () => findPage(connection, project, collection, query)),
    count: (project, collection, where) =>
      reading(0, () => {
        const { sql, values } = countStatement(project, collection, where);
        return Number(prepared(sql).get(...values)?.['total']);
      }),
    load: (collection, keys) => reading([], () => loadStored(connection, collection, keys)),
    save: (collection, documents, checkpoint) =>
      writing(() => {
        saveDocuments(connection, collection, documents);
        moveCheckpoint(connection, collection.name, checkpoint);
      }),
    checkpoint: (name) => reading(0, () => checkpointOf(connection, name)),
    saveCheckpoint: (name, position) => writing(() => moveCheckpoint(connection, name, position)),
    lease: (name, holder, now, until) =>
      answer(() => takeLease(connection, name, holder, { now: now.getTime(), until: until.getTime() })),
    release: (name, holder) => answer(() => releaseLease(connection, name, holder)),
    close: async () => {
      if (db.isOpen) db.close();
    },
  };
};
