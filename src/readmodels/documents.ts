import type { Place } from '../eventstore/event-store.ts';
import type { Collection, Declared, Key } from './collection.ts';

/** A document and the position of the last fact in it. Without a document it is a tombstone that keeps the guard. */
export type Stored<D> = Key & { readonly doc: D | undefined; readonly position: number };

/**
 * A document with what it was before, as far as whoever changed it knows: then nobody has to look that up. It may be wrong, when
 * somebody else wrote meanwhile.
 */
export type Changed<D> = Stored<D> & { readonly before?: Stored<D> | undefined };

/** A document in the place of what was there, by its position then; undefined when nothing was. */
export type Replacement<D> = Stored<D> & { readonly replaces: number | undefined };

/** Documents of one project by their ids, without tombstones. */
export const byId = <D>(documents: readonly Stored<D>[]): ReadonlyMap<string, D> =>
  new Map(documents.flatMap(({ id, doc }) => (doc === undefined ? [] : [[id, doc]])));

/**
 * Documents as they are made from the log, each with its position: for projections, and for what repairs or caches. They can
 * be thrown away and made again. Every method throws `ReadModelsUnavailable` when they can't be reached.
 */
export interface Documents {
  /**
   * Creates what a collection needs, tables and indexes. Safe to call again, and from two processes. `bare` may leave out
   * what costs less once the documents are there; the next call without it makes that. Until then queries take longer, and
   * `prefix` may find nothing.
   */
  prepare(collections: readonly Declared[], how?: { readonly bare: boolean }): Promise<void>;
  /** The documents of these keys with their positions; a key nobody wrote is missing from the answer. */
  load<D>(collection: Collection<D>, keys: readonly Key[]): Promise<readonly Stored<D>[]>;
  /**
   * Writes each document unless a newer one (by position) is there, then the checkpoint of the collection, which never goes
   * back, with the fact that it stands on.
   */
  save<D>(collection: Collection<D>, documents: readonly Changed<D>[], checkpoint: number, fact?: Place): Promise<void>;
  /**
   * Writes each document if what is there is of the position that was `seen` (none there: undefined), also an older or equal
   * one. Tells whether all were written; those that were not are left as somebody else made them.
   */
  replace<D>(collection: Collection<D>, documents: readonly Replacement<D>[]): Promise<boolean>;
  /** How many documents a collection has, of all projects. */
  size(name: string): Promise<number>;
  /** Removes a collection with its indexes and its checkpoint. There need be none. */
  drop(name: string): Promise<void>;
}
