import { randomInt } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { privateDatabase } from '../../../config/private-files.ts';
import type { Boxes } from '../boxes.ts';
import { VaultUnavailable } from '../boxes.ts';

/** Milliseconds a writer waits for another one. */
const BUSY_TIMEOUT = 1_000;

// Versions begin anywhere, so that a box that is made again after it was removed has none that it had.
const firstVersion = (): number => randomInt(1, 2 ** 47);

const SCHEMA = `CREATE TABLE IF NOT EXISTS boxes (
  name TEXT PRIMARY KEY, version INTEGER NOT NULL, key_id TEXT NOT NULL, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID`;

const opened = (path: string): DatabaseSync => {
  if (path !== ':memory:') privateDatabase(path);
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT });
  try {
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; ${SCHEMA}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Whatever SQLite says, the vault is not to be had. */
const attempt = <T>(path: string, run: () => T): T => {
  try {
    return run();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new VaultUnavailable(`Vault in ${path}: ${message}; check the file and its disk`, { cause });
  }
};

/** Boxes in a file that only its owner can read, made when there is none. What is overwritten or removed leaves no trace in the file. */
export const openSqliteBoxes = (path: string): Boxes => {
  const db = attempt(path, () => opened(path));
  const get = db.prepare('SELECT version, key_id, sealed FROM boxes WHERE name = ?');
  const insert = db.prepare(
    'INSERT INTO boxes (name, version, key_id, sealed) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const update = db.prepare('UPDATE boxes SET version = ?, key_id = ?, sealed = ? WHERE name = ? AND version = ?');
  const remove = db.prepare('DELETE FROM boxes WHERE name = ?');
  const names = db.prepare('SELECT name FROM boxes WHERE name > ? AND key_id <> ? ORDER BY name LIMIT ?');
  const keyIds = db.prepare('SELECT DISTINCT key_id FROM boxes ORDER BY key_id');
  return {
    get: async (name) =>
      attempt(path, () => {
        const row = get.get(name);
        if (!row) return undefined;
        const { version, key_id: keyId, sealed } = row;
        return {
          version: Number(version),
          keyId: String(keyId),
          sealed: sealed instanceof Uint8Array ? Buffer.from(sealed) : Buffer.of(),
        };
      }),
    put: async (name, { sealed, keyId }, expectedVersion) =>
      attempt(path, () => {
        const version = expectedVersion === 0 ? firstVersion() : expectedVersion + 1;
        const { changes } =
          expectedVersion === 0
            ? insert.run(name, version, keyId, sealed)
            : update.run(version, keyId, sealed, name, expectedVersion);
        return Number(changes) > 0 ? version : undefined;
      }),
    remove: async (name) => attempt(path, () => void remove.run(name)),
    namesNotOf: async (keyId, after, limit) =>
      attempt(path, () => names.all(after, keyId, limit).map(({ name }) => String(name))),
    keyIds: async () => attempt(path, () => keyIds.all().map(({ key_id: keyId }) => String(keyId))),
    close: async () => {
      if (db.isOpen) db.close();
    },
  };
};
