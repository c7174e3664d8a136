import { randomBytes, randomInt } from 'node:crypto';
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

/** What a file says that only its owner can read; made by `make` when there is none. */
const keptIn = (path: string, make: () => string): string => {
  keepToOwner(path);
  const text = read(path);
  if (text !== undefined) return text;
  folderOf(path);
  try {
    writeFileSync(path, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!isThere(error)) throw error; // another process was first: its key counts
  }
  return keptIn(path, make);
};

/** The key in a file that only its owner can read; made when there is none. Throws when the file holds no usable key. */
export const adminKeyIn = (path: string): string => {
  const key = keptIn(path, () => newSecret(48));
  if (key.length >= 32) return key;
  throw new Error(`${path} holds no admin key of at least 32 characters; delete it to get a new one`);
};

/**
 * The master key of 32 bytes, in base64, in a file that only its owner can read; made when there is none. Throws when the file
 * holds something else: to delete it would be to lose what is in the vault.
 */
export const masterKeyIn = (path: string): Buffer => {
  const key = Buffer.from(
    keptIn(path, () => randomBytes(32).toString('base64')),
    'base64',
  );
  if (key.length === 32) return key;
  throw new Error(
    `${path} holds no master key of 32 bytes in base64; restore it from a backup, as nothing else opens the vault`,
  );
};
