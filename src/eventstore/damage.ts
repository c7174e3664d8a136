import { DatabaseSync } from 'node:sqlite';

/** SQLite's primary result codes for a file whose contents can't be: CORRUPT and NOTADB. */
const DAMAGED = [11, 26];

export const isDamage = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && DAMAGED.includes(Number(error.errcode) & 0xff);

/** What to do about a log that is damaged: only a backup has what was lost. */
export const restore = 'stop, restore it from a backup, and delete the read models';

/** A fact whose text is no JSON: bytes of the file were changed, by the disk or by somebody. */
export class DamagedFact extends Error {
  constructor(
    where: { readonly position: number; readonly stream: string; readonly revision: number },
    cause?: unknown,
  ) {
    const { position, stream, revision } = where;
    super(`The fact at position ${position}, revision ${revision} of ${stream}, can't be read; ${restore}`, { cause });
    this.name = 'DamagedFact';
  }
}

const unreadable = `SELECT position, stream, revision FROM events
  WHERE NOT json_valid(data) OR NOT json_valid(metadata) LIMIT 1`;

/**
 * Looks through the file of a log: whether its pages fit together, and whether the text of each fact is JSON. Reads all of it,
 * about a second for 500 MB that are in memory. A letter that became another one inside a text is not seen. Gives what is
 * wrong, undefined when nothing is found.
 */
export const damageIn = (path: string): string | undefined => {
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      const found = String(db.prepare('PRAGMA quick_check(1)').get()?.['quick_check']);
      if (found !== 'ok') return found;
      const fact = db.prepare(unreadable).get();
      if (!fact) return undefined;
      const [position, revision, stream] = [String(fact['position']), String(fact['revision']), String(fact['stream'])];
      return `the fact at position ${position}, revision ${revision} of ${stream}, is no JSON`;
    } finally {
      db.close();
    }
  } catch (error) {
    if (isDamage(error) && error instanceof Error) return error.message;
    throw error;
  }
};
