import type { Collection, Field } from './collection.ts';

export type Scalar = string | number;

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

/**
 * What is asked of documents by those who answer somebody: nothing here writes, and each answer comes in as short a time as a
 * request may wait. A project's documents are seen by naming the project. Every method throws `ReadModelsUnavailable` when the
 * documents can't be reached.
 */
export interface Queries {
  get<D>(project: string, collection: Collection<D>, id: string): Promise<D | undefined>;
  /** The documents of these ids, by id; an id without a document is missing from the answer. */
  getMany<D>(project: string, collection: Collection<D>, ids: readonly string[]): Promise<ReadonlyMap<string, D>>;
  find<D>(project: string, collection: Collection<D>, query: Query<D>): Promise<Page<D>>;
  count<D>(project: string, collection: Collection<D>, where: readonly Condition<D>[]): Promise<number>;
}
