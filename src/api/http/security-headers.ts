import type { FastifyHelmetOptions } from '@fastify/helmet';
import helmet from '@fastify/helmet';
import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What browsers are told otherwise of the route's answers. */
    helmet?: FastifyHelmetOptions;
  }
}

/** For how long browsers are to ask by TLS only, in seconds: a year. */
const strictTransport = 'max-age=31536000; includeSubDomains';

/**
 * What a page from here may load and do: only what is from here. The page at `/docs` and those of the console have no script or style
 * within them, and nobody else may put a page from here into theirs.
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
const styles = {
  'style-src': ["'self'", "'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='"],
  'style-src-attr': ["'unsafe-inline'"],
};

/** What is told of that page. */
export const ofDocs: FastifyHelmetOptions = {
  contentSecurityPolicy: { useDefaults: false, directives: { ...directives, ...styles } },
};

/** The same for an answer that is no page, where there is no request that goes through hooks. */
export const plainHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none';frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** Tells browsers what they may do with each answer. `https` says that all who come here come by TLS, wherever that ends. */
export const securityHeaders = async (app: App, { https }: { readonly https: boolean }): Promise<void> => {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives },
    frameguard: { action: 'deny' },
    // Told where there is TLS only, by the hook below: a browser that heard it without would be shut out of what is not there.
    hsts: false,
    crossOriginEmbedderPolicy: false,
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (https || request.protocol === 'https') reply.header('Strict-Transport-Security', strictTransport);
    done();
  });
};
