import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../http/app.ts';
import { Problem } from '../http/problems.ts';
import { header } from '../http/request.ts';
import type { Snippet } from '../sdk/snippet.ts';
import { readSnippet } from '../sdk/snippet.ts';

/** How long a browser may keep it without asking again, in seconds: an hour, or for ever where the path says which text it is. */
const hour = 'public, max-age=3600';
const forEver = 'public, max-age=31536000, immutable';

/** The encodings that are at hand, the smallest first. */
const encodings = ['br', 'gzip'] as const;

const accepts = (request: FastifyRequest, encoding: string): boolean =>
  (header(request, 'accept-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .some((each) => new RegExp(`^\\s*${encoding}\\s*(;\\s*q=(?!0(\\.0*)?\\s*$).*)?$`).test(each));

const isKnown = (request: FastifyRequest, version: string): boolean =>
  (header(request, 'if-none-match') ?? '').split(',').some((each) => {
    const tag = each.trim();
    return tag === '*' || tag.replace(/^W\//, '') === `"${version}"`;
  });

/** The snippet for web pages, which anybody may load. */
export const sdk: Routes = (app) => {
  // Read and packed for the first who asks, and not at each start.
  const made: { snippet?: Snippet } = {};
  const snippetOf = (): Snippet => (made.snippet ??= readSnippet());

  const answer = (request: FastifyRequest, reply: FastifyReply, caching: string): FastifyReply => {
    const { version, ...bytes } = snippetOf();
    reply.headers({
      // The same text, however it is packed.
      ETag: `W/"${version}"`,
      'Cache-Control': caching,
      Vary: 'Accept-Encoding',
      // Pages that isolate themselves load only what says that it is for others.
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'X-Content-Type-Options': 'nosniff',
    });
    if (isKnown(request, version)) return reply.code(304).send();
    reply.header('Content-Type', 'text/javascript; charset=utf-8');
    const encoding = encodings.find((each) => accepts(request, each));
    if (encoding === undefined) return reply.send(bytes.plain);
    return reply.header('Content-Encoding', encoding).send(bytes[encoding]);
  };

  const described = { tags: ['Web pages'], produces: ['text/javascript'], response: { 200: z.string() } };
  app.route({
    method: 'GET',
    url: '/sdk/leadfold.js',
    config: { public: true },
    schema: { summary: 'The snippet for web pages', ...described },
    handler: (request, reply) => void answer(request, reply, hour),
  });
  app.route({
    method: 'GET',
    url: '/sdk/leadfold.:version.js',
    config: { public: true },
    schema: {
      summary: 'The snippet in one version, which never changes: the first 16 hexadecimal digits of its SHA-256',
      ...described,
      params: z.object({ version: z.string() }),
    },
    handler: (request, reply) => {
      if (request.params.version !== snippetOf().version) {
        throw new Problem('not-found', 'This version is not served here; /sdk/leadfold.js is always the one that is');
      }
      answer(request, reply, forEver);
    },
  });
};
