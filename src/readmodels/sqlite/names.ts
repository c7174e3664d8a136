import { checkedField } from '../checks.ts';
import type { Declared } from '../collection.ts';

/** An SQL identifier, whatever characters the name has. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The name of the table with the documents of a collection. */
export const docsTable = (collection: Declared): string => `docs.${collection.name}`;

/** The name of the table with the words of one field. The field comes first: it has no dot, so no other collection gets the same name. */
export const termsTable = (collection: Declared, field: string): string => `terms.${field}.${collection.name}`;

/** The path of a document's field as an SQL literal. Throws on a name that is not letters and digits. */
export const pathSql = (field: string): string => `'$.${checkedField(field)}'`;

/** The fields that have a column: those that an index names, and the terms. A collection without any has no columns. */
export const columnFields = <F extends string>({
  indexes,
  terms,
}: {
  readonly indexes: readonly (readonly F[])[];
  readonly terms?: F;
}): readonly F[] => [...new Set([...indexes.flat(), ...(terms === undefined ? [] : [terms])])];

/** What the columns have that are made from the document, by their names: that it is gone, and its fields. */
export const columnsOf = (collection: Declared): ReadonlyMap<string, string> => {
  const fields = columnFields(collection).map((field) => [fieldColumn(field), extractSql(field)] as const);
  return new Map(fields.length === 0 ? [] : [['gone', 'nullif(doc IS NULL, 0)'], ...fields]);
};

/**
 * That a row is no tombstone, as SQL: what the indexes are limited to. Where there are columns it doesn't name `doc`, or each
 * write of a document would be one to each index.
 */
export const livingSql = (collection: Declared): string =>
  columnFields(collection).length === 0 ? 'doc IS NOT NULL' : 'gone IS NULL';

/** The column with what a document has in an indexed field, named after its path. */
export const fieldColumn = (field: string): string => `$.${checkedField(field)}`;

/** What a document has in a field, as SQL that reads the document. */
export const extractSql = (field: string): string => `json_extract(doc, ${pathSql(field)})`;

/** What a document has in a field, as SQL: in its column where an index may help, else in the document. */
export const fieldSql = (collection: Declared, field: string): string =>
  columnFields(collection).includes(field) ? quoted(fieldColumn(field)) : extractSql(field);
