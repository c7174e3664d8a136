// Writes the rows of a product's log again with bare node:sqlite, as durably, and answers with the rows a second.
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import type { RawWriting } from './raw-writer.ts';

type Row = readonly (string | number)[];

/** The rows after a position, and the statements that made their table. */
const rowsOf = ({ log, after, limit }: RawWriting): { readonly rows: readonly Row[]; readonly schema: string } => {
  const db = new DatabaseSync(log, { readOnly: true });
  const statement = db.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?');
  statement.setReturnArrays(true);
  const rows = statement.all(after, limit) as unknown[] as Row[];
  const made = db.prepare(`SELECT sql FROM sqlite_schema WHERE tbl_name = 'events' AND sql IS NOT NULL`).all();
  db.close();
  return { rows, schema: made.map(({ sql }) => String(sql)).join(';') };
};

/** Writes the rows to a new file in transactions of a size, each synced to the disk. Takes so many ms. */
const written = (file: string, schema: string, rows: readonly Row[], size: number): number => {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${schema}`);
  const insert = db.prepare(`INSERT INTO events VALUES (${(rows[0] ?? []).map(() => '?').join(', ')})`);
  const begun = performance.now();
  for (let first = 0; first < rows.length; first += size) {
    db.exec('BEGIN IMMEDIATE');
    for (const row of rows.slice(first, first + size)) insert.run(...row);
    db.exec('COMMIT');
  }
  const took = performance.now() - begun;
  db.close();
  return took;
};

/** Writes the rows again and again, into new files, until it has taken long enough to say something. */
const rateOf = (writing: RawWriting): number => {
  const { rows, schema } = rowsOf(writing);
  if (rows.length === 0) throw new Error(`${writing.log} has no rows after ${writing.after}`);
  let [took, count] = [0, 0];
  for (let file = 0; took < writing.milliseconds; file++) {
    took += written(`${writing.to}-${file}`, schema, rows, writing.size);
    count += rows.length;
  }
  return (count / took) * 1_000;
};

const [writing] = (await once(process, 'message')) as [RawWriting];
process.send?.(rateOf(writing), () => process.disconnect());
