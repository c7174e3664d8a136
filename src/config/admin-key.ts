import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { folderOf, keepToOwner } from './private-files.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** An unguessable text of letters and digits: 32 of them carry 190 bits. */
export const newSecret = (length = 32): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
const isThere = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST';

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** The key in a file that only its owner can read; made when there is none. Throws when the file holds no usable key. */
export const adminKeyIn = (path: string): string => {
  keepToOwner(path);
  const key = read(path);
  if (key === undefined) {
    folderOf(path);
    try {
      writeFileSync(path, `${newSecret(48)}\n`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      if (!isThere(error)) throw error; // another process was first: its key counts
    }
    return adminKeyIn(path);
  }
  if (key.length < 32)
    throw new Error(`${path} holds no admin key of at least 32 characters; delete it to get a new one`);
  return key;
};
