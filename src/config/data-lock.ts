import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StoreLocations, VaultLocation } from './store-location.ts';
import { privateDatabase } from './private-files.ts';

/** Another process serves the same files. The message names the folder, and says what to do. */
export class DataInUse extends Error {
  constructor(path: string) {
    super(
      `Another process serves ${basename(path)} in ${dirname(resolve(path))}: a folder serves one process at a time. ` +
        'Stop that one, or give this one a DATA_DIR of its own; for many processes set EVENT_STORE and READ_MODELS to servers',
    );
    this.name = 'DataInUse';
  }
}

/** The folder of files can't be written to. The message says which file that is about, and what to do. */
export class DataUnusable extends Error {
  constructor(path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`${resolve(path)} can't be locked: ${reason}; check its folder`, { cause });
    this.name = 'DataUnusable';
  }
}

/** How long a process that is just ending is waited for, in ms. */
const patience = 1_000;

/** SQLite's code for a lock that somebody else has. */
const BUSY = 5;

/** The file whose lock stands for another file. Its name does not begin with that one's, which people delete with a `*`. */
const lockOf = (path: string): string => join(dirname(path), `lock.${basename(path)}`);

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && Number(error.errcode) % 256 === BUSY;

/** Takes the lock of a file. Throws `DataInUse` when another process has it, and `DataUnusable` when it can't be taken. */
const held = (path: string): DatabaseSync => {
  let db: DatabaseSync | undefined;
  try {
    const lock = lockOf(path);
    privateDatabase(lock);
    db = new DatabaseSync(lock, { timeout: patience });
    // Nothing is ever written: the transaction that stays open has the lock, and the kernel frees it when the process ends,
    // however it does. What a lock file with a process id says outlives the process, and ids repeat in containers.
    db.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    throw isBusy(error) ? new DataInUse(path) : new DataUnusable(path, error);
  }
};

type Locations = StoreLocations & { readonly vault?: VaultLocation };

/** Keeps other processes from serving the files of a configuration until it is called. Throws `DataInUse` when one does already, and `DataUnusable`. */
export const lockData = ({ eventStore, readModels, vault }: Locations): (() => void) => {
  const locks: DatabaseSync[] = [];
  const release = (): void => {
    for (const lock of locks.splice(0)) lock.close();
  };
  try {
    for (const location of [eventStore, readModels, ...(vault ? [vault] : [])])
      if (location.scheme === 'sqlite' && location.path !== ':memory:') locks.push(held(location.path));
    return release;
  } catch (error) {
    release();
    throw error;
  }
};
