import type { Query } from '../readmodels/queries.ts';
import type { Collection } from '../readmodels/collection.ts';
import type { Part } from './parts.ts';
import type { Stores } from './streams.ts';

/** How many documents are read at a time. */
const page = 500;

/** The documents of a project that a query finds, a page at a time. */
export async function* pages<D>(
  { readModels }: Stores,
  projectId: string,
  collection: Collection<D>,
  query: Pick<Query<D>, 'where' | 'sort'>,
): AsyncGenerator<readonly D[]> {
  let after: Query<D>['after'];
  do {
    const { docs, next } = await readModels.find(projectId, collection, {
      ...query,
      limit: page,
      ...(after && { after }),
    });
    if (docs.length > 0) yield docs;
    after = next;
  } while (after);
}

/**
 * The documents of a project whose ids lie in a part, in the order of their ids, a page at a time. A document need not tell
 * its id, only the mark after a page does: pages get smaller towards the end of the part, until one ends there.
 */
export async function* pagesIn<D>(
  { readModels }: Stores,
  projectId: string,
  collection: Collection<D>,
  { from, to }: Part,
): AsyncGenerator<readonly D[]> {
  const find = (after: Query<D>['after'], limit: number) =>
    readModels.find(projectId, collection, { where: [], sort: [], limit, ...(after && { after }) });
  /** Whether a page goes beyond the part; the last page of all has no mark. */
  const isBeyond = async (next: Query<D>['after']): Promise<boolean> => {
    if (to === undefined) return false;
    return next ? String(next[0]) > to : (await find([to], 1)).docs.length > 0;
  };

  let after: Query<D>['after'] = from === undefined ? undefined : [from];
  for (let limit = page; limit >= 1;) {
    const { docs, next } = await find(after, limit);
    if (await isBeyond(next)) {
      limit = Math.floor(limit / 2);
      continue;
    }
    if (docs.length > 0) yield docs;
    if (!next) return;
    after = next;
  }
}
