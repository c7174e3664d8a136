import type { Document, IndexDescription } from 'mongodb';
import { checkedField, checkMark, checkTerms, isField } from '../checks.ts';
import type { Stored } from '../documents.ts';
import type { Condition, Query, Scalar, Sort } from '../queries.ts';
import type { Declared, Key } from '../collection.ts';
import { indexKey, sparseField } from '../collection.ts';

/**
 * A document as MongoDB keeps it: as JSON text, because a fact's data may have keys that BSON has not (one with a NUL) or
 * that mean something to MongoDB (`$set`, `a.b`), and must come back as it was. What a query can name is kept besides it:
 * texts and numbers in `fields`, lists of texts in `words`. A tombstone has no project, so no query finds it.
 */
export type Kept = {
  readonly _id: string;
  readonly position: number;
  readonly project?: string;
  readonly fields?: Readonly<Record<string, Scalar>>;
  readonly words?: Readonly<Record<string, readonly string[]>>;
  readonly doc?: string;
};

/** A query that one index answers in order. */
export type Seek = { readonly filter: Document; readonly sort: Document; readonly hint?: Document };

type Column = { readonly path: string; readonly direction: 'asc' | 'desc' };

/** What the names of our own indexes begin with. */
export const indexPrefix = 'leadfold.';

// The project's own slashes are escaped, so that no two keys give the same text. Within a project keys sort as their ids do.
const projectPart = (project: string): string => project.replaceAll('~', '~0').replaceAll('/', '~1');

/** A key as one text. */
export const keyText = ({ project, id }: Key): string => `${projectPart(project)}/${id}`;

/** The id in a key's text. */
export const idIn = (text: string): string => text.slice(text.indexOf('/') + 1);

const isScalar = (value: unknown): value is Scalar => typeof value === 'string' || Number.isFinite(value);

const isWords = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((word) => typeof word === 'string');

/** What is kept of a document. */
export const kept = <D>({ project, id, position, doc }: Stored<D>): Kept => {
  const tombstone = { _id: keyText({ project, id }), position };
  if (doc === undefined) return tombstone;
  const all: readonly (readonly [string, unknown])[] = Object.entries(doc ?? {});
  const named = all.filter(([field]) => isField(field));
  const fields = Object.fromEntries(named.flatMap(([field, value]) => (isScalar(value) ? [[field, value]] : [])));
  // A word counts once however often it is there.
  const words = Object.fromEntries(
    named.flatMap(([field, value]) => (isWords(value) ? [[field, [...new Set(value)]]] : [])),
  );
  return { ...tombstone, project, fields, words, doc: JSON.stringify(doc) };
};

const fieldPath = (field: string): string => `fields.${checkedField(field)}`;
const wordsPath = (field: string): string => `words.${checkedField(field)}`;

// MongoDB orders texts by code point, and no code point lies between D7FF and E000.
const codePointAfter = (codePoint: number): number => (codePoint === 0xd7ff ? 0xe000 : codePoint + 1);

/** The first text after all that begin with the value; undefined when there is none. */
const beyondPrefix = (value: string): string | undefined => {
  const codePoints = Array.from(value, (each) => each.codePointAt(0) ?? 0);
  const last = codePoints.findLastIndex((codePoint) => codePoint < 0x10ffff);
  if (last === -1) return undefined;
  return String.fromCodePoint(...codePoints.slice(0, last), codePointAfter(codePoints[last] ?? 0));
};

const condition = (collection: Declared, asked: Condition<never>): Document => {
  if (asked.op !== 'prefix') return { [fieldPath(asked.field)]: { [`$${asked.op}`]: asked.value } };
  checkTerms(collection, asked.field);
  const end = beyondPrefix(asked.value);
  // Both bounds have to hold for the same word.
  return {
    [wordsPath(asked.field)]: { $elemMatch: { $gte: asked.value, ...(end !== undefined && { $lt: end }) } },
  };
};

const conditions = (project: string, collection: Declared, where: readonly Condition<never>[]): readonly Document[] => [
  { project },
  ...where.map((asked) => condition(collection, asked)),
];

/** The filter of the documents that meet the conditions. */
export const filterOf = (project: string, collection: Declared, where: readonly Condition<never>[]): Document => ({
  $and: conditions(project, collection, where),
});

const columnsOf = (sort: readonly Sort<never>[]): readonly Column[] => [
  ...sort.map(({ field, direction }) => ({ path: fieldPath(field), direction })),
  { path: '_id', direction: sort.at(-1)?.direction ?? 'asc' },
];

const sortOf = (columns: readonly Column[]): Document =>
  Object.fromEntries(columns.map(({ path, direction }) => [path, direction === 'asc' ? 1 : -1]));

// The documents that equal the mark in the first columns and lie beyond it in the next.
const beyond = (columns: readonly Column[], mark: readonly Scalar[], equal: number): readonly Document[] =>
  columns.slice(0, equal + 1).map(({ path, direction }, place) => {
    if (place < equal) return { [path]: { $eq: mark[place] } };
    return { [path]: { [direction === 'asc' ? '$gt' : '$lt']: mark[place] } };
  });

// Without conditions and order, the key's own index has the project's documents next to each other.
const whole = (project: string): Document => ({
  _id: { $gte: `${projectPart(project)}/`, $lt: `${projectPart(project)}0` },
});

/**
 * What to ask for a page, one after another until it is full. A page after another takes a seek for each column that may
 * be the first to differ from the mark, the last column first: that is the order of the page, and each seek is a plain
 * range of an index, where one filter with all of them would depend on what the planner makes of it. Throws when the mark
 * does not fit the sort fields.
 */
export const seeksOf = (project: string, collection: Declared, query: Query<never>): readonly Seek[] => {
  const { where, sort, after } = query;
  checkMark(collection, query);
  const columns = columnsOf(sort);
  const plain = where.length === 0 && sort.length === 0;
  const base = [...conditions(project, collection, where), ...(plain ? [whole(project)] : [])];
  const hint = plain ? { hint: { _id: 1 } } : {};
  if (after === undefined) return [{ filter: { $and: base }, sort: sortOf(columns), ...hint }];
  const mark = [...after.slice(0, -1), keyText({ project, id: String(after.at(-1)) })];
  return columns
    .map((_, equal) => ({
      filter: { $and: [...base, ...beyond(columns, mark, equal)] },
      sort: sortOf(columns.slice(equal)),
      ...hint,
    }))
    .reverse();
};

/** The indexes of a collection. They are named after what they are of, so one whose declaration is gone is known by its name. */
export const indexesOf = (collection: Declared): readonly (IndexDescription & { readonly name: string })[] => {
  const { indexes, terms } = collection;
  const index = (name: string, paths: readonly string[]) => ({
    name: `${indexPrefix}${name}`,
    key: Object.fromEntries(['project', ...paths, '_id'].map((path) => [path, 1])),
  });
  return [
    ...indexes.map((fields) => {
      const first = sparseField(collection, fields);
      const has = first !== undefined && { partialFilterExpression: { [fieldPath(first)]: { $exists: true } } };
      return { ...index(`fields.${indexKey(collection, fields)}`, fields.map(fieldPath)), ...has };
    }),
    ...(terms === undefined ? [] : [index(`words.${terms}`, [wordsPath(terms)])]),
  ];
};
