import { markOf, parsed } from '../checks.ts';
import type { Page, Query } from '../queries.ts';
import type { Collection, Declared } from '../collection.ts';
import type { Statement } from './conditions.ts';
import { indexFor } from './indexes.ts';
import { findStatement, prefixCounts, walkStatement } from './query.ts';
import type { Way } from './query.ts';
import type { Connection } from './tables.ts';

type Row = { readonly id: string; readonly doc: string };

/** With fewer words than this a prefix is rare: to look them all up costs less than to meet enough of them in order. */
const RARE = 300;
/** With so many words a prefix is common, and a page of what has it is looked for among so many documents in order. */
const COMMON = 2_000;
const WALK = 4_000;

/** How many words have the rarest prefix of a query; there may be more than `COMMON`. None when it has no prefix. */
const rarest = (
  { prepared }: Connection,
  project: string,
  collection: Declared,
  query: Query<never>,
): number | undefined => {
  const counts = prefixCounts(project, collection, query, COMMON);
  const totals = counts.map(({ sql, values }) => Number(prepared(sql).get(...values)?.['total']));
  return totals.length === 0 ? undefined : Math.min(...totals);
};

/** The way by the index that suits a query best, once it is made: a collection that is being built has none. */
const wayOf = ({ prepared }: Connection, collection: Declared, query: Query<never>): Way => {
  const index = indexFor(collection, query);
  if (index === undefined) return 'any';
  const there = prepared("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?").get(index);
  return there ? { index } : 'any';
};

/** The rows of a page and one more, if there are more. */
const pageRows = (
  connection: Connection,
  project: string,
  collection: Declared,
  query: Query<never>,
): readonly Row[] => {
  const rows = ({ sql, values }: Statement) => connection.prepared(sql).all(...values) as Row[];
  const words = rarest(connection, project, collection, query);
  if (words !== undefined && words < RARE) return rows(findStatement(project, collection, query, 'by-id'));
  const way = wayOf(connection, collection, query);
  if (words !== undefined && words >= COMMON) {
    const walked = rows(walkStatement(project, collection, query, { most: WALK, way }));
    if (walked.length > query.limit) return walked;
  }
  return rows(findStatement(project, collection, query, way));
};

/** SQLite has no way by an index to a value that is in an empty list. */
const meetsNothing = ({ where }: Query<never>): boolean =>
  where.some(({ op, value }) => op === 'in' && value.length === 0);

/** A page of the documents that meet a query. Throws when a document does not fit its schema or has nothing to sort by. */
export const findPage = <D>(
  connection: Connection,
  project: string,
  collection: Collection<D>,
  query: Query<D>,
): Page<D> => {
  const rows = meetsNothing(query) ? [] : pageRows(connection, project, collection, query);
  const docs = rows.slice(0, query.limit).map((row) => parsed(collection, row.id, row.doc));
  const last = rows[query.limit - 1];
  return rows.length > query.limit && last ? { docs, next: markOf(collection, query, last.id, last.doc) } : { docs };
};
