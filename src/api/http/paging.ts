import { z } from 'zod';
import type { Page, Range } from '../../queries/queries.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { ApiContext } from './context.ts';

/** The query parameters of every list. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe('How many at most'),
  cursor: z.string().min(1).max(2_048).optional().describe('The nextCursor of the page before'),
};

/** Which page is asked for. */
export type PageQuery = { readonly limit: number; readonly cursor?: string | undefined };

/** Until when an answer has all that was recorded. */
export const asOf = z
  .string()
  .nullable()
  .describe(
    'What was recorded until then is in the answer, and perhaps some of what came later; null while the read models are made',
  );

/** The same of what is read now: it has to be asked for before that is read. */
export const asOfNow = (api: Pick<ApiContext, 'asOf'>): string | null => api.asOf()?.toISOString() ?? null;

/** The answer of a list. Without a `nextCursor` there is no more. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullable(), asOf });

/**
 * Reads the page that is asked for. `scope` says which list it is, with all filters, so that a cursor fits only its own.
 * Throws a `Problem` for a cursor that does not.
 */
export const pageOf = async <D>(
  api: ApiContext,
  scope: readonly unknown[],
  { limit, cursor }: PageQuery,
  find: (range: Range) => Promise<Page<D>>,
): Promise<{ readonly data: D[]; readonly nextCursor: string | null; readonly asOf: string | null }> => {
  const asOf = asOfNow(api);
  const name = JSON.stringify(scope);
  const after = cursor === undefined ? {} : { after: decodeCursor(api, name, cursor) };
  const { docs, next } = await find({ limit, ...after });
  return { data: [...docs], nextCursor: next ? encodeCursor(api, name, next) : null, asOf };
};
