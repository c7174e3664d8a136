import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Batch, Filter, Place, Recorded, Scanned, ScanLimits, StreamPage } from '../event-store.ts';
import { placeOfFact, wanting } from '../event-store.ts';
import { keptBytes, pageLimits } from '../page.ts';
import type { Recent } from './recent.ts';
import type { Row } from './rows.ts';
import { factsOf, placeOf, rowsBy } from './rows.ts';

/** What a page has at most, and how many events it looks through, so that one who wants few of many lets others have their turn. */
const usual: ScanLimits = { events: pageLimits.events, among: 10_000 };

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
  type Page = Scanned & { readonly bytes: number };
  const kept = new LRUCache<string, Page>({ max: KEPT, maxSize: keptBytes, sizeCalculation: ({ bytes }) => 1 + bytes });

  /** Reads one page after a position: of the rows that are remembered, if they are `recent`, or of the file. */
  const reading = (what: Filter, { events: most, among }: ScanLimits) => {
    const { streams, types } = what;
    const wants = wanting(what);
    const conditions = [...(streams ? [inStreams(streams)] : []), ...(types ? [ofTypes(types)] : [])];
    const values = conditions.flatMap((condition) => condition.values);
    const filter = conditions.map(({ sql }) => sql).join(' ');
    const wantedIn = rowsBy(db, `position > ? AND position <= ? ${filter} ORDER BY position`, 0);

    const live = (from: number, remembered: readonly Row[]): Scanned => {
      const rows = remembered.length > among ? remembered.slice(0, among) : remembered;
      const newest = rows.at(-1);
      if (!newest) return { events: [], position: from, atEnd: true };
      const wanted = rows.filter(({ 1: stream, 4: type }) => wants({ stream, type }));
      const { events, more } = pageOf(wanted, shared, most);
      const last = more ? events.at(-1) : undefined;
      if (last) return { events, position: last.position, last: placeOfFact(last), atEnd: false };
      return { events, position: newest[0], last: placeOf(newest), atEnd: rows.length === remembered.length };
    };

    const read = (from: number): Page => {
      const newest = endOfLog();
      if (!newest || newest.position <= from) return { events: [], position: from, bytes: 0, atEnd: true };
      const end = Math.min(newest.position, from + among);
      const { events, bytes, more } = pageOf(wantedIn(most + 1, from, end, ...values), factOf, most);
      const position = (more ? events.at(-1)?.position : undefined) ?? end;
      const last = [newest, events.at(-1)].find((fact) => fact?.position === position) ?? lastUpTo(position);
      const atEnd = position === newest.position;
      return { events, position, bytes, atEnd, ...(last && { last: placeOfFact(last) }) };
    };

    return {
      recent: (from: number): Scanned | undefined => {
        const rows = recent.after(from);
        return rows && live(from, rows);
      },
      read,
    };
  };

  const of = (what: Filter = {}): ((from: number) => Batch) => {
    const pages = reading(what, usual);
    const wanted = JSON.stringify([what.streams, what.types]);
    return (from) => {
      const live = pages.recent(from);
      if (live) return live;
      const key = `${from} ${wanted}`;
      const page = kept.get(key) ?? pages.read(from);
      if (page.position > from) kept.set(key, page);
      return page;
    };
  };
  const scan = (from: number, what: Filter, { events, among }: ScanLimits): Scanned => {
    const pages = reading(what, { events: Math.min(events, usual.events), among });
    return pages.recent(from) ?? pages.read(from);
  };
  return { of, scan, forget: () => kept.clear() };
}
