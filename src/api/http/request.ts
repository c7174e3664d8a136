import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Request } from '../../engine/handle.ts';
import type { App } from './app.ts';
import { hashOf } from './key.ts';
import { Problem } from './problems.ts';
import type { ApiContext } from './context.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The projections that the route reads, where it should not wait for others. */
    reads?: readonly string[];
  }
  interface FastifyInstance {
    /** A new UUIDv7. */
    newId: () => string;
  }
}

type Headed = { readonly headers: IncomingHttpHeaders };

/** A header's value as one text. */
export const header = ({ headers }: Headed, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
};

/** The path of a URL, without its query. However many slashes stand in a row or at the end, it is one path. */
export const pathOf = (url: string): string => {
  const path = (url.split('?', 1)[0] ?? '').replace(/\/{2,}/g, '/');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
};

/** The caller's correlation id, if it is one. */
export const correlationIdOf = (request: Headed): string | undefined =>
  /^[A-Za-z0-9._-]{1,128}$/.exec(header(request, 'x-correlation-id') ?? '')?.[0];

/** The caller's W3C trace context, if it is well-formed. */
export const traceparentOf = (request: Headed): string | undefined =>
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.exec(
    header(request, 'traceparent') ?? '',
  )?.[0];

/** The Idempotency-Key without its quotes. Throws a `Problem` when it is not 1-255 visible ASCII characters. */
export const idempotencyKeyOf = (request: Headed): string | undefined => {
  const value = header(request, 'idempotency-key');
  if (value === undefined) return undefined;
  const key = /^"(.*)"$/.exec(value)?.[1] ?? value;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Problem('invalid-header', 'Idempotency-Key takes 1 to 255 visible ASCII characters, quoted or not');
};

/** The revision that the caller saw, by If-Match; none for `*`. Throws a `Problem` when it is not one ETag. */
export const expectedRevisionOf = (request: Headed): number | undefined => {
  const value = header(request, 'if-match')?.trim();
  if (value === undefined || value === '*') return undefined;
  const [, quoted, bare] = /^(?:(?:W\/)?"(-1|\d{1,15})"|(\d{1,15}))$/.exec(value) ?? [];
  const revision = quoted ?? bare;
  if (revision !== undefined) return Number(revision);
  throw new Problem('invalid-header', 'If-Match takes the ETag of an answer, such as "3"');
};

/** A stream's revision as an ETag; "-1" is that of a stream without facts. */
export const etag = (revision: number): string => `"${revision}"`;

/** Says how far the read models must be to have what was written. */
export const withPosition = (reply: FastifyReply, position: number): FastifyReply =>
  reply.header('Leadfold-Position', String(position));

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The members of an object in one order, however they were sent. */
const inOrder = (_: string, value: unknown): unknown =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

/** What a request with an Idempotency-Key asks, as SHA-256. The same again is a retry, anything else is refused. */
const fingerprintOf = ({ url, body }: FastifyRequest, key: string): string =>
  hashOf(JSON.stringify([key, url, body], inOrder)).toString('base64url');

/**
 * The request for a command, whatever it asks: the same Idempotency-Key of the same caller in the same project is the same command.
 * Throws a `Problem` for a header that is not valid.
 */
export const commandOf = (request: FastifyRequest, commandName: string): Request => {
  const key = idempotencyKeyOf(request);
  const expected = expectedRevisionOf(request);
  const traceparent = traceparentOf(request);
  const { projectId = '', name, actor } = request.caller;
  return {
    commandId: key === undefined ? request.server.newId() : [commandName, projectId, name, key].join(':'),
    correlationId: request.id,
    actor,
    ...(traceparent !== undefined && { traceparent }),
    ...(expected !== undefined && { expected }),
  };
};

/** The same for a command that must ask the same when it comes again. */
export const requestOf = (request: FastifyRequest, commandName: string): Request => {
  const key = idempotencyKeyOf(request);
  const asked = commandOf(request, commandName);
  return key === undefined ? asked : { ...asked, fingerprint: fingerprintOf(request, key) };
};

/** What all requests have in common: a correlation id. */
export const requests = (app: App, { newId }: ApiContext): void => {
  app.decorate('newId', newId);
  // Hooks that have nothing to wait for call back: a promise for each of them is a good part of a small request.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Correlation-Id', request.id);
    const { headers } = request;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined) headers['content-encoding'] = encoding.toLowerCase().replace(/^x-(?=gzip$)/, '');
    done();
  });
};
