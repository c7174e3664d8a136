import type { TrustProxy } from '../../config/trust-proxy.ts';

/**
 * What Fastify is told of proxies. A number is told by a function: Fastify takes it for nobody, since it can't tell then whether a
 * request came through a proxy at all; whoever sets it says that none comes otherwise.
 */
export const trusting = (trust: TrustProxy): false | string[] | ((address: string, hop: number) => boolean) => {
  if (typeof trust === 'number') return (_address, hop) => hop < trust;
  return trust === false ? false : [...trust];
};
