import type { StatementSync } from 'node:sqlite';
import type { Changed, Replacement, Stored } from '../documents.ts';
import type { Collection, Declared, Key } from '../collection.ts';
import { columnFields, columnsOf, docsTable, quoted, termsTable } from './names.ts';
import type { Value } from './rows.ts';
import { columnValue } from './rows.ts';
import type { Connection } from './tables.ts';

/** What changes in a row besides its position and its document: columns by their places, and values. */
type Changes = { readonly places: readonly number[]; readonly values: readonly Value[] };

const wordsIn = (list: unknown): ReadonlySet<string> =>
  new Set(Array.isArray(list) ? list.filter((word) => typeof word === 'string') : []);

/** Brings the words that documents are found by from what they were to what they are, if there are any yet. */
const wordsSaving = ({ prepared }: Connection, collection: Declared) => {
  const table = collection.terms === undefined ? undefined : termsTable(collection, collection.terms);
  if (table === undefined || !prepared('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table)) return undefined;
  const remove = prepared(`DELETE FROM ${quoted(table)} WHERE project = ? AND word = ? AND id = ?`);
  const add = prepared(`INSERT OR IGNORE INTO ${quoted(table)} (project, word, id) VALUES (?, ?, ?)`);
  return ({ project, id }: Key, before: unknown, now: unknown): void => {
    // The usual document has the words that it had.
    if (before === now) return;
    const [old, current] = [wordsIn(before), wordsIn(now)];
    for (const word of old) if (!current.has(word)) remove.run(project, word, id);
    for (const word of current) if (!old.has(word)) add.run(project, word, id);
  };
};

/** The statements that write a collection's rows. Those that update name only the columns that change: SQLite leaves an index alone none of whose columns is named. */
const statementsOf = ({ prepared }: Connection, collection: Declared) => {
  const table = quoted(docsTable(collection));
  const own = [...columnsOf(collection).keys()];
  const columns = ['project', 'id', 'position', ...own, 'doc'];
  const updates = new Map<string, StatementSync>();
  return {
    insert: prepared(`INSERT INTO ${table} (${columns.map(quoted).join(', ')})
      VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT (project, id) DO NOTHING`),
    select: (): StatementSync => {
      const select = prepared(`SELECT ${['position', ...own].map(quoted).join(', ')} FROM ${table}
        WHERE project = ? AND id = ?`);
      select.setReturnArrays(true);
      return select;
    },
    /** What updates the columns at some places of a row that is still of a position. */
    update: (places: readonly number[]): StatementSync => {
      const key = places.join();
      const set = () =>
        ['position', ...places.map((place) => own[place] ?? ''), 'doc'].map((name) => `${quoted(name)} = ?`).join(', ');
      const update =
        updates.get(key) ?? prepared(`UPDATE ${table} SET ${set()} WHERE project = ? AND id = ? AND position = ?`);
      updates.set(key, update);
      return update;
    },
  };
};

/** What writes the documents of a collection, in a transaction that nobody else writes in. */
const writingTo = <D>(connection: Connection, collection: Collection<D>) => {
  const fields = columnFields(collection);
  const { insert, select, update } = statementsOf(connection, collection);
  const saveWords = wordsSaving(connection, collection);
  const wordsOf = (doc: D | undefined): unknown =>
    collection.terms === undefined ? undefined : doc?.[collection.terms];

  const jsonOf = (doc: D | undefined): Value => (doc === undefined ? null : JSON.stringify(doc));
  const valuesOf = (doc: D | undefined, values: Value[] = []): Value[] => {
    if (fields.length > 0) values.push(doc === undefined ? 1 : null);
    for (const field of fields) values.push(columnValue(doc?.[field]));
    return values;
  };

  const changesOf = (before: readonly Value[], now: readonly Value[]): Changes => {
    const places = [...now.keys()].filter((place) => now[place] !== before[place]);
    return { places, values: places.map((place) => now[place] ?? null) };
  };

  /** What differs in the columns of two documents. Of lists and objects only those are looked into that are others than before. */
  const differing = (before: D | undefined, now: D | undefined): Changes => {
    if (!before || !now) return changesOf(valuesOf(before), valuesOf(now));
    const [places, values]: [number[], Value[]] = [[], []];
    for (let place = 0; place < fields.length; place++) {
      const field = fields[place];
      if (field === undefined || before[field] === now[field]) continue;
      const value = columnValue(now[field]);
      if (value === columnValue(before[field])) continue;
      // The first column tells whether the document is gone.
      places.push(place + 1);
      values.push(value);
    }
    return { places, values };
  };

  const updated = ({ places, values }: Changes, { project, id, position, doc }: Stored<D>, before: number): boolean =>
    Number(update(places).run(position, ...values, jsonOf(doc), project, id, before).changes) > 0;

  /** Writes a document of which nothing is there. Tells whether that is so. */
  const begin = (document: Stored<D>): boolean => {
    const { project, id, position, doc } = document;
    const row = valuesOf(doc, [project, id, position]);
    row.push(jsonOf(doc));
    const isNew = Number(insert.run(...row).changes) > 0;
    if (isNew) saveWords?.(document, undefined, wordsOf(doc));
    return isNew;
  };

  /** Writes a document over one that is still there, as somebody knows it. Tells whether that is so. */
  const change = (document: Stored<D>, before: Stored<D>): boolean => {
    const isWritten = updated(differing(before.doc, document.doc), document, before.position);
    if (isWritten) saveWords?.(document, wordsOf(before.doc), wordsOf(document.doc));
    return isWritten;
  };

  /** Writes a document over what is there, if the position of that lets it. Tells whether it does. */
  const overwrite = (document: Stored<D>, lets: (position: number | undefined) => boolean): boolean => {
    const row = select().get(document.project, document.id) as Readonly<Record<number, Value>> | undefined;
    const position = row && Number(row[0]);
    if (!lets(position)) return false;
    if (!row || position === undefined) return begin(document);
    const now = valuesOf(document.doc);
    const before = now.map((_, place) => row[place + 1] ?? null);
    updated(changesOf(before, now), document, position);
    const words = fields.findIndex((field) => field === collection.terms) + 1;
    const had = words > 0 ? before[words] : undefined;
    if (had !== now[words]) saveWords?.(document, JSON.parse(String(had || '[]')), wordsOf(document.doc));
    return true;
  };
  return { begin, change, overwrite };
};

/** Writes documents and their words, each unless a newer document is there. */
export const saveDocuments = <D>(
  connection: Connection,
  collection: Collection<D>,
  documents: readonly Changed<D>[],
): void => {
  if (documents.length === 0) return;
  const { begin, change, overwrite } = writingTo(connection, collection);
  for (const document of documents) {
    const { before, position } = document;
    // The usual document is as its projection left it, or was not there yet: nobody has to look what there is.
    const isWritten = before ? before.position < position && change(document, before) : begin(document);
    if (!isWritten) overwrite(document, (there) => there === undefined || there < position);
  }
};

/** Writes documents and their words, each if what is there is of the position that was seen. Tells whether all were. */
export const replaceDocuments = <D>(
  connection: Connection,
  collection: Collection<D>,
  documents: readonly Replacement<D>[],
): boolean => {
  if (documents.length === 0) return true;
  const { overwrite } = writingTo(connection, collection);
  let all = true;
  for (const document of documents) all = overwrite(document, (there) => there === document.replaces) && all;
  return all;
};
