import { DatabaseSync } from 'node:sqlite';
import { errorCode } from './connection.ts';

/** SQLite's primary result codes for a file whose contents can't be: CORRUPT and NOTADB. */
const DAMAGED = [11, 26];

/** Reads all of a file, and gives what is wrong with how its pages fit together; undefined when nothing is. */
export const pageDamageIn = (path: string): string | undefined => {
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const found = String(db.prepare('PRAGMA quick_check(1)').get()?.['quick_check']);
      return found === 'ok' ? undefined : found;
    } finally {
      db.close();
    }
  } catch (error) {
    if (DAMAGED.includes(errorCode(error) ?? 0) && error instanceof Error) return error.message;
    throw error;
  }
};
