import type { Condition, Query } from '../queries.ts';
import type { Declared } from '../collection.ts';
import { indexKey, sparseField } from '../collection.ts';

type Wanted = Pick<Query<never>, 'where' | 'sort'>;

/** An index on columns. What older files have on expressions has names of its own, so that which ones are there tells who wrote the file. */
export const indexName = (collection: Declared, fields: readonly string[]): string =>
  `by.${indexKey(collection, fields)}.${collection.name}`;

const isRange = ({ op }: Condition<never>): boolean => op === 'gt' || op === 'gte' || op === 'lt' || op === 'lte';

/** How an index suits a query, the most important first: each number is the better the higher it is. */
const suits = (collection: Declared, fields: readonly string[], { where, sort }: Wanted): readonly number[] => {
  const equal = where.filter(({ op }) => op === 'eq').map(({ field }): string => field);
  const differing = fields.findIndex((field) => !equal.includes(field));
  const known = differing < 0 ? fields.length : differing;
  const isOrdered = sort.every(({ field }, place) => fields[known + place] === field);
  const isRanged = where.some((asked) => isRange(asked) && asked.field === fields[known]);
  const isSparse = sparseField(collection, fields) !== undefined;
  return [known, Number(isSparse), Number(isOrdered), Number(isRanged)];
};

const compared = (a: readonly number[], b: readonly number[]): number => {
  const place = a.findIndex((value, at) => value !== b[at]);
  return (a[place] ?? 0) - (b[place] ?? 0);
};

/**
 * The name of the index by which a query for values of fields is to be answered, of those that are declared; undefined for
 * other queries. SQLite doesn't know how many documents a project has and takes it for ten: it would rather go through all of
 * them in order than sort the few of a team.
 */
export const indexFor = (collection: Declared, asked: Wanted): string | undefined => {
  const [best] = collection.indexes
    .map((fields) => ({ name: indexName(collection, fields), how: suits(collection, fields, asked) }))
    // Sorting is stable: of those that suit as well it is the one that is declared first.
    .sort((a, b) => compared(b.how, a.how));
  return best && (best.how[0] ?? 0) > 0 ? best.name : undefined;
};
