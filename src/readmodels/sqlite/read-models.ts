import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadModelsUnavailable } from '../read-models.ts';
import { standingOf } from '../checkpoints.ts';
import { byId } from '../documents.ts';
import type { ReadModels } from '../read-models.ts';
import type { Declared } from '../collection.ts';
import type { Opening } from './connection.ts';
import { BUSY_TIMEOUT, connect, errorCode } from './connection.ts';
import { findPage } from './find.ts';
import { groupCommits } from './group-commits.ts';
import { countStatement } from './query.ts';
import { replaceDocuments, saveDocuments } from './documents.ts';
import { loadStored } from './rows.ts';
import {
  checkpointFactOf,
  checkpointOf,
  dropCheckpoint,
  dropCollection,
  leaseOf,
  moveCheckpoint,
  prepareNext,
  releaseLease,
  sizeOf,
  takeLease,
} from './tables.ts';

const BUSY = 5;
const SCHEMA = 17;

// Primary result codes of SQLite: PERM, BUSY, LOCKED, NOMEM, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, SCHEMA, NOTADB.
const UNAVAILABLE = new Set([3, BUSY, 6, 7, 10, 11, 13, 14, 15, SCHEMA, 26]);
const DAMAGED = new Set([11, 26]);

// A table that is missing while another connection prepares may be told as SCHEMA: the tables changed while it was looked for.
const isMissingTable = (error: unknown): boolean =>
  [1, SCHEMA].includes(errorCode(error) ?? 0) && error instanceof Error && error.message.startsWith('no such table');

// The documents of an older file have no columns until somebody prepares, who is doing it.
const isMissingColumn = (error: Error): boolean => /no (such column:|column named) (gone|\$\.)/.test(error.message);

const attempt = <T>(path: string, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    if (!UNAVAILABLE.has(code) && !isMissingColumn(error)) throw error;
    const advice = DAMAGED.has(code) ? 'delete the file, it is made again from the log' : 'try again';
    throw new ReadModelsUnavailable(`Read models in ${path}: ${error.message}; ${advice}`, { cause: error });
  }
};

const isBusy = (error: unknown): boolean => error instanceof Error && errorCode(error.cause) === BUSY;

// The tables are there once a writer has prepared them; until then there is nothing to read.
const orEmpty = <T>(empty: T, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (isMissingTable(error)) return empty;
    throw error;
  }
};

const transaction = <T>(db: DatabaseSync, run: () => T): T => {
  // Not waited for here: SQLite would stop the whole thread while another one writes, and every request with it.
  db.exec('PRAGMA busy_timeout = 0');
  try {
    db.exec('BEGIN IMMEDIATE');
  } finally {
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  }
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
export const openSqliteReadModels = (path: string, options: Opening = {}): ReadModels => {
  const connection = attempt(path, () => connect(path, options));
  const { prepared } = connection;
  const answer = async <T>(run: () => T): Promise<T> => {
    return attempt(path, () => {
      if (!connection.db().isOpen) throw new ReadModelsUnavailable(`Read models in ${path} are closed`);
      return run();
    });
  };
  const reading = <T>(empty: T, read: () => T) => answer(() => orEmpty(empty, read));
  const writing = async <T>(write: () => T): Promise<T> => {
    for (const end = performance.now() + BUSY_TIMEOUT; ; await sleep(1 + Math.random())) {
      try {
        return await answer(() => transaction(connection.db(), write));
      } catch (error) {
        if (!isBusy(error) || performance.now() >= end) throw error;
      }
    }
  };
  const saving = groupCommits(writing);
  // A transaction for each few, so that others come to write between those that take long.
  const prepareAll = async (collection: Declared, bare: boolean): Promise<void> => {
    while (await writing(() => prepareNext(connection.db(), collection, bare)));
  };
  return {
    prepare: async (collections, { bare } = { bare: false }) => {
      for (const collection of collections) await prepareAll(collection, bare);
    },
    get: (project, collection, id) =>
      reading(undefined, () => loadStored(connection, collection, [{ project, id }])[0]?.doc),
    getMany: async (project, collection, ids) => {
      const keys = ids.map((id) => ({ project, id }));
      return byId(await reading([], () => loadStored(connection, collection, keys)));
    },
    find: (project, collection, query) => reading({ docs: [] }, () => findPage(connection, project, collection, query)),
    count: (project, collection, where) =>
      reading(0, () => {
        const { sql, values } = countStatement(project, collection, where);
        return Number(prepared(sql).get(...values)?.['total']);
      }),
    load: (collection, keys) => reading([], () => loadStored(connection, collection, keys)),
    save: (collection, documents, checkpoint, fact) =>
      saving(() => {
        saveDocuments(connection, collection, documents);
        moveCheckpoint(connection, collection.name, checkpoint, fact);
      }),
    replace: (collection, documents) => writing(() => replaceDocuments(connection, collection, documents)),
    size: (name) => reading(0, () => sizeOf(connection, name)),
    drop: (name) => writing(() => dropCollection(connection.db(), name)),
    checkpoint: (name) => reading(0, () => checkpointOf(connection, name)),
    standing: async (name) => {
      const position = await reading(0, () => checkpointOf(connection, name));
      const fact = await reading(undefined, () => checkpointFactOf(connection, name));
      return standingOf(position, fact);
    },
    saveCheckpoint: (name, position, fact) => saving(() => moveCheckpoint(connection, name, position, fact)),
    dropCheckpoint: (name) => writing(() => dropCheckpoint(connection.db(), name)),
    register: (name) => reading(0, () => checkpointOf(connection, name)),
    raise: (name, to) => writing(() => moveCheckpoint(connection, name, to)),
    leaseOf: (name) => reading(undefined, () => leaseOf(connection, name)),
    lease: (name, holder, now, until) =>
      answer(() => takeLease(connection, name, holder, { now: now.getTime(), until: until.getTime() })),
    release: (name, holder) => answer(() => releaseLease(connection, name, holder)),
    close: async () => connection.close(),
  };
};
