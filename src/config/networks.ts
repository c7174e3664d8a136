import { isIP } from 'node:net';

/** A network: an address of it and how many of its bits all of it has in common. */
export type Network = { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' };

/** The network that a text is, like 10.0.0.0/8, or an address alone; undefined when it is none. */
export const networkIn = (text: string): Network | undefined => {
  const [address = '', bits, more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more !== undefined || address.includes('%')) return undefined;
  const longest = version === 4 ? 32 : 128;
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > longest)) return undefined;
  return {
    address,
    prefix: bits === undefined ? longest : Number(bits),
    family: version === 4 ? 'ipv4' : 'ipv6',
  };
};
