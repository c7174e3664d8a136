import type { Query, Scalar } from './queries.ts';
import type { Collection, Declared } from './collection.ts';

const FIELD = /^[A-Za-z][A-Za-z0-9]*$/;

/** Whether a field can be queried or indexed. */
export const isField = (field: string): boolean => FIELD.test(field);

/** The field itself. Throws on a name that is not letters and digits, which no adapter can take for anything else. */
export const checkedField = (field: string): string => {
  if (isField(field)) return field;
  throw new Error(`"${field}" can't be queried or indexed: rename the field to letters and digits, a letter first`);
};

/** A document as a collection declares it, from its JSON. Throws when it does not fit. */
export const parsed = <D>(collection: Collection<D>, id: string, json: string): D => {
  const { success, data, error } = collection.document.safeParse(JSON.parse(json));
  if (success) return data;
  throw new Error(`${collection.name}: document ${id} does not fit its schema; rebuild it from the log`, {
    cause: error,
  });
};

/** What the next page comes after: the document's values in the sort fields, and its id. Throws when one has no value. */
export const markOf = (collection: Declared, query: Query<never>, id: string, json: string): readonly Scalar[] => {
  const fields = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const values = query.sort.map(({ field }) => {
    const value = fields[field];
    if (typeof value === 'string' || typeof value === 'number') return value;
    throw new Error(`${collection.name}: document ${id} has no text or number in "${field}" to sort by`);
  });
  return [...values, id];
};

/** Throws when a page is asked after a mark of another sort. */
export const checkMark = (collection: Declared, { sort, after }: Query<never>): void => {
  if (after === undefined || after.length === sort.length + 1) return;
  throw new Error(`${collection.name}: "after" has ${after.length} values, the sort needs ${sort.length + 1}`);
};

/** Throws unless the field is the collection's terms. */
export const checkTerms = (collection: Declared, field: string): void => {
  if (field === collection.terms) return;
  throw new Error(`${collection.name}: "${field}" can't be searched by prefix: declare it as the collection's terms`);
};
