import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** What only the owner may do with a folder and with a file. */
const [ofFolder, ofFile] = [0o700, 0o600];

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** Makes the folder that a file is in, and those above it, for the owner alone. One that is there is left as it is. */
export const folderOf = (path: string): void => void mkdirSync(dirname(path), { recursive: true, mode: ofFolder });

/** Takes from others than the owner what they may do with a file, if there is one. */
export const keepToOwner = (path: string): void => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile() || (found.mode & 0o077) === 0) return;
  try {
    chmodSync(path, ofFile);
  } catch (error) {
    // Who does not own it can't say who may read it.
    if (codeOf(error) !== 'EPERM') throw error;
  }
};

/**
 * Makes a file of a database, and its folder, where there is none, so that only the owner can read and write it; what it is
 * for others is taken away where there is one. What SQLite puts beside it gets the rights of the file.
 */
export const privateDatabase = (path: string): void => {
  folderOf(path);
  try {
    // Only a new file is opened here: to close one that a connection of this process has open would free its locks.
    closeSync(openSync(path, 'wx', ofFile));
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  for (const end of ['', '-wal', '-shm', '-journal']) keepToOwner(`${path}${end}`);
};
