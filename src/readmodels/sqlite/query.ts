import { checkMark } from '../checks.ts';
import type { Condition, Query, Scalar, Sort } from '../queries.ts';
import type { Declared } from '../collection.ts';
import { beginsWith, isPrefix, joined, matching, wordsFrom } from './conditions.ts';
import type { Statement } from './conditions.ts';
import { docsTable, fieldSql, pathSql, quoted } from './names.ts';

type Column = { readonly sql: string; readonly direction: 'asc' | 'desc' };

const sortColumns = (collection: Declared, sort: readonly Sort<never>[]): readonly Column[] => [
  ...sort.map(({ field, direction }) => ({ sql: fieldSql(collection, field), direction })),
  { sql: 'id', direction: sort.at(-1)?.direction ?? 'asc' },
];

const orderBy = (columns: readonly Column[]): string =>
  `ORDER BY ${columns.map(({ sql, direction }) => `${sql} ${direction}`).join(', ')}`;

// The rows that equal the mark in the first columns and lie beyond it in the next.
const beyond = (columns: readonly Column[], mark: readonly Scalar[], equal: number): Statement => {
  const terms = columns.slice(0, equal + 1).map(({ sql, direction }, place) => {
    if (place < equal) return `${sql} = ?`;
    return `${sql} ${direction === 'asc' ? '>' : '<'} ?`;
  });
  return { sql: terms.join(' AND '), values: mark.slice(0, equal + 1) };
};

/** How many documents meet the conditions, as `total`. */
export const countStatement = (
  project: string,
  collection: Declared,
  where: readonly Condition<never>[],
): Statement => {
  const { sql, values } = matching(project, collection, where);
  return { sql: `SELECT count(*) AS total FROM ${quoted(docsTable(collection))} WHERE ${sql}`, values };
};

/**
 * How to come to the documents: by an index that is there, by its name; by the ids that a condition names; or as SQLite finds
 * its way by itself.
 */
export type Way = 'any' | 'by-id' | { readonly index: string };

/** The rows of a table that are asked for, and what they are sorted by. */
type Rows = { readonly table: string; readonly filter: Statement; readonly columns: readonly Column[] };

/** The first rows, in order, as what follows SELECT and the columns. */
const first = ({ table, filter, columns }: Rows, count: number): Statement => ({
  sql: `FROM ${table} WHERE ${filter.sql} ${orderBy(columns)} LIMIT ?`,
  values: [...filter.values, count],
});

const tableFor = (collection: Declared, way: Way): string => {
  const table = docsTable(collection);
  if (way === 'any') return quoted(table);
  return `${quoted(table)} INDEXED BY ${quoted(way === 'by-id' ? `sqlite_autoindex_${table}_1` : way.index)}`;
};

/**
 * What comes after a mark, as a union of seeks, one for each column that may be the first to differ: one row-value
 * comparison can't say what comes after it where directions differ. The seek of those that differ last comes first, so that
 * the union is in order too.
 */
const firstAfter = ({ table, filter, columns }: Rows, after: readonly Scalar[], count: number): Statement => {
  const seeks = columns.map((_, equal) => {
    const further = joined([filter, beyond(columns, after, equal)], ' AND ');
    const { sql, values } = first({ table, filter: further, columns: columns.slice(equal) }, count);
    return { sql: `SELECT * FROM (SELECT * ${sql})`, values };
  });
  const { sql, values } = joined(seeks.toReversed(), ' UNION ALL ');
  return { sql: `FROM (${sql})`, values };
};

/**
 * The `id` and `doc` of a page and of one document more. `by-id` is for a query with a prefix that few words have: SQLite
 * would go through all documents in order to find those few. Throws when the mark does not fit the sort fields.
 */
export const findStatement = (
  project: string,
  collection: Declared,
  query: Query<never>,
  way: Way = 'any',
): Statement => {
  const { sort, after, limit, where } = query;
  checkMark(collection, query);
  const columns = sortColumns(collection, sort);
  const rows = { table: tableFor(collection, way), filter: matching(project, collection, where), columns };
  if (after === undefined) {
    const { sql, values } = first(rows, limit + 1);
    return { sql: `SELECT id, doc ${sql}`, values };
  }
  const { sql, values } = firstAfter(rows, after, limit + 1);
  return { sql: `SELECT id, doc ${sql} ${orderBy(columns)} LIMIT ?`, values: [...values, limit + 1] };
};

/**
 * The same by going through the documents in order and looking at the words in each: of a prefix that many words have, a page
 * is soon full. Goes through so many documents at most (after a mark, so many of each seek): when the page is not full by
 * then, nothing is known.
 */
export const walkStatement = (
  project: string,
  collection: Declared,
  query: Query<never>,
  { most, way = 'any' }: { readonly most: number; readonly way?: Way },
): Statement => {
  const { sort, after, limit, where } = query;
  checkMark(collection, query);
  const others = where.filter((asked) => !isPrefix(asked));
  const all = {
    table: tableFor(collection, way),
    filter: matching(project, collection, others),
    columns: sortColumns(collection, sort),
  };
  const rows = after === undefined ? first(all, most) : firstAfter(all, after, most);
  const has = where.filter(isPrefix).map(({ field, value }) => {
    const { sql, values } = beginsWith('value', value);
    return { sql: `EXISTS (SELECT 1 FROM json_each(doc, ${pathSql(field)}) WHERE type = 'text' AND ${sql})`, values };
  });
  const words = joined(has, ' AND ');
  const values = [...rows.values, ...words.values, limit + 1];
  return { sql: `SELECT id, doc FROM (SELECT * ${rows.sql}) WHERE ${words.sql} LIMIT ?`, values };
};

/** For each prefix in a query, how many words have it, as `total`; counts up to a number. */
export const prefixCounts = (
  project: string,
  collection: Declared,
  { where }: Query<never>,
  most: number,
): readonly Statement[] =>
  where.filter(isPrefix).map((asked) => {
    const { sql, values } = wordsFrom(project, collection, asked);
    return { sql: `SELECT count(*) AS total FROM (SELECT 1 ${sql} LIMIT ?)`, values: [...values, most] };
  });
