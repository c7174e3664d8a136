import cors from '@fastify/cors';
import type { FastifyCorsOptions } from '@fastify/cors';
import type { App } from './app.ts';
import { pathOf } from './request.ts';

const options: FastifyCorsOptions = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  /** What a page of another origin may read of an answer, besides the usual. */
  exposedHeaders: [
    'ETag',
    'Location',
    'Content-Location',
    'Leadfold-Position',
    'RateLimit',
    'RateLimit-Policy',
    'Retry-After',
    'X-Correlation-Id',
  ],
  maxAge: 86_400,
  // Else an OPTIONS without the headers of a preflight is refused by the plugin, and not with a problem document.
  strictPreflight: false,
};

/**
 * Lets pages of any origin ask, with the key they have: keys travel in headers or bodies, never in cookies. On the ways in a page
 * may send its cookies along, which browsers do with a beacon, and insist on being allowed by name: nothing there reads them.
 */
export const crossOrigin = async (app: App): Promise<void> => {
  const waysIn = new Set<string>();
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.permission === 'events:write') waysIn.add(pathOf(url));
  });
  await app.register(cors, {
    delegator: ({ url, headers: { origin } }, decided) => {
      const named = origin !== undefined && waysIn.has(pathOf(url));
      decided(null, named ? { ...options, origin, credentials: true } : { ...options, origin: '*' });
    },
  });
};
