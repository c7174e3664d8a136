import { checkedField, checkMark, checkTerms } from './document.ts';
import type { Condition, Declared, Query, Scalar, Sort } from './read-models.ts';

/** SQL and its parameters in order. */
export type Statement = { readonly sql: string; readonly values: readonly Scalar[] };

type Column = { readonly sql: string; readonly direction: 'asc' | 'desc' };

/** An SQL identifier, whatever characters the name has. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The name of the table with the documents of a collection. */
export const docsTable = (collection: Declared): string => `docs.${collection.name}`;

/** The name of the table with the words of one field. The field comes first: it has no dot, so no other collection gets the same name. */
export const termsTable = (collection: Declared, field: string): string => `terms.${field}.${collection.name}`;

const indexName = (collection: Declared, fields: readonly string[]): string =>
  `index.${fields.join(',')}.${collection.name}`;

/** The path of a document's field as an SQL literal. Throws on a name that is not letters and digits. */
export const pathSql = (field: string): string => `'$.${checkedField(field)}'`;

const fieldSql = (field: string): string => `json_extract(doc, ${pathSql(field)})`;

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
const prefix = (project: string, collection: Declared, field: string, value: string): Statement => {
  checkTerms(collection, field);
  const table = quoted(termsTable(collection, field));
  return {
    sql: `id IN (SELECT id FROM ${table} WHERE project = ? AND word >= ? AND word < ? || x'FF')`,
    values: [project, value, value],
  };
};

const condition = (project: string, collection: Declared, asked: Condition<never>): Statement => {
  if (asked.op === 'prefix') return prefix(project, collection, asked.field, asked.value);
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

/**
 * The `id` and `doc` of a page and of one document more. A page after another is a union of seeks, one for each column
 * that may be the first to differ: one row-value comparison would read every tie again, as SQLite can't seek by it in an
 * index on expressions. Throws when the mark does not fit the sort fields.
 */
export const findStatement = (project: string, collection: Declared, query: Query<never>): Statement => {
  const { sort, after, limit } = query;
  const columns = sortColumns(sort);
  checkMark(collection, query);
  const base = matching(project, collection, query.where);
  const rows = `SELECT id, doc FROM ${quoted(docsTable(collection))} WHERE`;
  const bounded = (filter: Statement, order: readonly Column[]): Statement => ({
    sql: `${rows} ${filter.sql} ${orderBy(order)} LIMIT ?`,
    values: [...filter.values, limit + 1],
  });
  if (after === undefined) return bounded(base, columns);
  const seeks = columns.map((_, equal) => {
    const seek = bounded(joined([base, beyond(columns, after, equal)], ' AND '), columns.slice(equal));
    return { sql: `SELECT * FROM (${seek.sql})`, values: seek.values };
  });
  const { sql, values } = joined(seeks, ' UNION ALL ');
  return { sql: `SELECT id, doc FROM (${sql}) ${orderBy(columns)} LIMIT ?`, values: [...values, limit + 1] };
};

// In order, the words fill the table page by page, instead of a place here and a place there.
const createTerms = (collection: Declared, field: string, table: string): string => `
  CREATE TABLE ${quoted(table)}
    (project TEXT NOT NULL, word TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (project, word, id)) WITHOUT ROWID;
  INSERT OR IGNORE INTO ${quoted(table)} SELECT stored.project, term.value, stored.id
    FROM ${quoted(docsTable(collection))} AS stored, json_each(stored.doc, ${pathSql(field)}) AS term
    WHERE stored.doc IS NOT NULL AND term.type = 'text' ORDER BY 1, 2, 3;`;

/**
 * The SQL that brings the tables and indexes of a collection from what exists to what is declared, change by change; none
 * when nothing changed. `bare` changes nothing but that there is a table for the documents. Indexes and terms are named after
 * their fields, so one whose declaration is gone is known by its name.
 */
export const schemaChanges = (collection: Declared, existing: ReadonlySet<string>, bare = false): readonly string[] => {
  const docs = docsTable(collection);
  const indexes = new Map(collection.indexes.map((fields) => [indexName(collection, fields), fields]));
  const terms = collection.terms === undefined ? undefined : termsTable(collection, collection.terms);
  const own = (kind: string) =>
    [...existing].filter(
      (name) => name.startsWith(kind) && name.slice(name.indexOf('.', kind.length) + 1) === collection.name,
    );
  const table = `CREATE TABLE ${quoted(docs)}
    (project TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, doc TEXT, PRIMARY KEY (project, id))`;
  const documents = existing.has(docs) ? [] : [table];
  if (bare) return documents;
  return [
    ...documents,
    ...own('index.').flatMap((name) => (indexes.has(name) ? [] : [`DROP INDEX ${quoted(name)}`])),
    ...own('terms.').flatMap((name) => (name === terms ? [] : [`DROP TABLE ${quoted(name)}`])),
    ...[...indexes].flatMap(([name, fields]) => {
      const columns = ['project', ...fields.map(fieldSql), 'id'].join(', ');
      const index = `CREATE INDEX ${quoted(name)} ON ${quoted(docs)} (${columns}) WHERE doc IS NOT NULL`;
      return existing.has(name) ? [] : [index];
    }),
    ...(collection.terms === undefined || terms === undefined || existing.has(terms)
      ? []
      : [createTerms(collection, collection.terms, terms)]),
  ];
};
