import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { toldSchema } from '../../domain/deliveries/told.ts';
import type { FeedPage, Wanted } from '../../queries/deliveries/feed.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { paging } from '../http/paging.ts';
import { placesOf } from '../http/places.ts';
import { cursorsOf, nextPage, pagesInTurn, wantedQuery } from './feed-reading.ts';

/** How many requests may wait for what comes, and for how many seconds. */
export const feedWaits = { ofProject: 50, ofAll: 500, seconds: 30 } as const;

const answer = (reply: FastifyReply, { items }: FeedPage, next: string): FastifyReply =>
  reply
    .header('Cache-Control', 'no-store')
    .header('Content-Type', 'application/json; charset=utf-8')
    // Each was written when it was made.
    .send(Buffer.from(`{"data":[${items.map(({ text }) => text).join(',')}],"next":${JSON.stringify(next)}}`));

/** Ends with the client or the process, and after some seconds. */
const waitFor = (reply: FastifyReply, seconds: number, stopping: AbortSignal) => {
  const over = new AbortController();
  const end = (): void => over.abort();
  const timer = setTimeout(end, seconds * 1_000);
  reply.raw.once('close', end);
  stopping.addEventListener('abort', end);
  if (stopping.aborted) end();
  const clear = (): void => {
    clearTimeout(timer);
    reply.raw.off('close', end);
    stopping.removeEventListener('abort', end);
  };
  return { signal: over.signal, clear };
};

/** What happened to the leads of a project, in the order of the log, a page at a time. */
export const feed: Routes = (app, api) => {
  const read = pagesInTurn(api);
  const enter = placesOf('requests wait for the feed', feedWaits);
  const stopping = new AbortController();
  app.addHook('preClose', async () => stopping.abort());

  const hold = async (reply: FastifyReply, from: number, wanted: Wanted, asked: { limit: number; wait: number }) => {
    const leave = enter(wanted.projectId);
    const { signal, clear } = waitFor(reply, asked.wait, stopping.signal);
    try {
      return await nextPage(api, read, from, { wanted, limit: asked.limit, signal });
    } finally {
      clear();
      leave();
    }
  };

  app.route({
    method: 'GET',
    url: '/api/feed',
    config: { permission: 'leads:read', lasting: true },
    schema: {
      summary: 'What happened to leads, in the order of the log',
      description: [
        'What endpoints are told, without a signature: the same `id`, `type`, `sequence`, `position` and `data`. `next` is always there: send it as `after`.',
        'A page looks at 5,000 facts of the log at most, and may be empty though there is more. `wait` holds an empty answer at the end of the log until something comes.',
        '`next` goes on in `/api/stream` as `Last-Event-ID`, and its ids here. `types` and `leadId` may change from page to page.',
      ].join(' '),
      tags: ['Endpoints'],
      querystring: z.object({
        after: z
          .string()
          .min(1)
          .max(256)
          .optional()
          .describe('The `next` of the page before; without it from the beginning'),
        ...wantedQuery,
        limit: paging.limit,
        wait: z.coerce.number().int().min(0).max(feedWaits.seconds).default(0).describe('Seconds to wait at the end'),
      }),
      response: { 200: z.object({ data: z.array(toldSchema), next: z.string() }) },
    },
    handler: async (request, reply) => {
      const { after, types, leadId, limit, wait } = request.query;
      const projectId = projectOf(request);
      const cursors = cursorsOf(api, projectId);
      const wanted: Wanted = { projectId, types, leadId };
      const from = after === undefined ? await api.feed.beginning(projectId) : cursors.decode(after, '/after');
      const page = await read(from, wanted, limit, () => request.raw.socket.destroyed);
      const isHeld = page.items.length === 0 && page.atEnd && wait > 0;
      const told = isHeld ? await hold(reply, page.position, wanted, { limit, wait }) : page;
      if (isHeld) await app.mustStillBeAllowed(request);
      return answer(reply, told, cursors.encode(told.position));
    },
  });
};
