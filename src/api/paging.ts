import { z } from 'zod';
import type { Page, Scalar } from '../readmodels/read-models.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { World } from './world.ts';

/** The query parameters of every list. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many at most'),
  cursor: z.string().min(1).max(2_048).optional().describe('The nextCursor of the page before'),
};

/** Which page is asked for. */
export type Asked = { readonly limit: number; readonly cursor?: string | undefined };

/** The answer of a list. Without a `nextCursor` there is no more. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable() });

/**
 * Reads the page that is asked for. `scope` says which list it is, with all filters, so that a cursor fits only its own.
 * Throws a `Problem` for a cursor that does not.
 */
export const pageOf = async <D>(
  world: World,
  scope: readonly unknown[],
  { limit, cursor }: Asked,
  find: (range: { readonly limit: number; readonly after?: readonly Scalar[] }) => Promise<Page<D>>,
): Promise<{ readonly data: readonly D[]; readonly nextCursor: string | null }> => {
  const name = JSON.stringify(scope);
  const after = cursor === undefined ? {} : { after: decodeCursor(world, name, cursor) };
  const { docs, next } = await find({ limit, ...after });
  return { data: docs, nextCursor: next ? encodeCursor(world, name, next) : null };
};

/** Reads the page that is asked for of what is in memory, in the order of its keys. */
export const pageIn = async <D>(
  world: World,
  scope: readonly unknown[],
  asked: Asked,
  { items, keyOf }: { readonly items: readonly D[]; readonly keyOf: (item: D) => string | number },
): Promise<{ data: D[]; nextCursor: string | null }> => {
  const page = await pageOf<D>(world, scope, asked, async ({ limit, after: [last] = [] }) => {
    const rest = items
      .filter((item) => last === undefined || keyOf(item) > last)
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const docs = rest.slice(0, limit);
    const end = docs.at(-1);
    return { docs, ...(rest.length > limit && end !== undefined && { next: [keyOf(end)] }) };
  });
  return { ...page, data: [...page.data] };
};
