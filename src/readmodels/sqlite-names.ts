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

/** A document's field as SQL, the same wherever it is named, so that indexes on it are used. */
export const fieldSql = (field: string): string => `json_extract(doc, ${pathSql(field)})`;
