import { lookup, Resolver } from 'node:dns/promises';
import type { AddressGuard } from './addresses.ts';

/** Finds the addresses of a host, all of them. Rejects with the error of the domain name system. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** How long a name server is waited for, in ms, and how often it is asked. */
const patience = { timeout: 2_000, tries: 3 } as const;

/**
 * Asks the domain name system itself: `getaddrinfo` would hold one of the process's four threads, which files need too, for
 * as long as somebody's name server likes. It knows what this machine calls its own hosts, so it is asked for those that
 * the operator named, and for localhost.
 */
export const systemResolve = ({ isNamed }: AddressGuard): Resolve => {
  const resolver = new Resolver(patience);
  return async (host) => {
    if (isNamed(host) || /(^|\.)localhost$/.test(host))
      return (await lookup(host, { all: true })).map(({ address }) => address);
    const asked = [resolver.resolve4(host), resolver.resolve6(host)] as const;
    const found = (await Promise.allSettled(asked)).flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    // With none, the first question says why.
    return found.length > 0 ? found : asked[0];
  };
};
