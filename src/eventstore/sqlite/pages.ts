import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Batch, Filter, Place, Recorded, StreamPage } from '../event-store.ts';
import { placeOfFact, wanting } from '../event-store.ts';
import { keptBytes, pageLimits } from '../page.ts';
import type { Recent } from './recent.ts';
import type { Row } from './rows.ts';
import { factsOf, placeOf, rowsBy } from './rows.ts';

/** How many events a page looks through at most, so that one who wants few of many lets others have their turn in between. */
const WINDOW = 10_000;

/** How many pages are kept at most for those who come after the first. */
const KEPT = 8;

/** A page, and how many characters of JSON were read for it. */
type Read = StreamPage & { readonly bytes: number };

/** The facts of rows, as many as a page may have. One row more than that says that there are more: the rest is not read. */
const pageOf = (rows: Iterable<Row>, factOf: (row: Row) => Recorded, most: number = pageLimits.events): Read => {
  const events: Recorded[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (events.length >= most || bytes >= pageLimits.bytes) return { events, bytes, more: true };
    events.push(factOf(row));
    bytes += row[5].length + row[6].length;
  }
  return { events, bytes, more: false };
};

/** Reads a page of the events of a stream with a revision above `after`, `limit` of them at most. */
export function streamsOf(db: DatabaseSync): (stream: string, after: number, limit: number) => StreamPage {
  const rows = rowsBy(db, 'revision > ? AND stream = ? ORDER BY revision', 2);
  const factOf = factsOf();
  return (stream, after, limit) => {
    const most = Math.min(limit, pageLimits.events);
    return pageOf(rows(most + 1, after, stream), factOf, most);
  };
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
 * Reads the log in pages, each with what a filter wants after a position. Who follows live gets facts that are remembered; of
 * those further back, followers that go along together with equal filters share a page. A page stays true until something is
 * taken out of the log: then all have to be forgotten.
 */
export function pagesOf(db: DatabaseSync, recent: Recent) {
  const endOfLog = placeBy(db, 'ORDER BY position DESC LIMIT 1');
  const lastUpTo = placeBy(db, 'WHERE position <= ? ORDER BY position DESC LIMIT 1');
  const factOf = factsOf();
  const shared = (row: Row): Recorded => (row.fact ??= factOf(row));
  type Page = Batch & { readonly bytes: number };
  const kept = new LRUCache<string, Page>({ max: KEPT, maxSize: keptBytes, sizeCalculation: ({ bytes }) => 1 + bytes });
  const of = (what: Filter = {}): ((from: number) => Batch) => {
    const { streams, types } = what;
    const wants = wanting(what);
    const conditions = [...(streams ? [inStreams(streams)] : []), ...(types ? [ofTypes(types)] : [])];
    const values = conditions.flatMap((condition) => condition.values);
    const filter = conditions.map(({ sql }) => sql).join(' ');
    const wantedIn = rowsBy(db, `position > ? AND position <= ? ${filter} ORDER BY position`, 0);
    const wanted = JSON.stringify([streams, types]);

    /** Of the rows that are remembered after a position. */
    const live = (from: number, rows: readonly Row[]): Batch => {
      const newest = rows.at(-1);
      if (!newest) return { events: [], position: from };
      const { events, more } = pageOf(
        rows.filter(({ 1: stream, 4: type }) => wants({ stream, type })),
        shared,
      );
      const last = more ? events.at(-1) : undefined;
      if (last) return { events, position: last.position, last: placeOfFact(last) };
      return { events, position: newest[0], last: placeOf(newest) };
    };

    const read = (from: number): Page => {
      const newest = endOfLog();
      if (!newest || newest.position <= from) return { events: [], position: from, bytes: 0 };
      const end = Math.min(newest.position, from + WINDOW);
      const { events, bytes, more } = pageOf(wantedIn(pageLimits.events + 1, from, end, ...values), factOf);
      const position = (more ? events.at(-1)?.position : undefined) ?? end;
      const last = [newest, events.at(-1)].find((fact) => fact?.position === position) ?? lastUpTo(position);
      return { events, position, bytes, ...(last && { last: placeOfFact(last) }) };
    };

    return (from) => {
      const rows = recent.after(from);
      if (rows) return live(from, rows);
      const key = `${from} ${wanted}`;
      const page = kept.get(key) ?? read(from);
      if (page.position > from) kept.set(key, page);
      return page;
    };
  };
  return { of, forget: () => kept.clear() };
}
