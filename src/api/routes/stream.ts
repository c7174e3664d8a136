import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Item, Wanted } from '../../queries/deliveries/feed.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import type { ApiContext } from '../http/context.ts';
import type { EventStream } from '../http/event-stream.ts';
import { commentOf, eventOf, eventStreams } from '../http/event-stream.ts';
import { placesOf } from '../http/places.ts';
import { header } from '../http/request.ts';
import type { ReadPage } from './feed-reading.ts';
import { cursorsOf, pagesInTurn, wantedQuery } from './feed-reading.ts';

/** How many streams may be open. */
export const openStreams = { ofProject: 100, ofAll: 500 } as const;

/**
 * How often it is looked whether a caller still may read a stream, and after how many such times a comment is sent; in ms. What
 * another process changed is known a second after at most to who looks so often.
 */
export const pulse = { every: 500, comment: 30 } as const;

/** How many items are read at a time by who is behind. */
const pageOf = 200;

/** One who reads a stream: of what, from where on, and how far that is. */
type Reader = {
  readonly stream: EventStream;
  readonly wanted: Wanted;
  readonly frameOf: (item: Item) => string;
  readonly cursorOf: (position: number) => string;
  position: number;
};

/** Sends what comes after the reader's position, once it is at the end of the log; false where others are further. */
const goAlong = ({ feed }: ApiContext, reader: Reader): boolean => {
  const { stream, wanted, frameOf } = reader;
  let come = '';
  const leave = feed.join(reader.position, {
    wanted,
    take: (item) => {
      come += frameOf(item);
    },
    flush: (position) => {
      if (come !== '') stream.send(come);
      come = '';
      reader.position = Math.max(reader.position, position);
    },
  });
  if (leave) stream.body.once('close', leave);
  return leave !== undefined;
};

/** Sends what the reader has missed, as fast as it is taken, and then what comes. */
const follow = async (api: ApiContext, read: ReadPage, reader: Reader, behind: boolean): Promise<void> => {
  const { stream, wanted, frameOf } = reader;
  for (let atEnd = !behind; !stream.isOver();) {
    if (atEnd && goAlong(api, reader)) return;
    const page = await read(reader.position, wanted, pageOf, stream.isOver);
    if (page.items.length > 0) stream.send(page.items.map(frameOf).join(''));
    ({ position: reader.position, atEnd } = page);
    await stream.taken();
  }
};

/** Sends comments, and ends a stream whose reader may not read it any more. */
const beat = (request: FastifyRequest, reader: Reader): void => {
  const { stream, cursorOf } = reader;
  let beats = 0;
  const look = async (): Promise<void> => {
    // What can't be told now is told next time.
    const isAllowed = await request.server.isStillAllowed(request).catch(() => true);
    if (!isAllowed) stream.end('the key, the session or the membership is not valid any more');
  };
  const timer = setInterval(() => {
    beats += 1;
    if (beats % pulse.comment === 0) stream.send(commentOf('still here', cursorOf(reader.position)));
    void look();
  }, pulse.every).unref();
  stream.body.once('close', () => clearInterval(timer));
};

const begin = (reply: FastifyReply, { body }: EventStream): FastifyReply =>
  reply
    .header('Content-Type', 'text/event-stream; charset=utf-8')
    .header('Cache-Control', 'no-store')
    .header('X-Accel-Buffering', 'no')
    .send(body);

/** What happens to the leads of a project, as it happens. */
export const stream: Routes = (app, api) => {
  const read = pagesInTurn(api);
  const enter = placesOf('streams are open', openStreams);
  const streams = eventStreams();
  const frames = new WeakMap<Item, string>();
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
    streams.endAll('the process stops; come again with Last-Event-ID');
  });

  app.route({
    method: 'GET',
    url: '/api/stream',
    // Nobody wants to know what a stream would be like that never ends.
    exposeHeadRoute: false,
    config: { permission: 'leads:read', lasting: true },
    schema: {
      summary: 'What happens to leads, as it happens, as server-sent events',
      description: [
        'What endpoints are told and `/api/feed` has: `id` is a cursor, `event` the type, `data` the JSON. It begins now, or after `Last-Event-ID`, without gap or repeat.',
        'A comment comes every 15 s. It ends when the process stops, within 2 s when the key is revoked, the session is over or has expired, or the person is no member any more, and for a reader for whom more than 1 MiB waits: come again with `Last-Event-ID`.',
        'So many are open of a project and of a process at most: 100 and 500; beyond that 429.',
      ].join(' '),
      tags: ['Endpoints'],
      produces: ['text/event-stream'],
      querystring: z.object(wantedQuery),
      response: { 200: z.string().describe('Server-sent events, for as long as they are read') },
    },
    handler: async (request, reply) => {
      const projectId = projectOf(request);
      const { encode, decode } = cursorsOf(api, projectId);
      const last = header(request, 'last-event-id') || undefined;
      const from = last === undefined ? await api.head() : decode(last, '/Last-Event-ID');
      const leave = enter(projectId);
      const opened = streams.begin(() => reply.raw.destroy());
      opened.body.once('close', leave);
      const frameOf = (item: Item): string => {
        const known = frames.get(item);
        if (known !== undefined) return known;
        const frame = eventOf(encode(item.position), item.type, item.text);
        frames.set(item, frame);
        return frame;
      };
      const wanted: Wanted = { projectId, types: request.query.types, leadId: request.query.leadId };
      const reader: Reader = { stream: opened, wanted, frameOf, cursorOf: encode, position: from };
      opened.send(commentOf('what comes after this is told', encode(from)));
      beat(request, reader);
      if (closing) opened.end('the process stops; come again with Last-Event-ID');
      void follow(api, read, reader, last !== undefined).catch((error: unknown) => {
        request.log.warn({ error }, 'a stream ended, as the log could not be read');
        opened.end('the log can not be read now; come again with Last-Event-ID');
      });
      return begin(reply, opened);
    },
  });
};
