import { BlockList, isIP } from 'node:net';
import type { DeliveryAllow } from '../../config/delivery-allow.ts';

/**
 * What of IPv4 is not the open internet: IANA's registry of special-purpose addresses, multicast, and what was never given
 * out. 168.63.129.16 is how machines at Azure ask their host, as 169.254.169.254 is elsewhere.
 */
const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/**
 * Of IPv6 only 2000::/3 is the open internet: no loopback, link-local or unique local address is in it, nor an IPv4 address
 * that is mapped, compatible or behind NAT64. These are in it and are not: those of protocols (Teredo among them), of
 * documentation, and 6to4, which has an IPv4 address within.
 */
const open6 = ['2000::', 3] as const;
const special6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

/** Names that the domain name system keeps for, or that networks use for, what is not the open internet. */
const localNames = /(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|onion)$/;

/** Where requests may go. */
export type AddressGuard = {
  /** Why a URL may not be sent to, as far as can be told without asking for its address, as a text that goes behind "The URL". */
  readonly refusal: (url: string) => string | undefined;
  /** Whether an address that a host has may be connected to. */
  readonly mayReach: (host: string, address: string) => boolean;
  /** Whether the operator named this host, so that its name is none of the open internet's. */
  readonly isNamed: (host: string) => boolean;
};

const listOf = (family: 'ipv4' | 'ipv6', networks: readonly (readonly [string, number])[]): BlockList => {
  const list = new BlockList();
  for (const [address, prefix] of networks) list.addSubnet(address, prefix, family);
  return list;
};

/** The host of a URL, without the brackets that an IPv6 address has there. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** 4 or 6; 0 for what is no address, and for one that holds on one of our own interfaces alone. */
const versionOf = (address: string): number => (address.includes('%') ? 0 : isIP(address));

/** Who can do something about it, and by what. */
const unlessAllowed = '; whoever runs the service may name it in DELIVERY_ALLOW';

/** What guards what is sent: the open internet, and what is allowed besides. */
export const addressGuard = (allow: DeliveryAllow): AddressGuard => {
  const [closed4, closed6, opened6] = [listOf('ipv4', special4), listOf('ipv6', special6), listOf('ipv6', [open6])];
  const allowed = new BlockList();
  for (const { address, prefix, family } of allow.networks) allowed.addSubnet(address, prefix, family);

  const isOpen = (address: string): boolean => {
    const version = versionOf(address);
    if (version === 4) return !closed4.check(address, 'ipv4');
    return version === 6 && opened6.check(address, 'ipv6') && !closed6.check(address, 'ipv6');
  };
  const isAllowed = (address: string): boolean => {
    const version = versionOf(address);
    return version !== 0 && allowed.check(address, version === 4 ? 'ipv4' : 'ipv6');
  };
  const isLoopback = (host: string): boolean => /(^|\.)localhost$/.test(host);
  const isNamed = (host: string): boolean => allow.hosts.includes(host);

  /** Whether a host is allowed besides the open internet, so that nothing else is asked of it. */
  const isBesides = (host: string): boolean => {
    if (isNamed(host)) return true;
    return isLoopback(host) ? isAllowed('127.0.0.1') || isAllowed('::1') : isAllowed(host);
  };

  const hostRefusal = (host: string): string | undefined => {
    if (isIP(host) !== 0) {
      return isOpen(host) ? undefined : `has an address that is not of the open internet${unlessAllowed}`;
    }
    if (host.endsWith('.')) return 'has a host with a dot at its end; leave it out';
    if (!host.includes('.') || localNames.test(host))
      return `has a host that is not of the open internet${unlessAllowed}`;
    return undefined;
  };

  /** Ports below 1024 are of other protocols, whose servers should not be spoken to in our name. */
  const portRefusal = ({ port }: URL): string | undefined =>
    port !== '' && port !== '80' && Number(port) < 1_024 ? `has port ${port}, which is another protocol's` : undefined;

  return {
    isNamed,
    mayReach: (host, address) => versionOf(address) !== 0 && (isNamed(host) || isAllowed(address) || isOpen(address)),
    refusal: (text) => {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      if (url === undefined) return 'can not be understood';
      if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'has to begin with https://';
      if (url.username !== '' || url.password !== '') return 'has a user in it; use a header of the endpoint instead';
      const host = hostOf(url);
      if (isBesides(host)) return undefined;
      return hostRefusal(host) ?? (url.protocol === 'https:' ? portRefusal(url) : 'has to begin with https://');
    },
  };
};
