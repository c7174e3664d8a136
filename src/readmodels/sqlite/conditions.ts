import { checkTerms } from '../checks.ts';
import type { Condition, Scalar } from '../queries.ts';
import type { Declared } from '../collection.ts';
import { fieldSql, livingSql, quoted, termsTable } from './names.ts';

/** SQL and its parameters in order. */
export type Statement = { readonly sql: string; readonly values: readonly Scalar[] };

/** Statements as one. */
export const joined = (parts: readonly Statement[], separator: string): Statement => ({
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

/** That a text begins with a value: no byte of UTF-8 is FF, so exactly what does lies below value + FF. */
export const beginsWith = (column: string, value: string): Statement => ({
  sql: `${column} >= ? AND ${column} < ? || x'FF'`,
  values: [value, value],
});

type Prefix = Extract<Condition<never>, { op: 'prefix' }>;
/** Whether a condition is about the words of a document. */
export const isPrefix = (asked: Condition<never>): asked is Prefix => asked.op === 'prefix';

/** The words of a project that begin with a value, as what follows SELECT. Throws when the field is not the collection's terms. */
export const wordsFrom = (project: string, collection: Declared, { field, value }: Prefix): Statement => {
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
  const field = fieldSql(collection, asked.field);
  if (asked.op === 'in') return { sql: `${field} IN (${asked.value.map(() => '?').join(', ')})`, values: asked.value };
  return {
    sql: `${field} ${OPERATORS[asked.op]} ?${sameType(field, asked.op, asked.value)}`,
    values: [asked.value],
  };
};

/** All conditions; that the row is no tombstone makes the partial indexes usable too. */
export const matching = (project: string, collection: Declared, where: readonly Condition<never>[]): Statement =>
  joined(
    [
      { sql: `project = ? AND ${livingSql(collection)}`, values: [project] },
      ...where.map((asked) => condition(project, collection, asked)),
    ],
    ' AND ',
  );
