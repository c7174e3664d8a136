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

/** The console's cookie of a request. */
export const cookieOf = (request: FastifyRequest): string | undefined => {
  const found = header(request, 'cookie')
    ?.split(';')
    .find((each) => each.trimStart().startsWith(`${consoleCookie}=`));
  return found?.slice(found.indexOf('=') + 1).trim();
};

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** A browser that came by TLS keeps the cookie for that, also where nobody said by which address the service is found. */
const attributes = ({ publicUrl }: Pick<ApiContext, 'publicUrl'>, { request }: FastifyReply): string => {
  const isSecure = request.protocol === 'https' || !loopback.test(new URL(publicUrl).hostname);
  return `Path=/; HttpOnly; SameSite=Strict${isSecure ? '; Secure' : ''}`;
};

/** Gives the browser the cookie of the console, or takes it away. */
export const withCookie = (api: Pick<ApiContext, 'publicUrl'>, reply: FastifyReply, cookie?: string): FastifyReply => {
  const [value, age] = cookie === undefined ? ['', 0] : [cookie, Math.floor(sessionLimits.console / 1_000)];
  return reply.header('Set-Cookie', `${consoleCookie}=${value}; Max-Age=${age}; ${attributes(api, reply)}`);
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
