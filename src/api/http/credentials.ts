import type { FastifyRequest } from 'fastify';
import { cookieStart } from '../../flows/people/known-sessions.ts';
import { Problem } from './problems.ts';
import { header } from './request.ts';
import { cookieOf } from './signed.ts';

/** How long the token of a session may be, in characters. */
export const tokenLength = 2_048;

/** What a request shows of who sends it. */
export type Credential = { readonly text: string; readonly by: 'header' | 'cookie' };

/** Says that a credential is needed. */
export const unauthorized = (detail: string): Problem =>
  new Problem('unauthorized', detail, { headers: { 'WWW-Authenticate': 'Bearer realm="leadfold"' } });

const ofBasic = (encoded: string): string => {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.endsWith(':') ? text.slice(0, -1) : '';
};

const inHeaders = (request: FastifyRequest): string | undefined => {
  const [, scheme, value = ''] = /^(bearer|basic)\s+(\S+)\s*$/i.exec(header(request, 'authorization') ?? '') ?? [];
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() === 'basic') return ofBasic(value);
  return header(request, 'x-api-key') ?? header(request, 'authorization');
};

/**
 * The credential of a request: Bearer, X-API-Key, or Basic with the key as user and no password; else the console's cookie, but
 * not where events come in, as pages of other origins may send their cookies there.
 */
export const credentialOf = (request: FastifyRequest): Credential | undefined => {
  const text = inHeaders(request);
  if (text !== undefined) return { text, by: 'header' };
  if (request.routeOptions.config.permission === 'events:write') return undefined;
  const cookie = cookieOf(request);
  return cookie === undefined ? undefined : { text: cookie, by: 'cookie' };
};

/** Whether a text is written as what shows a session is: an access token, or the value of the console's cookie. */
export const isToken = (text: string): boolean =>
  text.length <= tokenLength && (text.startsWith(cookieStart) || /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text));
