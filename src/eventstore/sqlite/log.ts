import { DatabaseSync } from 'node:sqlite';
import { privateDatabase } from '../../config/private-files.ts';
import { checksumOf, isDamage, restore } from './damage.ts';
import type { StoreState } from '../event-store.ts';
import { StoreUnavailable } from '../event-store.ts';

/** An event as its row has it, without what the log itself knows. */
export type Line = readonly [id: string, type: string, data: string, metadata: string];

/** Events for one stream that is expected to be at a revision (-1 when empty). */
export type Append = { readonly stream: string; readonly expected: number; readonly lines: readonly Line[] };

/** Writes appends in one transaction, recorded at a time in ms; throws when none of them was written. */
export type WriteGroup = (group: readonly Append[], recordedAt: number) => readonly number[];

const SCHEMA = `CREATE TABLE IF NOT EXISTS events (
  position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
  data TEXT NOT NULL, metadata TEXT NOT NULL, recorded_at INTEGER NOT NULL, checksum INTEGER,
  UNIQUE (stream, revision)) STRICT`;

/** A log that was begun before there were checksums has none of what it had then. */
const withChecksums = (db: DatabaseSync): void => {
  const column = db.prepare(`SELECT 1 FROM pragma_table_info('events') WHERE name = 'checksum'`);
  if (!column.get()) db.exec('ALTER TABLE events ADD COLUMN checksum INTEGER');
};

/**
 * Opens the file of a log, making it where there is none; `readOnly` takes only one that is there. `timeout` is how long, in
 * ms, a commit waits for another writer. Throws `StoreUnavailable` when it can't be opened.
 */
export function openLogFile(path: string, timeout: number, readOnly = false): DatabaseSync {
  try {
    if (readOnly) return new DatabaseSync(path, { timeout, readOnly });
    if (path !== ':memory:') privateDatabase(path);
    const db = new DatabaseSync(path, { timeout });
    // What is deleted is overwritten, and so is what SQLite leaves behind where it divides pages: it may be of a person.
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; ${SCHEMA}`);
    withChecksums(db);
    return db;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = isDamage(error) ? restore : 'check its folder';
    throw new StoreUnavailable(`Event store ${path} can't be opened: ${reason}; ${advice}`, { cause: error });
  }
}

/** SQLite's primary result codes by what they say of the store: READONLY, CORRUPT, FULL and NOTADB. */
const STATES: Readonly<Record<number, StoreState>> = { 8: 'read-only', 11: 'damaged', 13: 'disk-full', 26: 'damaged' };

/** How a store is by what was thrown when something was written to it. */
export const stateBy = (error: unknown): StoreState =>
  (error instanceof Error && 'errcode' in error && STATES[Number(error.errcode) & 0xff]) || 'failing';

/** How much room there must be before it is said that there is some again, in bytes. */
const ROOM = 64 * 1024;

/** Commits something that leaves nothing behind. Throws what SQLite throws when an append would fail too. */
export function tryRoom(db: DatabaseSync): void {
  try {
    db.exec(`BEGIN IMMEDIATE; CREATE TABLE room (bytes BLOB); INSERT INTO room VALUES (zeroblob(${ROOM}));
      DROP TABLE room; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** So many rows are inserted by one statement at most. */
const MOST_ROWS = 4;

/**
 * Writes groups of appends, each group with one commit and its fsync. Answers for each append with the position of its last
 * event, or 0 when its stream was at another revision: a conflict costs the rest of the group nothing.
 */
export function groupsTo(db: DatabaseSync): WriteGroup {
  const current = db.prepare('SELECT coalesce(max(revision), -1) AS revision FROM events WHERE stream = ?');
  // Most appends have two or three events: each statement costs the more the fewer rows it has.
  const inserts = Array.from({ length: MOST_ROWS }, (_, index) =>
    db.prepare(
      `INSERT INTO events VALUES ${Array(index + 1)
        .fill('(NULL, ?, ?, ?, ?, ?, ?, ?, ?)')
        .join(', ')}`,
    ),
  );

  const write = ({ stream, expected, lines }: Append, recordedAt: number): number => {
    if (current.get(stream)?.['revision'] !== expected) return 0;
    let position = 0;
    for (let first = 0; first < lines.length; first += MOST_ROWS) {
      const rows = lines.slice(first, first + MOST_ROWS).map(([id, type, data, metadata], index) => {
        const row = [stream, expected + 1 + first + index, id, type, data, metadata, recordedAt] as const;
        return [...row, checksumOf(...row)];
      });
      position = Number(inserts[rows.length - 1]?.run(...rows.flat()).lastInsertRowid);
    }
    return position;
  };

  return (group, recordedAt) => {
    try {
      db.exec('BEGIN IMMEDIATE');
      const positions = group.map((append) => write(append, recordedAt));
      db.exec('COMMIT');
      return positions;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  };
}
