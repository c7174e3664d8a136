import { z } from 'zod';
import { toldType } from '../../domain/deliveries/told.ts';
import type { FeedPage, Item, Wanted } from '../../queries/deliveries/feed.ts';
import { firstItems } from '../../queries/deliveries/feed.ts';
import type { ApiContext } from '../http/context.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { lanesPerProject } from '../http/lanes.ts';

/** How many pages are read at a time and wait to be, of a project and of all. */
export const pageLanes = { running: 2, runningInAll: 4, waiting: 200 } as const;

/** The query parameters that say what is wanted. */
export const wantedQuery = {
  types: z
    .string()
    .max(512)
    .transform((text) => text.split(','))
    .pipe(z.array(toldType).min(1))
    .optional()
    .describe('Types, with commas between them; all without it'),
  leadId: z.string().min(1).max(64).optional().describe('What is told of this lead alone'),
};

const position = z.tuple([z.number().int().min(0)]);
const scopeOf = (projectId: string): string => JSON.stringify(['feed', projectId]);
const advice = 'Send a cursor of the feed or the stream of this project as it was told, or none';

/** Cursors of the feed and the stream of a project: how far in the log somebody is. `pointer` is where one was sent. */
export const cursorsOf = (api: ApiContext, projectId: string) => ({
  encode: (at: number): string => encodeCursor(api, scopeOf(projectId), [at]),
  /** Throws a `Problem` when it is none of this project. */
  decode: (cursor: string, pointer: string): number =>
    position.parse(decodeCursor(api, scopeOf(projectId), cursor, { pointer, advice }))[0],
});

/** Reads pages when it is the turn of their project. `isGone` says that nobody waits for it any more. */
export const pagesInTurn = ({ feed }: ApiContext) => {
  const lanes = lanesPerProject(pageLanes);
  return (from: number, wanted: Wanted, limit: number, isGone: () => boolean): Promise<FeedPage> =>
    lanes(
      wanted.projectId,
      () => feed.page(from, wanted, limit),
      () => !isGone(),
    );
};
export type ReadPage = ReturnType<typeof pagesInTurn>;

/** What somebody waits for: what is wanted, so many items at most, until the signal aborts. */
export type Awaited = { readonly wanted: Wanted; readonly limit: number; readonly signal: AbortSignal };

/** Resolves with what comes next after a position, or with nothing and how far it is; undefined where a page is to be read first. */
const nextCome = async (
  { feed }: ApiContext,
  from: number,
  { wanted, limit, signal }: Awaited,
): Promise<FeedPage | undefined> => {
  const come: Item[] = [];
  const over = Promise.withResolvers<undefined>();
  let far = from;
  const leave = feed.join(from, {
    wanted,
    take: (item) => void come.push(item),
    flush: (at) => {
      far = Math.max(far, at);
      if (come.length > 0) over.resolve(undefined);
    },
  });
  if (!leave) return undefined;
  const end = (): void => over.resolve(undefined);
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  await over.promise;
  signal.removeEventListener('abort', end);
  leave();
  const items = firstItems(come, limit);
  const last = items.at(-1);
  return { items, position: items.length < come.length && last ? last.position : far, atEnd: true };
};

/** The first page after a position that has something, or that the signal ends. */
export const nextPage = async (api: ApiContext, read: ReadPage, from: number, waited: Awaited): Promise<FeedPage> => {
  const { wanted, limit, signal } = waited;
  for (let at = from; ;) {
    const come = await nextCome(api, at, waited);
    if (come) return come;
    const page = await read(at, wanted, limit, () => signal.aborted);
    if (page.items.length > 0 || !page.atEnd || signal.aborted) return page;
    at = page.position;
  }
};
