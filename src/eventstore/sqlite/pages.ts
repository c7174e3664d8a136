import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import { DamagedFact } from './damage.ts';
import type { Batch, Filter, Metadata, Place, Recorded, StreamPage } from '../event-store.ts';
import { placeOfFact, wanting } from '../event-store.ts';
import { keptBytes, pageLimits } from '../page.ts';
import type { Recent } from './recent.ts';

/** How many events a page looks through at most, so that one who wants few of many lets others have their turn in between. */
const WINDOW = 10_000;

/**
 * How many rows are taken out of SQLite at a time: each by itself costs a third more, and all of a page at once may be more than
 * memory has room for.
 */
const TAKEN = 16;

/** How many pages are kept at most for those who come after the first. */
const KEPT = 8;

/** A stretch of the log with how many characters of JSON it has. */
type Page = Batch & { readonly bytes: number };

/** The columns by their places. */
type Row = Readonly<Record<0 | 2 | 7, number> & Record<1 | 3 | 4 | 5 | 6, string>>;

const COLUMNS = 'position, stream, revision, id, type, data, metadata, recorded_at';

/** The event of a row. Throws `DamagedFact` when its text is no JSON. */
const factIn = (row: Row, metadataIn: (text: string) => Metadata): Recorded => {
  const { 0: position, 1: stream, 2: revision, 3: id, 4: type } = row;
  try {
    const [data, metadata, recordedAt] = [JSON.parse(row[5]) as unknown, metadataIn(row[6]), new Date(row[7])];
    return { position, stream, revision, id, type, data, metadata, recordedAt };
  } catch (error) {
    throw new DamagedFact({ position, stream, revision }, error);
  }
};

/** A page, and how many characters of JSON were read for it. */
type Read = StreamPage & { readonly bytes: number };

/**
 * Prepares what reads a page of events after a position or revision, which is in the column `cursor`: as rows without names, since
 * to name eight columns here takes half the CPU of reading rows with names. The SQL begins with that condition and ends with a
 * limit. Rows are taken a few at a time until the page is full: the rest is not read.
 */
function eventsBy(db: DatabaseSync, rest: string, cursor: 0 | 2) {
  const statement = db.prepare(`SELECT ${COLUMNS} FROM events WHERE ${rest} LIMIT ?`);
  statement.setReturnArrays(true);
  const metadataIn = parsing();
  return (limit: number, after: number, ...values: readonly SQLInputValue[]): Read => {
    const most = Math.min(limit, pageLimits.events);
    const events: Recorded[] = [];
    let bytes = 0;
    for (let come = after; ;) {
      // One row more than the page may have says that there are more.
      const wanted = Math.min(TAKEN, most + 1 - events.length);
      const rows = statement.all(come, ...values, wanted) as Row[];
      for (const row of rows) {
        if (events.length === most || bytes >= pageLimits.bytes) return { events, bytes, more: true };
        events.push(factIn(row, metadataIn));
        bytes += row[5].length + row[6].length;
        come = row[cursor];
      }
      if (rows.length < wanted) return { events, bytes, more: false };
    }
  };
}

/** Events of one append have the same metadata and lie next to each other: parsed for the first of them, it costs half. */
function parsing(): (text: string) => Metadata {
  let last: { readonly text: string; readonly metadata: Metadata } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, metadata: JSON.parse(text) as Metadata };
    return last.metadata;
  };
}

/** Reads a page of the events of a stream with a revision above `after`, `limit` of them at most. */
export function streamsOf(db: DatabaseSync): (stream: string, after: number, limit: number) => StreamPage {
  const events = eventsBy(db, 'revision > ? AND stream = ? ORDER BY revision', 2);
  return (stream, after, limit) => events(limit, after, stream);
}

/** Looks up which fact is where, by what follows the FROM of the SQL. */
function placeBy(db: DatabaseSync, rest: string): (...values: readonly SQLInputValue[]) => Place | undefined {
  const statement = db.prepare(`SELECT id, stream, revision, position FROM events ${rest}`);
  statement.setReturnArrays(true);
  return (...values) => {
    const row = statement.get(...values) as [string, string, number, number] | undefined;
    if (!row) return undefined;
    const [id, stream, revision, position] = row;
    return { id, stream, revision, position };
  };
}

/** Looks up which fact has a revision of a stream. */
export const placesOf = (db: DatabaseSync) => placeBy(db, 'WHERE stream = ? AND revision = ?');

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
export function pagesOf(db: DatabaseSync, recent: Recent): (filter?: Filter) => (from: number) => Batch {
  const endOfLog = placeBy(db, 'ORDER BY position DESC LIMIT 1');
  const lastUpTo = placeBy(db, 'WHERE position <= ? ORDER BY position DESC LIMIT 1');
  const kept = new LRUCache<string, Page>({ max: KEPT, maxSize: keptBytes, sizeCalculation: ({ bytes }) => 1 + bytes });
  return (what = {}) => {
    const { streams, types } = what;
    const wants = wanting(what);
    const conditions = [...(streams ? [inStreams(streams)] : []), ...(types ? [ofTypes(types)] : [])];
    const values = conditions.flatMap((condition) => condition.values);
    const filter = conditions.map(({ sql }) => sql).join(' ');
    const wantedIn = eventsBy(db, `position > ? AND position <= ? ${filter} ORDER BY position`, 0);
    const wanted = JSON.stringify([streams, types]);

    const read = (from: number): Page => {
      const ahead = recent.after(from);
      const newest = ahead ? ahead.at(-1) : endOfLog();
      if (!newest || newest.position <= from) return { events: [], position: from, bytes: 0 };
      if (ahead && !ahead.some(wants))
        return { events: [], position: newest.position, bytes: 0, last: placeOfFact(newest) };
      const end = Math.min(newest.position, from + WINDOW);
      const { events, bytes, more } = wantedIn(pageLimits.events, from, end, ...values);
      const position = (more ? events.at(-1)?.position : undefined) ?? end;
      const last = [newest, events.at(-1)].find((fact) => fact?.position === position) ?? lastUpTo(position);
      return { events, position, bytes, ...(last && { last: placeOfFact(last) }) };
    };
    return (from) => {
      const key = `${from} ${wanted}`;
      const page = kept.get(key) ?? read(from);
      if (page.position > from) kept.set(key, page);
      return page;
    };
  };
}
