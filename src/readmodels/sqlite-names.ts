import { checkedField } from './document.ts';
import type { Declared } from './read-models.ts';

/** An SQL identifier, whatever characters the name has. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The name of the table with the documents of a collection. */
export const docsTable = (collection: Declared): string => `docs.${collection.name}`;

/** The name of the table with the words of one field. The field comes first: it has no dot, so no other collection gets the same name. */
export const termsTable = (collection: Declared, field: string): string => `terms.${field}.${collection.name}`;

/** The path of a document's field as an SQL literal. Throws on a name that is not letters and digits. */
export const pathSql = (field: string): string => `'$.${checkedField(field)}'`;

/** The fields that have a column: those that some index names, and the terms. */
export const columnFields = <F extends string>({
  indexes,
  terms,
}: {
  readonly indexes: readonly (readonly F[])[];
  readonly terms?: F;
}): readonly F[] => [...new Set([...indexes.flat(), ...(terms === undefined ? [] : [terms])])];

/** The column with what a document has in an indexed field, named after its path. */
export const fieldColumn = (field: string): string => `$.${checkedField(field)}`;

/** What a document has in a field, as SQL that reads the document. */
export const extractSql = (field: string): string => `json_extract(doc, ${pathSql(field)})`;

/** What a document has in a field, as SQL: in its column where an index may help, else in the document. */
export const fieldSql = (collection: Declared, field: string): string =>
  columnFields(collection).includes(field) ? quoted(fieldColumn(field)) : extractSql(field);
