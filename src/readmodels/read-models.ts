import type { z } from 'zod';

/** Documents belong to a project, and an id is unique inside its project and collection. */
export type Key = { readonly project: string; readonly id: string };

/** A document and the position of the last fact in it. Without a document it is a tombstone that keeps the guard. */
export type Stored<D> = Key & { readonly doc: D | undefined; readonly position: number };

/** A document in the place of what was there, by its position then; undefined when nothing was. */
export type Replacement<D> = Stored<D> & { readonly seen: number | undefined };

export type Scalar = string | number;
type Field<D> = keyof D & string;

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

/** `prefix` works on the collection's `terms` field only: some word of the document begins with the value. */
export type Condition<D> =
  | { readonly field: Field<D>; readonly op: 'eq' | 'gt' | 'gte' | 'lt' | 'lte'; readonly value: Scalar }
  | { readonly field: Field<D>; readonly op: 'in'; readonly value: readonly Scalar[] }
  | { readonly field: Field<D>; readonly op: 'prefix'; readonly value: string };

export type Sort<D> = { readonly field: Field<D>; readonly direction: 'asc' | 'desc' };

/** All conditions hold. Every document has a value in every sort field. Ties are broken by id, in the direction of the last sort field. */
export type Query<D> = {
  readonly where: readonly Condition<D>[];
  readonly sort: readonly Sort<D>[];
  readonly limit: number;
  /** The `next` of the page before: the values of the sort fields, then the id. */
  readonly after?: readonly Scalar[];
};

export type Page<D> = { readonly docs: readonly D[]; readonly next?: readonly Scalar[] };

/** Documents that can be thrown away and made again from the log. Every method throws `ReadModelsUnavailable` when they can't be reached. */
export interface ReadModels {
  /**
   * Creates what a collection needs, tables and indexes. Safe to call again, and from two processes. `bare` may leave out
   * what costs less once the documents are there; the next call without it makes that. Until then queries take longer, and
   * `prefix` may find nothing.
   */
  prepare(collections: readonly Declared[], how?: { readonly bare: boolean }): Promise<void>;
  get<D>(project: string, collection: Collection<D>, id: string): Promise<D | undefined>;
  find<D>(project: string, collection: Collection<D>, query: Query<D>): Promise<Page<D>>;
  count<D>(project: string, collection: Collection<D>, where: readonly Condition<D>[]): Promise<number>;
  /** The documents of these keys with their positions; a key nobody wrote is missing from the answer. */
  load<D>(collection: Collection<D>, keys: readonly Key[]): Promise<readonly Stored<D>[]>;
  /** Writes each document unless a newer one (by position) is there, then the checkpoint of the collection, which never goes back. */
  save<D>(collection: Collection<D>, documents: readonly Stored<D>[], checkpoint: number): Promise<void>;
  /**
   * Writes each document if what is there is of the position that was `seen` (none there: undefined), also an older or equal
   * one. Tells whether all were written; those that were not are left as somebody else made them.
   */
  replace<D>(collection: Collection<D>, documents: readonly Replacement<D>[]): Promise<boolean>;
  /** How many documents a collection has, of all projects. */
  size(name: string): Promise<number>;
  /** Removes a collection with its indexes and its checkpoint. There need be none. */
  drop(name: string): Promise<void>;
  /** How far a collection or a reader of that name has come: a position, 0 at first. */
  checkpoint(name: string): Promise<number>;
  saveCheckpoint(name: string, position: number): Promise<void>;
  /** Takes or renews a lease until a time, unless somebody else holds it at `now`. Tells whether the holder has it. */
  lease(name: string, holder: string, now: Date, until: Date): Promise<boolean>;
  /** Gives a lease back, if the holder has it. */
  release(name: string, holder: string): Promise<void>;
  close(): Promise<void>;
}

/** The read models can't be reached; the log is not affected. */
export class ReadModelsUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReadModelsUnavailable';
  }
}
