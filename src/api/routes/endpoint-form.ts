import { z } from 'zod';
import type { Confidential, Format } from '../../domain/deliveries/endpoints.ts';
import {
  confidentialSchema,
  endpointLimits,
  endpointSettings,
  formats,
  headerName,
} from '../../domain/deliveries/endpoints.ts';
import { toldType } from '../../domain/deliveries/told.ts';
import { isReservedHeader } from '../../outside/webhooks/requests.ts';
import type { ApiContext } from '../http/context.ts';
import { Problem } from '../http/problems.ts';

const headerValue = z
  .string()
  .trim()
  .max(endpointLimits.headerValue)
  .regex(/^[\t\x20-\x7e]+$/, { error: 'is empty, or has characters outside ASCII' });

/** What is wrong with the name of a header, given those before it. */
const faultIn = (name: string, before: readonly string[]): string | undefined => {
  if (!headerName.safeParse(name).success) return 'is not the name of a header';
  if (before.includes(name)) return 'is there in other letters too';
  return isReservedHeader(name) ? 'is a header that we set' : undefined;
};

/** Headers by their names, in lower case then. */
const headers = z
  .record(z.string().max(64), headerValue)
  .transform((given, context) => {
    const names = Object.keys(given).map((name) => name.toLowerCase());
    if (names.length > endpointLimits.headers)
      context.addIssue({ code: 'custom', message: `has more than ${endpointLimits.headers}`, input: given });
    for (const [index, name] of Object.keys(given).entries()) {
      const message = faultIn(name.toLowerCase(), names.slice(0, index));
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message, input: name });
    }
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  })
  .describe('Sent with each request, such as a key of the receiver. Kept as a secret.');

const types = z
  .array(toldType)
  .min(1)
  .max(endpointLimits.types)
  .transform((given) => [...new Set(given)])
  .describe('What it is told of; all but lead.captured and lead.scored unless named');

/** Whether a URL is only what is shown of one that is a secret, as it is or encoded. */
export const isMasked = (text: string): boolean => /^[a-z]+:\/\/[^/]+\/(?:…|%e2%80%a6)/i.test(text);

const url = z
  .string()
  .min(1)
  .max(endpointLimits.url)
  // Whoever reads a URL leaves some of them out, so that it would be another than is shown.
  .regex(/^\P{Cc}*$/u, { error: 'has control characters' })
  .refine((text) => !isMasked(text), { error: 'is only what is shown of a secret; say all of it, or leave it out' })
  .describe('Where it is: https, on the open internet');
const { ratePerSecond, description } = endpointSettings.shape;

/** What a request says that adds an endpoint. */
export const endpointWanted = z.strictObject({
  url,
  types: types.optional(),
  format: z.enum(formats).default('standard'),
  headers: headers.default({}),
  ratePerSecond,
  description,
});

/** What a request says that changes one: what is left out stays, and `null` takes away. */
export const endpointPatch = z.strictObject({
  url: url.optional(),
  types: types.nullish(),
  format: z.enum(formats).optional(),
  headers: headers.nullish(),
  ratePerSecond: ratePerSecond.nullable(),
  description: description.nullable(),
  enabled: z.boolean().optional(),
});
export type EndpointPatch = z.output<typeof endpointPatch>;

/** Where an endpoint is and how it is told, with what nobody is shown. */
export type Way = {
  readonly url: string;
  readonly format: Format;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether its URL was a secret up to now, which it stays. */
  readonly isHidden: boolean;
};

/** Throws a `Problem` for a URL that may not be sent to. */
export const mustBeSendable = ({ urlRefusal }: Pick<ApiContext, 'urlRefusal'>, given: string): void => {
  const detail = urlRefusal(given);
  if (detail === undefined) return;
  throw new Problem('url-refused', `The URL ${detail}`, { errors: [{ pointer: '/url', detail }] });
};

/** Where Slack takes messages, from whoever knows the URL. */
const slackHosts: readonly string[] = ['hooks.slack.com', 'hooks.slack-gov.com'];

/** Whoever knows such a URL can send to it, so that it is a secret by itself. */
const isSecret = ({ url: text, format, isHidden }: Way): boolean =>
  isHidden || format === 'slack' || slackHosts.includes(new URL(text).hostname);

/** How much a path has to hide before its end is shown, so that two can be told apart. */
const hiding = 24;

const maskedUrl = (text: string): string => {
  const { origin, pathname } = new URL(text);
  return `${origin}/…${pathname.length > hiding ? pathname.slice(-4) : ''}`;
};

/** What everybody may know of a way, and what is for the vault; undefined when nothing is. */
export const described = (way: Way) => {
  const [secret, names] = [isSecret(way), Object.keys(way.headers)];
  const confidential: Confidential = { ...(secret && { url: way.url }), headers: way.headers };
  return {
    published: { url: secret ? maskedUrl(way.url) : way.url, format: way.format, headers: names },
    confidential: secret || names.length > 0 ? JSON.stringify(confidential) : undefined,
  };
};

/** A way as it is, by what is shown of it and by what the vault has, which is undefined when it has nothing. */
export const wayOf = (
  { url: published, format }: { readonly url: string; readonly format: Format },
  kept: string | undefined,
): Way => {
  const { url: secret, headers: values } = confidentialSchema.parse(JSON.parse(kept ?? '{"headers":{}}'));
  return { url: secret ?? published, format, headers: values, isHidden: secret !== undefined };
};
