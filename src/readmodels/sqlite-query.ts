import { checkMark, checkTerms } from './document.ts';
import type { Condition, Declared, Query, Scalar, Sort } from './read-models.ts';
import { docsTable, fieldSql, pathSql, quoted, termsTable } from './sqlite-names.ts';

/** SQL and its parameters in order. */
export type Statement = { readonly sql: string; readonly values: readonly Scalar[] };

type Column = { readonly sql: string; readonly direction: 'asc' | 'desc' };

const joined = (parts: readonly Statement[], separator: string): Statement => ({
  sql: parts.map(({ sql }) => sql).join(separator),
  values: parts.flatMap(({ values }) => values),
});

const OPERATORS = { eq: '=', gt: '>', gte: '>=', lt: '<', lte: '<=' } as const;

// SQLite puts every number before every text; without the second bound `gt 5` would find strings and `lt 'x'` numbers.
const sameType = (field: string, op: keyof typeof OPERATORS, value: Scalar): string => {
  if ((op === 'gt' || op === 'gte') && typeof value === 'number') return ` AND ${field} < ''`;
  if ((op === 'lt' || op === 'lte') && typeof value === 'string') return ` AND ${field} >= ''`;
  return '';
};

// No byte of UTF-8 is FF, so everything that begins with the value lies below value + FF, and nothing else does.
const beginsWith = (column: string, value: string): Statement => ({
  sql: `${column} >= ? AND ${column} < ? || x'FF'`,
  values: [value, value],
});

type Prefix = Extract<Condition<never>, { op: 'prefix' }>;
const isPrefix = (asked: Condition<never>): asked is Prefix => asked.op === 'prefix';

/** The words of a project that begin with a value. */
const wordsFrom = (project: string, collection: Declared, { field, value }: Prefix): Statement => {
  checkTerms(collection, field);
  const { sql, values } = beginsWith('word', value);
  const table = quoted(termsTable(collection, field));
  return { sql: `FROM ${table} WHERE project = ? AND ${sql}`, values: [project, ...values] };
};

const condition = (project: string, collection: Declared, asked: Condition<never>): Statement => {
  if (isPrefix(asked)) {
    const { sql, values } = wordsFrom(project, collection, asked);
    return { sql: `id IN (SELECT id ${sql})`, values };
  }
  const field = fieldSql(asked.field);
  if (asked.op === 'in') return { sql: `${field} IN (${asked.value.map(() => '?').join(', ')})`, values: asked.value };
  return {
    sql: `${field} ${OPERATORS[asked.op]} ?${sameType(field, asked.op, asked.value)}`,
    values: [asked.value],
  };
};

// "doc IS NOT NULL" leaves the tombstones out and makes the partial indexes usable.
const matching = (project: string, collection: Declared, where: readonly Condition<never>[]): Statement =>
  joined(
    [
      { sql: 'project = ? AND doc IS NOT NULL', values: [project] },
      ...where.map((asked) => condition(project, collection, asked)),
    ],
    ' AND ',
  );

const sortColumns = (sort: readonly Sort<never>[]): readonly Column[] => [
  ...sort.map(({ field, direction }) => ({ sql: fieldSql(field), direction })),
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

/** The `id` and `doc` of the first documents that meet a condition, in order. */
const first = (collection: Declared, filter: Statement, order: readonly Column[], count: number): Statement => ({
  sql: `SELECT id, doc FROM ${quoted(docsTable(collection))} WHERE ${filter.sql} ${orderBy(order)} LIMIT ?`,
  values: [...filter.values, count],
});

/**
 * What comes after a mark, as a union of seeks, one for each column that may be the first to differ: one row-value
 * comparison would read every tie again, as SQLite can't seek by it in an index on expressions. The seek of those that differ
 * last comes first, so that the union is in order too.
 */
const firstAfter = (
  collection: Declared,
  base: Statement,
  { sort, after = [] }: Query<never>,
  count: number,
): Statement => {
  const columns = sortColumns(sort);
  const seeks = columns.map((_, equal) => {
    const filter = joined([base, beyond(columns, after, equal)], ' AND ');
    const { sql, values } = first(collection, filter, columns.slice(equal), count);
    return { sql: `SELECT * FROM (${sql})`, values };
  });
  return joined(seeks.toReversed(), ' UNION ALL ');
};

/** The `id` and `doc` of a page and of one document more. Throws when the mark does not fit the sort fields. */
export const findStatement = (project: string, collection: Declared, query: Query<never>): Statement => {
  const { sort, after, limit, where } = query;
  checkMark(collection, query);
  const columns = sortColumns(sort);
  const base = matching(project, collection, where);
  if (after === undefined) return first(collection, base, columns, limit + 1);
  const { sql, values } = firstAfter(collection, base, query, limit + 1);
  return { sql: `SELECT id, doc FROM (${sql}) ${orderBy(columns)} LIMIT ?`, values: [...values, limit + 1] };
};

/**
 * The same by going through the documents in order and looking at the words in each: of a prefix that many words have, a page
 * is soon full. Goes through so many documents at most (after a mark, so many of each seek): when the page is not full by
 * then, nothing is known.
 */
export const walkStatement = (project: string, collection: Declared, query: Query<never>, most: number): Statement => {
  const { sort, after, limit, where } = query;
  checkMark(collection, query);
  const base = matching(
    project,
    collection,
    where.filter((asked) => !isPrefix(asked)),
  );
  const rows =
    after === undefined ? first(collection, base, sortColumns(sort), most) : firstAfter(collection, base, query, most);
  const has = where.filter(isPrefix).map(({ field, value }) => {
    const { sql, values } = beginsWith('value', value);
    return { sql: `EXISTS (SELECT 1 FROM json_each(doc, ${pathSql(field)}) WHERE type = 'text' AND ${sql})`, values };
  });
  const words = joined(has, ' AND ');
  const values = [...rows.values, ...words.values, limit + 1];
  return { sql: `SELECT id, doc FROM (${rows.sql}) WHERE ${words.sql} LIMIT ?`, values };
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
