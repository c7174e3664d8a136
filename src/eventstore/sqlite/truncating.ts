import type { DatabaseSync } from 'node:sqlite';
import { mayTruncate } from '../event-store.ts';

/** Takes the events of a stream below a revision out of a file, and their bytes with them. */
export const truncateStream = (db: DatabaseSync, stream: string, before: number): void => {
  const last = db.prepare('SELECT coalesce(max(revision), -1) AS revision FROM events WHERE stream = ?').get(stream);
  mayTruncate(stream, before, Number(last?.['revision']));
  db.prepare('DELETE FROM events WHERE stream = ? AND revision < ?').run(stream, before);
  // What was deleted is still in the log of changes until the file has taken that over.
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
};
