import type { z } from 'zod';

/** Documents belong to a project, and an id is unique inside its project and collection. */
export type Key = { readonly project: string; readonly id: string };

/** A name of a field of a document. */
export type Field<D> = keyof D & string;

/**
 * A named set of documents with the indexes its queries need. An index lists the fields of the equality conditions first,
 * then the sort fields; project is put before them and id after them. `terms` names a field of lower-case words that `prefix` searches.
 * `sparse` names fields that many documents lack: an index that begins with one has only the documents that have it.
 */
export type Collection<D> = {
  readonly name: string;
  readonly document: z.ZodType<D>;
  readonly indexes: readonly (readonly Field<D>[])[];
  readonly terms?: Field<D>;
  readonly sparse?: readonly Field<D>[];
};

/** What a collection needs to be made: its documents don't matter. */
export type Declared = Pick<Collection<never>, 'name' | 'indexes' | 'terms' | 'sparse'>;

/** Whether an index has only the documents that have the field it begins with, and that field. */
export const sparseField = ({ sparse = [] }: Declared, [first]: readonly string[]): string | undefined =>
  sparse.find((field) => field === first);

/** What an index is called after: its fields, and whether it is sparse, so that one which became so is another. */
export const indexKey = (collection: Declared, fields: readonly string[]): string =>
  fields.map((field, place) => (place === 0 && sparseField(collection, fields) ? `${field}?` : field)).join(',');
