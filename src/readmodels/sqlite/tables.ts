import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Place } from '../../eventstore/event-store.ts';
import type { Declared } from '../collection.ts';
import type { Held } from '../leases.ts';
import { docsTable, quoted } from './names.ts';
import { schemaChanges } from './schema.ts';

/** Makes a statement, or gives the one made before of the same SQL. */
export type Connection = { readonly prepared: (sql: string) => StatementSync };

/** The tables that every file has. */
export const commonTables = `
  CREATE TABLE IF NOT EXISTS checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS checkpoint_facts (name TEXT PRIMARY KEY, fact TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;`;

/** For how long tables and indexes are made in one transaction, in ms: one that takes longer is the last in it. */
const SLICE = 5;

/**
 * Makes the next tables and indexes that a collection lacks, or drops the next that it no longer declares; of a `bare` one, only
 * the table of its documents is made. Tells whether there is more to do.
 */
export const prepareNext = (db: DatabaseSync, collection: Declared, bare: boolean): boolean => {
  const end = performance.now() + SLICE;
  const named = (sql: string, ...values: readonly string[]) =>
    new Set(
      db
        .prepare(sql)
        .all(...values)
        .map(({ name }) => String(name)),
    );
  const names = named('SELECT name FROM sqlite_schema WHERE sql IS NOT NULL');
  const columns = named('SELECT name FROM pragma_table_info(?)', docsTable(collection));
  const changes = schemaChanges(collection, { names, columns }, bare);
  for (const [index, change] of changes.entries()) {
    db.exec(change);
    if (performance.now() > end) return index + 1 < changes.length;
  }
  return false;
};

/** How many documents a collection has. */
export const sizeOf = ({ prepared }: Connection, name: string): number =>
  Number(prepared(`SELECT count(*) AS size FROM ${quoted(`docs.${name}`)} WHERE doc IS NOT NULL`).get()?.['size']);

/** Removes a checkpoint. */
export const dropCheckpoint = (db: DatabaseSync, name: string): void => {
  for (const table of ['checkpoints', 'checkpoint_facts']) db.prepare(`DELETE FROM ${table} WHERE name = ?`).run(name);
};

/** Removes the tables of a collection, and its checkpoint. */
export const dropCollection = (db: DatabaseSync, name: string): void => {
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  for (const { name: table } of tables) {
    const words = /^terms\.[^.]*\.(.*)$/s.exec(String(table))?.[1];
    if (table === `docs.${name}` || words === name) db.exec(`DROP TABLE ${quoted(String(table))}`);
  }
  dropCheckpoint(db, name);
};

/** Moves a checkpoint forward, with the fact that it stands on; it never goes back. */
export const moveCheckpoint = ({ prepared }: Connection, name: string, position: number, fact?: Place): void => {
  const { changes } = prepared(`INSERT INTO checkpoints (name, position) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET position = excluded.position WHERE excluded.position > position`).run(
    name,
    position,
  );
  if (fact === undefined || Number(changes) === 0) return;
  prepared(`INSERT INTO checkpoint_facts (name, fact) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET fact = excluded.fact`).run(name, JSON.stringify(fact));
};

/** The fact that a checkpoint stands on, if one was saved. */
export const checkpointFactOf = ({ prepared }: Connection, name: string): Place | undefined => {
  const fact = prepared('SELECT fact FROM checkpoint_facts WHERE name = ?').get(name)?.['fact'];
  return typeof fact === 'string' ? (JSON.parse(fact) as Place) : undefined;
};

/** How far a checkpoint is; 0 before it moved. */
export const checkpointOf = ({ prepared }: Connection, name: string): number =>
  Number(prepared('SELECT position FROM checkpoints WHERE name = ?').get(name)?.['position'] ?? 0);

/** Who has a lease, if somebody has. */
export const leaseOf = ({ prepared }: Connection, name: string): Held | undefined => {
  const found = prepared('SELECT holder, until FROM leases WHERE name = ?').get(name);
  return found && { holder: String(found['holder']), until: Number(found['until']) };
};

/** Takes or renews a lease, in one statement, so that of two that ask one has it. Times are in ms. Tells whether the holder has it. */
export const takeLease = (
  { prepared }: Connection,
  name: string,
  holder: string,
  { now, until }: { readonly now: number; readonly until: number },
): boolean => {
  const { changes } = prepared(`INSERT INTO leases AS held (name, holder, until) VALUES (?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE held.holder = excluded.holder OR held.until <= ?`).run(name, holder, until, now);
  return Number(changes) > 0;
};

/** Gives a lease back, if the holder has it. */
export const releaseLease = ({ prepared }: Connection, name: string, holder: string): void => {
  prepared('DELETE FROM leases WHERE name = ? AND holder = ?').run(name, holder);
};
