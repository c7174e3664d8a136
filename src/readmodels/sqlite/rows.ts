import { parsed } from '../checks.ts';
import type { Stored } from '../documents.ts';
import type { Scalar } from '../queries.ts';
import type { Collection, Key } from '../collection.ts';
import { docsTable, quoted } from './names.ts';
import type { Connection } from './tables.ts';

/** What SQLite keeps in a column. */
export type Value = Scalar | null;

/** How many keys one statement looks up at most. */
const MANY = 256;

/** Project, id, document and position, by their places. */
type Row = Readonly<Record<0 | 1, string> & Record<2, string | null> & Record<3, number>>;

/** The rows of many keys, in as few statements as they fit in; a key without a row is left out. */
const rowsOf = ({ prepared }: Connection, table: string, keys: readonly Key[]): readonly Row[] => {
  const found: Row[] = [];
  for (const [project, own] of Map.groupBy(keys, (key) => key.project)) {
    for (let begin = 0; begin < own.length; begin += MANY) {
      const ids = own.slice(begin, begin + MANY).map(({ id }) => id);
      // A few sizes of statement are prepared once; the place that is over asks for the last key again.
      const places = 2 ** Math.ceil(Math.log2(ids.length));
      const asked = [...ids, ...Array.from({ length: places - ids.length }, () => ids.at(-1) ?? '')];
      const list = asked.map(() => '?').join(', ');
      const statement = prepared(
        `SELECT project, id, doc, position FROM ${table} WHERE project = ? AND id IN (${list})`,
      );
      statement.setReturnArrays(true);
      found.push(...(statement.all(project, ...asked) as Row[]));
    }
  }
  return found;
};

/** The documents of keys with their positions, tombstones too; of some keys there may be none. Throws when one does not fit its schema. */
export const loadStored = <D>(
  connection: Connection,
  collection: Collection<D>,
  keys: readonly Key[],
): readonly Stored<D>[] =>
  rowsOf(connection, quoted(docsTable(collection)), keys).map(({ 0: project, 1: id, 2: doc, 3: position }) => ({
    project,
    id,
    position,
    doc: doc === null ? undefined : parsed(collection, id, doc),
  }));

/** What a column has of a document's field: what SQLite would extract from the document's JSON. */
export const columnValue = (value: unknown): Value => {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  return value === undefined || value === null ? null : JSON.stringify(value);
};
