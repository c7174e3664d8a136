import type { DatabaseSync } from 'node:sqlite';
import type { Place } from '../event-store.ts';
import type { Written } from './writer.ts';

/** Where a fact is, and what a filter asks of it. */
type Heading = Place & { readonly type: string };

/** How many facts are remembered at least, and how many are read at a time: more came at once than who follows live would see. */
const REMEMBERED = 4_000;
const AT_ONCE = 1_000;

/** The columns by their places. */
type Row = Readonly<Record<0 | 2, number> & Record<1 | 3 | 4, string>>;

/** Looks up the position of the last event; 0 when there is none. */
export function headOf(db: DatabaseSync): () => number {
  const statement = db.prepare('SELECT coalesce(max(position), 0) AS position FROM events');
  return () => Number(statement.get()?.['position']);
}

/** The headings of a log's last facts. */
export type Recent = {
  /** Those after a position, in order; undefined for a position that is further back. */
  readonly after: (from: number) => readonly Heading[] | undefined;
  /** Takes over what was just written here, which then need not be read, if it follows what is remembered. */
  readonly note: (written: readonly Written[]) => void;
};

/** Remembers the headings of a log's last facts, so that of many who follow it each asks SQLite only for what it wants. */
export const recentOf = (db: DatabaseSync): Recent => {
  const head = headOf(db);
  const next = db.prepare(
    'SELECT position, stream, revision, id, type FROM events WHERE position > ? ORDER BY position LIMIT ?',
  );
  next.setReturnArrays(true);
  let headings: Heading[] = [];
  // All facts between these positions are remembered.
  let [begin, end] = [-1, -1];

  const beginAtEnd = (): void => {
    headings = [];
    begin = end = head();
  };

  const update = (): void => {
    if (begin < 0) return beginAtEnd();
    const rows = next.all(end, AT_ONCE) as Row[];
    if (rows.length === AT_ONCE) return beginAtEnd();
    for (const { 0: position, 1: stream, 2: revision, 3: id, 4: type } of rows) {
      add({ position, stream, revision, id, type });
    }
  };

  const add = (heading: Heading): void => {
    headings.push(heading);
    end = heading.position;
    if (headings.length < 2 * REMEMBERED) return;
    const forgotten = headings.splice(0, headings.length - REMEMBERED);
    begin = forgotten.at(-1)?.position ?? begin;
  };

  const note = (written: readonly Written[]): void => {
    // Nobody follows yet, or another process wrote meanwhile: then it is read when somebody looks.
    if (begin < 0) return;
    for (const { stream, expected, lines, position } of written) {
      const first = position - lines.length + 1;
      if (first !== end + 1) return;
      for (const [index, [id, type]] of lines.entries()) {
        add({ position: first + index, stream, revision: expected + 1 + index, id, type });
      }
    }
  };

  const after = (from: number): readonly Heading[] | undefined => {
    update();
    if (from < begin) return undefined;
    let at = headings.length;
    while (at > 0 && (headings[at - 1]?.position ?? 0) > from) at -= 1;
    return headings.slice(at);
  };
  return { after, note };
};
