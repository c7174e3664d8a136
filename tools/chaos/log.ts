import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A fact as the file of the log has it. */
export type Fact = {
  readonly position: number;
  readonly stream: string;
  readonly type: string;
  readonly data: unknown;
};

/** The files of a server, read from outside while it runs or after it ended; nothing is written. */
export type Files = {
  readonly head: () => number;
  /** The facts of some types after a position, in order. */
  readonly facts: (types: readonly string[], after?: number) => readonly Fact[];
  /** How far the read models have come: the least of their checkpoints, 0 when there are none. */
  readonly checkpoint: () => number;
  /** What SQLite finds wrong with the file of the log: `ok` when nothing is. */
  readonly integrity: () => string;
};

const reading = <T>(path: string, read: (db: DatabaseSync) => T): T => {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  try {
    db.exec('PRAGMA query_only = ON');
    return read(db);
  } finally {
    db.close();
  }
};

/** The files in a server's folder. */
export const filesIn = (dataDir: string): Files => {
  const events = join(dataDir, 'events.db');
  return {
    head: () =>
      reading(events, (db) =>
        Number(db.prepare('SELECT coalesce(max(position), 0) AS head FROM events').get()?.['head']),
      ),
    facts: (types, after = 0) =>
      reading(events, (db) => {
        const places = types.map(() => '?').join(', ');
        const sql = `SELECT position, stream, type, data FROM events WHERE position > ? AND type IN (${places}) ORDER BY position`;
        return db
          .prepare(sql)
          .all(after, ...types)
          .map(({ position, stream, type, data }) => ({
            position: Number(position),
            stream: String(stream),
            type: String(type),
            data: JSON.parse(String(data)) as unknown,
          }));
      }),
    checkpoint: () =>
      reading(join(dataDir, 'read-models.db'), (db) => {
        const row = db
          .prepare("SELECT coalesce(min(position), 0) AS least FROM checkpoints WHERE name IN ('leads', 'history')")
          .get();
        return Number(row?.['least']);
      }),
    integrity: () => reading(events, (db) => String(db.prepare('PRAGMA integrity_check').get()?.['integrity_check'])),
  };
};
