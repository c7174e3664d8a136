import { z } from 'zod';
import { networkIn } from './networks.ts';

/** Whose X-Forwarded-For is believed: nobody's, that of so many proxies in a row, or that of proxies at these addresses. */
export type TrustProxy = false | number | readonly string[];

/** How many proxies in a row there may be, and how many addresses of them: each is looked at for each request. */
const most = { hops: 10, entries: 64 } as const;

const help =
  'give off, the number of proxies in front of it (1 to 10), or their addresses and networks, like 10.0.0.0/8';

/** The setting TRUST_PROXY. By a number nobody can tell who is a proxy: then nobody else may reach the port. */
export const trustProxy = z.string().transform((text, context): TrustProxy => {
  const refuse = (message: string): never => {
    context.addIssue({ code: 'custom', message, input: text });
    return z.NEVER;
  };
  const value = text.trim().toLowerCase();
  if (value === 'off') return false;
  if (/^\d+$/.test(value)) {
    const hops = Number(value);
    return hops >= 1 && hops <= most.hops ? hops : refuse(`"${value}" is no number of proxies; ${help}`);
  }
  const entries = value.split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]));
  const wrong = entries.filter((entry) => networkIn(entry) === undefined);
  if (wrong.length > 0) return refuse(`${wrong.map((entry) => `"${entry}"`).join(', ')}: ${help}`);
  // Whoever is trusted everywhere is whoever asks: the header would be what the client says.
  if (entries.some((entry) => networkIn(entry)?.prefix === 0)) return refuse(`would believe everybody; ${help}`);
  return entries.length > 0 && entries.length <= most.entries
    ? entries
    : refuse(`has ${entries.length} entries; ${help}`);
});
