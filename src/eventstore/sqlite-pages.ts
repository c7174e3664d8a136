import type { DatabaseSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Batch, Filter, Metadata, Recorded } from './event-store.ts';

/** Events in a page at most. */
const PAGE = 1_000;
/** How many events a page looks through at most, so that one who wants few of many lets others have their turn in between. */
const WINDOW = 10_000;
/** How many pages are kept for those who come after the first. */
const KEPT = 8;

type Texts = { readonly data: string; readonly metadata: string; readonly recordedAt: number };
type Row = Omit<Recorded, keyof Texts> & Texts;

const COLUMNS = 'position, stream, revision, id, type, data, metadata, recorded_at AS recordedAt';

function recorded(row: Row): Recorded {
  const [data, metadata] = [JSON.parse(row.data) as unknown, JSON.parse(row.metadata) as Metadata];
  return { ...row, data, metadata, recordedAt: new Date(row.recordedAt) };
}

/** Reads the events of a stream with a revision above `after`; a `limit` of -1 is none. */
export function streamsOf(db: DatabaseSync): (stream: string, after: number, limit: number) => readonly Recorded[] {
  const statement = db.prepare(
    `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?`,
  );
  return (stream, after, limit) => (statement.all(stream, after, limit) as Row[]).map(recorded);
}

/** Looks up the position of the last event; 0 when there is none. */
export function headOf(db: DatabaseSync): () => number {
  const statement = db.prepare('SELECT coalesce(max(position), 0) AS position FROM events');
  return () => Number(statement.get()?.['position']);
}

// The plus keeps SQLite from the index of streams: pages are read in the order of positions. No name of a stream has a byte FF.
const inStreams = (prefixes: readonly string[]) => ({
  sql: `AND (${['0', ...prefixes.map(() => "+stream >= ? AND +stream < ? || x'FF'")].join(' OR ')})`,
  values: prefixes.flatMap((prefix) => [prefix, prefix]),
});

const ofTypes = (types: readonly string[]) => ({
  sql: `AND type IN (${types.map(() => '?').join(', ')})`,
  values: types,
});

/**
 * Reads the log in pages, each with what a filter wants after a position. Followers that go along together with equal
 * filters share a page: it is read and parsed for the first of them. A page stays true, because what is in the log stays.
 */
export function pagesOf(db: DatabaseSync): (filter?: Filter) => (from: number) => Batch {
  const head = headOf(db);
  const kept = new LRUCache<string, Batch>({ max: KEPT });
  return ({ streams, types } = {}) => {
    const conditions = [...(streams ? [inStreams(streams)] : []), ...(types ? [ofTypes(types)] : [])];
    const values = conditions.flatMap((condition) => condition.values);
    const statement = db.prepare(`SELECT ${COLUMNS} FROM events WHERE position > ? AND position <= ?
      ${conditions.map(({ sql }) => sql).join(' ')} ORDER BY position LIMIT ${PAGE}`);
    const wanted = JSON.stringify([streams, types]);

    const read = (from: number): Batch => {
      const end = Math.min(head(), from + WINDOW);
      if (end <= from) return { events: [], position: from };
      const rows = statement.all(from, end, ...values) as Row[];
      const last = rows.length === PAGE ? rows.at(-1)?.position : undefined;
      return { events: rows.map(recorded), position: last ?? end };
    };
    return (from) => {
      const key = `${from} ${wanted}`;
      const page = kept.get(key) ?? read(from);
      if (page.position > from) kept.set(key, page);
      return page;
    };
  };
}
