import { z } from 'zod';
import type { Page, Scalar } from '../../readmodels/queries.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { ApiContext } from './context.ts';

/** The query parameters of every list. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many at most'),
  cursor: z.string().min(1).max(2_048).optional().describe('The nextCursor of the page before'),
};

/** Which page is asked for. */
export type PageQuery = { readonly limit: number; readonly cursor?: string | undefined };

/** The answer of a list. Without a `nextCursor` there is no more. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() });

/**
 * Reads the page that is asked for. `scope` says which list it is, with all filters, so that a cursor fits only its own.
 * Throws a `Problem` for a cursor that does not.
 */
export const pageOf = async <D>(
  api: ApiContext,
  scope: readonly unknown[],
  { limit, cursor }: PageQuery,
  find: (range: { readonly limit: number; readonly after?: readonly Scalar[] }) => Promise<Page<D>>,
): Promise<{ readonly data: readonly D[]; readonly nextCursor: string | null }> => {
  const name = JSON.stringify(scope);
  const after = cursor === undefined ? {} : { after: decodeCursor(api, name, cursor) };
  const { docs, next } = await find({ limit, ...after });
  return { data: docs, nextCursor: next ? encodeCursor(api, name, next) : null };
};

type Keyed<D> = { readonly item: D; readonly key: string | number };

/** The first items in the order of their keys, `count` of them at most: all are looked at once, and only so many are put in order. */
const firstOf = <D>(items: Iterable<Keyed<D>>, count: number): readonly Keyed<D>[] => {
  const first: Keyed<D>[] = [];
  for (const each of items) {
    const last = first.at(-1);
    if (first.length === count && last && each.key >= last.key) continue;
    const place = first.findLastIndex(({ key }) => key <= each.key) + 1;
    first.splice(place, 0, each);
    if (first.length > count) first.pop();
  }
  return first;
};

/** Reads the page that is asked for of what is in memory, in the order of its keys. */
export const pageIn = async <D>(
  api: ApiContext,
  scope: readonly unknown[],
  asked: PageQuery,
  { items, keyOf }: { readonly items: readonly D[]; readonly keyOf: (item: D) => string | number },
): Promise<{ data: D[]; nextCursor: string | null }> => {
  const page = await pageOf<D>(api, scope, asked, async ({ limit, after: [last] = [] }) => {
    const keyed = items.map((item) => ({ item, key: keyOf(item) }));
    const found = firstOf(
      keyed.filter(({ key }) => last === undefined || key > last),
      limit + 1,
    );
    const docs = found.slice(0, limit);
    const end = docs.at(-1);
    return {
      docs: docs.map(({ item }) => item),
      ...(found.length > limit && end !== undefined && { next: [end.key] }),
    };
  });
  return { ...page, data: [...page.data] };
};
