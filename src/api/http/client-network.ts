/** How long an address may be: what a proxy hands on need not be one. */
const longest = 64;

const isMapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/** The groups of an IPv6 address, as far as they are written. */
const groupsOf = (part: string): readonly string[] =>
  part === '' ? [] : part.split(':').map((group) => group.replace(/^0+(?=.)/, '').toLowerCase());

/**
 * The network that one client is taken to have: its address, or the first 64 bits of an IPv6 one, since whoever has one of those has
 * them all.
 */
export const clientNetwork = (address: string): string => {
  const [, v4] = isMapped.exec(address) ?? [];
  if (v4 !== undefined) return v4;
  if (!address.includes(':') || address.length > longest) return address.slice(0, longest);
  const [head = '', tail] = address.replace(/%.*$/, '').split('::', 2);
  const [first, last] = [groupsOf(head), groupsOf(tail ?? '')];
  const left = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const zeros = Array.from({ length: left }, () => '0');
  return `${[...first, ...zeros, ...last].slice(0, 4).join(':')}::/64`;
};
