import { z } from 'zod';
import type { Network } from './networks.ts';
import { networkIn } from './networks.ts';

/** Where webhooks may go besides the open internet: networks by their addresses, and hosts by name whatever their address. */
export type DeliveryAllow = { readonly networks: readonly Network[]; readonly hosts: readonly string[] };

/** Nowhere besides the open internet. */
export const nowhere: DeliveryAllow = { networks: [], hosts: [] };

/** How many entries the setting may have: each is looked at for each address. */
const most = 256;

/** A host name as a URL has it. A last label of digits would make it a way to write an address. */
const isHost = (text: string): boolean =>
  text.length <= 253 && /^([a-z0-9_]([a-z0-9_-]{0,62})\.)*[a-z0-9_-]{0,62}[a-z_-][a-z0-9_-]{0,62}$/.test(text);

/** The setting DELIVERY_ALLOW: networks and hosts with commas between them. */
export const deliveryAllow = z.string().transform((text, context): DeliveryAllow => {
  const entries = text.split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim().toLowerCase()]));
  const networks = entries.flatMap((entry) => networkIn(entry) ?? []);
  const hosts = entries.filter((entry) => networkIn(entry) === undefined);
  const wrong = hosts.filter((host) => !isHost(host));
  const message =
    entries.length > most
      ? `has more than ${most} entries`
      : `${wrong.map((entry) => `"${entry}"`).join(', ')}: neither a network like 10.0.0.0/8 nor the name of a host like hooks.example.com`;
  if (wrong.length === 0 && entries.length <= most) return { networks, hosts };
  context.addIssue({ code: 'custom', message, input: text });
  return z.NEVER;
});
