import type { DatabaseSync } from 'node:sqlite';
import { pageLimits } from '../page.ts';
import type { Row } from './rows.ts';
import { rowsAfter } from './rows.ts';
import type { Written } from './writer.ts';

/** How many facts are remembered at least, and with how many characters of JSON those before the last are forgotten. */
const REMEMBERED = { facts: 2_500, bytes: 2 * pageLimits.bytes };

/** So many facts, and a page of them, are read at a time: more came at once than who follows live would see. */
const AT_ONCE = 1_000;

/** Looks up the position of the last event; 0 when there is none. */
export function headOf(db: DatabaseSync): () => number {
  const statement = db.prepare('SELECT coalesce(max(position), 0) AS position FROM events');
  return () => Number(statement.get()?.['position']);
}

/** The rows of a log's last facts. */
export type Recent = {
  /** Those after a position, in order; undefined for a position that is further back. */
  readonly after: (from: number) => readonly Row[] | undefined;
  /** Others may have written: SQLite is asked when somebody wants to know next, once for all who follow. */
  readonly expect: () => void;
  /** Takes over what was just written here, which then need not be read, if it follows what is remembered. */
  readonly note: (written: readonly Written[], recordedAt: number) => void;
  /** Forgets all: some of it is no longer in the log. */
  readonly forget: () => void;
};

const bytesOf = (row: Row): number => row[5].length + row[6].length;

/** Remembers the rows of a log's last facts, so that of many who follow it SQLite is asked by one. */
export const recentOf = (db: DatabaseSync): Recent => {
  const head = headOf(db);
  const next = rowsAfter(db);
  let rows: Row[] = [];
  let bytes = 0;
  // All facts between these positions are remembered.
  let [begin, end] = [-1, -1];
  let outdated = true;

  const beginAtEnd = (): void => {
    [rows, bytes] = [[], 0];
    begin = end = head();
  };

  const add = (row: Row): void => {
    rows.push(row);
    bytes += bytesOf(row);
    end = row[0];
    if (rows.length < 2 * REMEMBERED.facts && bytes < 2 * REMEMBERED.bytes) return;
    let kept = rows.length;
    for (let room: number = REMEMBERED.bytes; kept > 0 && rows.length - kept < REMEMBERED.facts && room > 0; kept--) {
      const last = rows[kept - 1];
      room -= last ? bytesOf(last) : 0;
    }
    const forgotten = rows.splice(0, kept);
    begin = forgotten.at(-1)?.[0] ?? begin;
    bytes = rows.reduce((sum, each) => sum + bytesOf(each), 0);
  };

  const update = (): void => {
    outdated = false;
    if (begin < 0) return beginAtEnd();
    let [found, room] = [0, pageLimits.bytes];
    for (const row of next(AT_ONCE, end)) {
      found += 1;
      room -= row[5].length + row[6].length;
      if (found === AT_ONCE || room < 0) return beginAtEnd();
      add(row);
    }
  };

  const note = (written: readonly Written[], recordedAt: number): void => {
    for (const { stream, expected, lines, position } of written) {
      const first = position - lines.length + 1;
      // Nobody follows yet, or another process wrote meanwhile: then it is read when somebody looks.
      outdated ||= begin < 0 || first !== end + 1;
      if (outdated) return;
      for (const [index, [id, type, data, metadata]] of lines.entries()) {
        add([first + index, stream, expected + 1 + index, id, type, data, metadata, recordedAt]);
      }
    }
  };

  const after = (from: number): readonly Row[] | undefined => {
    if (outdated) update();
    if (from < begin) return undefined;
    let at = rows.length;
    while (at > 0 && (rows[at - 1]?.[0] ?? 0) > from) at -= 1;
    return rows.slice(at);
  };
  return {
    after,
    note,
    forget: () => {
      [rows, bytes, begin, end, outdated] = [[], 0, -1, -1, true];
    },
    expect: () => {
      outdated = true;
    },
  };
};
