import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { mayTruncate } from '../event-store.ts';

/** What is to be taken out of a log: the events of a stream below a revision. */
export type Truncation = { readonly stream: string; readonly before: number };

/** How many streams are truncated together, and how long others have the file to themselves until the next ones are, in ms. */
const [together, apart] = [100, 200];

/** For how long those who read are waited for, in ms, and how often it is tried again while they hold the file's log of changes. */
const [readers, tries] = [50, 20];

/** Throws `RangeError` when a stream would be truncated beyond its last event. */
export const mayTruncateIn =
  (db: DatabaseSync) =>
  ({ stream, before }: Truncation): void => {
    const last = db.prepare('SELECT coalesce(max(revision), -1) AS revision FROM events WHERE stream = ?').get(stream);
    mayTruncate(stream, before, Number(last?.['revision']));
  };

/** Takes events out of a file, in one transaction. */
export const truncateIn = (db: DatabaseSync, some: readonly Truncation[]): void => {
  db.exec('BEGIN IMMEDIATE');
  try {
    const remove = db.prepare('DELETE FROM events WHERE stream = ? AND revision < ?');
    for (const { stream, before } of some) remove.run(stream, before);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
};

/**
 * Has a file take over its log of changes, in which what was deleted still is. Tells whether it did: not while somebody reads what
 * was before. `timeout` is how long the connection waits for others otherwise, in ms.
 */
export const takeOver = (db: DatabaseSync, timeout: number): boolean => {
  db.exec(`PRAGMA busy_timeout = ${readers}`);
  try {
    return db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0;
  } finally {
    db.exec(`PRAGMA busy_timeout = ${timeout}`);
  }
};

/** What truncates streams in a file: `truncate` commits, and `takeOver` says whether what was deleted is nowhere any more. */
export type Truncating = {
  readonly truncate: (some: readonly Truncation[]) => Promise<void>;
  readonly takeOver: () => Promise<boolean>;
};

type Pending = Truncation & Pick<PromiseWithResolvers<void>, 'resolve' | 'reject'>;

/**
 * Truncates streams, those that come together in one transaction, and leaves the file to others in between: each time it has to be
 * written as a whole. Resolves when it is durable and what was deleted is nowhere in the files.
 */
export const truncatingTogether = ({ truncate, takeOver: overtake }: Truncating, done: () => void) => {
  const waiting: Pending[] = [];
  let running: Promise<void> | undefined;

  const pass = async (some: readonly Pending[]): Promise<void> => {
    try {
      await truncate(some.map(({ stream, before }) => ({ stream, before })));
      // A reader that begins later sees what is now, so whoever holds it up is gone soon.
      for (let tried = 0; !(await overtake()) && tried < tries; tried += 1) await sleep(apart);
      done();
      for (const { resolve } of some) resolve();
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  };

  const run = async (): Promise<void> => {
    // Those that come in the same turn go together.
    await sleep(0);
    while (waiting.length > 0) {
      await pass(waiting.splice(0, together));
      if (waiting.length > 0) await sleep(apart);
    }
    running = undefined;
  };

  return {
    add: (truncation: Truncation): Promise<void> => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ ...truncation, resolve, reject });
      running ??= run();
      return promise;
    },
    /** Resolves when nothing waits any more. */
    ended: async (): Promise<void> => running,
  };
};
