import { rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { privateDatabase } from '../../config/private-files.ts';
import type { Connection } from './tables.ts';
import { commonTables } from './tables.ts';

/** Milliseconds a writer waits for another one. Readers never wait. */
export const BUSY_TIMEOUT = 1_000;
const PREPARED_STATEMENTS = 200;
const BUSY = 5;
/** How often it is looked whether the file is still there, in ms, by who wants to know. */
const LOOK_EVERY = 250;

// Indexes spread what is written over all their pages: with a cache of 32 MiB, instead of 2, none is read again for each batch.
const ROOMY = 'PRAGMA cache_size = -32768';
/**
 * With how many pages in the WAL, of 4 KiB each, a commit copies them to the file and syncs both. Who makes the read models does:
 * others answer requests, which would stand still meanwhile, and only do it when nobody else did. While more than 8 MB are
 * synced at a time, the log on the same disk is not, and no event is acknowledged.
 */
const COPIED = { makes: 2_000, uses: 32_000 };

export const errorCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined;

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

/** Which file is at a path: undefined when there is none. */
const fileAt = (path: string): string | undefined => {
  const found = path === ':memory:' ? undefined : statSync(path, { throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
};

type Opened = { readonly db: DatabaseSync; readonly file: string | undefined } & Connection;

const opened = (path: string, { readOnly = false, deleted }: Opening): Opened => {
  if (path !== ':memory:') privateDatabase(path);
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  // A reader may come first and make the file; it is a WAL then too, so that the writer need not switch under readers.
  useWal(db, 10);
  db.exec('PRAGMA synchronous = NORMAL');
  if (readOnly) db.exec('PRAGMA query_only = ON');
  else db.exec(`${ROOMY}; PRAGMA wal_autocheckpoint = ${deleted ? COPIED.makes : COPIED.uses}; ${commonTables}`);
  const statements = new LRUCache<string, StatementSync>({ max: PREPARED_STATEMENTS });
  const prepared = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return { db, file: fileAt(path), prepared };
};

/**
 * How a file is opened. Who gives `deleted` makes the file again when somebody deletes it: that is called once, soon after,
 * and this connection stays with what was deleted, to be closed. Any other connection goes on with what was deleted until
 * the file is there again, and then with that.
 */
export type Opening = { readonly readOnly?: boolean; readonly deleted?: () => void };

/** A connection to a file that may be deleted at any time. */
export type FileConnection = Connection & {
  readonly db: () => DatabaseSync;
  readonly close: () => void;
};

/** Opens a file, making it where there is none. Throws what SQLite throws. */
export const connect = (path: string, opening: Opening): FileConnection => {
  const { deleted } = opening;
  let current = opened(path, opening);

  const follow = (): Opened => {
    const file = deleted || !current.db.isOpen ? undefined : fileAt(path);
    if (file === undefined || file === current.file) return current;
    const before = current;
    current = opened(path, opening);
    before.db.close();
    return current;
  };

  const look = (): void => {
    const file = fileAt(path);
    if (file === current.file) return;
    clearInterval(looking);
    // They belonged to what was deleted; a new file would take them for its own.
    if (file === undefined) for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    deleted?.();
  };
  const looking = deleted && path !== ':memory:' ? setInterval(look, LOOK_EVERY).unref() : undefined;

  return {
    db: () => follow().db,
    prepared: (sql) => current.prepared(sql),
    close: () => {
      clearInterval(looking);
      if (current.db.isOpen) current.db.close();
    },
  };
};
