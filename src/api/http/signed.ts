import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Asking } from '../../flows/people/context.ts';
import { sessionLimits } from '../../domain/people/session.ts';
import { Problem } from './problems.ts';
import { header, traceparentOf } from './request.ts';
import type { ApiContext } from './context.ts';

/** What the cookie of the console's session is called, and the header that the console sends along when it writes. */
export const [consoleCookie, consoleHeader] = ['leadfold-console', 'X-Leadfold-Console'] as const;

/** Who is signed in, by which session. */
export type SignedIn = { readonly personId: string; readonly sessionId: string };

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether all browsers that come here come by TLS, as far as it is said where the service is found. */
    byTls: boolean;
  }
}

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a service is not for this machine alone, so that its cookies are sent by TLS only. */
export const isByTls = ({ publicUrl }: Pick<ApiContext, 'publicUrl'>): boolean =>
  !loopback.test(new URL(publicUrl).hostname);

/** A browser that came by TLS keeps the cookie for that, also where nobody said by which address the service is found. */
const isSecure = ({ server, protocol }: FastifyRequest): boolean => server.byTls || protocol === 'https';

/** What the cookie is called: by TLS it is so that no other host, such as a neighbour in the same domain, can put one in its place. */
const cookieNameOf = (request: FastifyRequest): string =>
  isSecure(request) ? `__Host-${consoleCookie}` : consoleCookie;

/** The console's cookie of a request. */
export const cookieOf = (request: FastifyRequest): string | undefined => {
  const name = cookieNameOf(request);
  const found = header(request, 'cookie')
    ?.split(';')
    .find((each) => each.trimStart().startsWith(`${name}=`));
  return found?.slice(found.indexOf('=') + 1).trim();
};

/** Gives the browser the cookie of the console, or takes it away. */
export const withCookie = (reply: FastifyReply, cookie?: string): FastifyReply => {
  const { request } = reply;
  const [value, age] = cookie === undefined ? ['', 0] : [cookie, Math.floor(sessionLimits.console / 1_000)];
  const attributes = `Path=/; HttpOnly; SameSite=Strict${isSecure(request) ? '; Secure' : ''}`;
  return reply.header('Set-Cookie', `${cookieNameOf(request)}=${value}; Max-Age=${age}; ${attributes}`);
};

/** Throws a `Problem` when a request writes by the cookie of the console, and not out of the console. */
export const mustBeOfConsole = (request: FastifyRequest): void => {
  if (
    request.method === 'GET' ||
    request.method === 'HEAD' ||
    header(request, consoleHeader.toLowerCase()) !== undefined
  )
    return;
  throw new Problem('unauthorized', `Writing with the cookie of the console takes the header ${consoleHeader}`, {
    headers: { 'WWW-Authenticate': 'Bearer realm="leadfold"' },
  });
};

/** Who asks, as facts about people remember it. */
export const askingOf = (request: FastifyRequest, personId?: string): Asking => {
  const traceparent = traceparentOf(request);
  return {
    correlationId: request.id,
    ...(personId !== undefined && { actor: `person:${personId}` }),
    ...(traceparent !== undefined && { traceparent }),
  };
};
