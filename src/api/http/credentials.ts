import type { FastifyRequest } from 'fastify';
import { Problem } from './problems.ts';
import { header } from './request.ts';

/** What the cookie of the console's session is called. */
export const consoleCookie = 'leadfold-console';

/** The header that the console sends along when it writes: no page of another origin can, so no other page writes with its cookie. */
export const consoleHeader = 'X-Leadfold-Console';

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

const inCookies = (request: FastifyRequest): string | undefined => {
  const cookies = header(request, 'cookie');
  if (cookies === undefined || !cookies.includes(consoleCookie)) return undefined;
  const found = cookies.split(';').find((each) => each.trimStart().startsWith(`${consoleCookie}=`));
  return found?.slice(found.indexOf('=') + 1).trim();
};

/**
 * The credential of a request: Bearer, X-API-Key, or Basic with the key as user and no password; else the console's cookie, but
 * not where events come in, as pages of other origins may send their cookies there.
 */
export const credentialOf = (request: FastifyRequest): Credential | undefined => {
  const text = inHeaders(request);
  if (text !== undefined) return { text, by: 'header' };
  if (request.routeOptions.config.permission === 'events:write') return undefined;
  const cookie = inCookies(request);
  return cookie === undefined ? undefined : { text: cookie, by: 'cookie' };
};

/** Whether a text is written as the token of a session is. */
export const isToken = (text: string): boolean => text.length <= tokenLength && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

const isRead = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD';

/** Throws a `Problem` when a request writes by the cookie of the console, and not out of the console. */
export const mustBeOfConsole = (request: FastifyRequest): void => {
  if (isRead(request) || header(request, consoleHeader.toLowerCase()) !== undefined) return;
  throw unauthorized(`Writing with the cookie of the console takes the header ${consoleHeader}`);
};
