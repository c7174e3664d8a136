import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Metadata, Place, Recorded } from '../event-store.ts';
import { DamagedFact } from './damage.ts';

/**
 * How many rows are taken out of SQLite at a time: each by itself costs a third more, and all of a page at once may be more than
 * memory has room for.
 */
const TAKEN = 16;

/**
 * The columns of a fact by their places, in the order of `COLUMNS`: to name them in JavaScript takes half the CPU of letting
 * SQLite name those of each row.
 */
type Columns = Readonly<Record<0 | 2 | 7, number> & Record<1 | 3 | 4 | 5 | 6, string>>;

/** A row, and the fact that was made of it, where it is kept for others who want it too. */
export type Row = Columns & { fact?: Recorded };

const COLUMNS = 'position, stream, revision, id, type, data, metadata, recorded_at';

/**
 * Prepares what reads rows above a place, `cursor`, which is their position or revision: so many at most. The SQL begins with that
 * condition, takes it as its first value and is in its order. Rows are taken a few at a time, as many as somebody asks for.
 */
export function rowsBy(db: DatabaseSync, condition: string, cursor: 0 | 2) {
  const statement = db.prepare(`SELECT ${COLUMNS} FROM events WHERE ${condition} LIMIT ?`);
  statement.setReturnArrays(true);
  return function* (most: number, after: number, ...values: readonly SQLInputValue[]): Generator<Row> {
    let [come, left] = [after, most];
    while (left > 0) {
      const wanted = Math.min(TAKEN, left);
      const rows = statement.all(come, ...values, wanted) as Columns[];
      yield* rows;
      if (rows.length < wanted) return;
      come = rows.at(-1)?.[cursor] ?? come;
      left -= rows.length;
    }
  };
}

/** Reads the rows of the log after a position, so many at most. */
export const rowsAfter = (db: DatabaseSync) => rowsBy(db, 'position > ? ORDER BY position', 0);

/** Where the fact of a row is. */
export const placeOf = ({ 0: position, 1: stream, 2: revision, 3: id }: Row): Place => ({
  id,
  stream,
  revision,
  position,
});

/** Makes facts of rows. Throws `DamagedFact` when a text is no JSON. */
export function factsOf(): (row: Row) => Recorded {
  // Events of one append have the same metadata and lie next to each other: parsed for the first of them, it costs half.
  let last: { readonly text: string; readonly metadata: Metadata } | undefined;
  return (row) => {
    const { 0: position, 1: stream, 2: revision, 3: id, 4: type, 5: data, 6: metadata, 7: recordedAt } = row;
    try {
      if (last?.text !== metadata) last = { text: metadata, metadata: JSON.parse(metadata) as Metadata };
      return {
        position,
        stream,
        revision,
        id,
        type,
        data: JSON.parse(data) as unknown,
        metadata: last.metadata,
        recordedAt: new Date(recordedAt),
      };
    } catch (error) {
      throw new DamagedFact({ position, stream, revision }, error);
    }
  };
}
