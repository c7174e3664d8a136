import helmet from 'helmet';
import { Socket } from 'node:net';
import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route is of the page at `/docs`, which may do a little more than other pages. */
    ofDocs?: boolean;
  }
}

/** For how long browsers are to ask by TLS only, in seconds: a year. */
const strictTransport = 'max-age=31536000; includeSubDomains';

/**
 * What a page from here may load and do: only what is from here. The pages of the console have no script or style within them, and
 * nobody else may put a page from here into theirs.
 */
const directives = {
  'default-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'img-src': ["'self'", 'data:'],
  'object-src': ["'none'"],
  'script-src': ["'self'"],
  'script-src-attr': ["'none'"],
  'style-src': ["'self'"],
};

/** What draws the page at `/docs` puts one style into it, which is known by its hash, and styles some elements one by one. */
const directivesOfDocs = {
  ...directives,
  'style-src': ["'self'", "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='"],
  'style-src-attr': ["'unsafe-inline'"],
};

/** Who imports the module by name has Node load its `fetch` as well, at each start. */
const { IncomingMessage, ServerResponse } = process.getBuiltinModule('node:http');

/**
 * What Helmet would tell with each answer. It is the same each time, and to have it made a dozen times a request costs more than the
 * rest of a small one.
 */
const headersWith = (policy: typeof directives): Readonly<Record<string, string>> => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const tell = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: policy },
    frameguard: { action: 'deny' },
    // Told where there is TLS only: a browser that heard it without would be shut out of what is not there.
    hsts: false,
    // What browsers do anyway, or what only those did that nobody uses any more.
    originAgentCluster: false,
    xDnsPrefetchControl: false,
    xDownloadOptions: false,
    xPermittedCrossDomainPolicies: false,
    xPoweredBy: false,
    xXssProtection: false,
  });
  tell(response.req, response, (error?: unknown) => {
    if (error !== undefined) throw new TypeError('Helmet does not take what it is told', { cause: error });
  });
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]));
};

/** What is told where there is no request that goes through hooks: of an answer that is no page. */
export const plainHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Tells browsers what they may do with each answer. `https` says that all who come here come by TLS, wherever that ends. */
export const securityHeaders = (app: App, { https }: { readonly https: boolean }): void => {
  const [usual, ofDocs] = [headersWith(directives), headersWith(directivesOfDocs)];
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(request.routeOptions.config.ofDocs === true ? ofDocs : usual);
    if (https || request.protocol === 'https') reply.header('strict-transport-security', strictTransport);
    done();
  });
};
