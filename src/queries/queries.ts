import type { States } from '../engine/states.ts';
import type { Collection, Condition, Page, ReadModels, Scalar } from '../readmodels/read-models.ts';

export type { Condition, Page, Sort } from '../readmodels/read-models.ts';

/** What queries ask of read models: nothing that writes. */
export type Queries = Pick<ReadModels, 'get' | 'find' | 'count' | 'load'>;

/** What queries work with: the documents, the log's past, and what time it is. */
export type QueryContext = {
  readonly readModels: Queries;
  readonly states: States;
  readonly clock: () => Date;
  /** Resolves when the read models have all that was acknowledged by now, of a project or of all; rejects when that takes too long. */
  readonly caughtUp: (projectId?: string) => Promise<void>;
};

/** Which part of a list is asked for: how many at most, and the `next` of the page before. */
export type Range = { readonly limit: number; readonly after?: readonly Scalar[] };

/** The condition that a field has a value; none when no value is asked for. */
export const equal = <D>(field: keyof D & string, value: Scalar | undefined): readonly Condition<D>[] =>
  value === undefined ? [] : [{ field, op: 'eq', value }];

/** A page with a view in the place of each document. */
export const viewsOf = <D, V>({ docs, next }: Page<D>, viewOf: (doc: D) => V): Page<V> => ({
  docs: docs.map(viewOf),
  ...(next && { next }),
});

/** The documents of some ids in a project, by id; what has none is missing. */
export const documentsById = async <D>(
  { readModels }: Pick<QueryContext, 'readModels'>,
  project: string,
  collection: Collection<D>,
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, D>> => {
  const keys = [...new Set(ids)].map((id) => ({ project, id }));
  if (keys.length === 0) return new Map();
  const found = await readModels.load(collection, keys);
  return new Map(found.flatMap(({ id, doc }) => (doc ? [[id, doc] as const] : [])));
};
