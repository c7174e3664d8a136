import { createHash } from 'node:crypto';
import type { Json } from '../../domain/lead/activity.ts';
import type { Mapped } from '../../domain/sources/mapping.ts';
import { itemsIn, mappingOf } from '../../domain/sources/mapping.ts';
import type { WebhookName } from '../../domain/sources/receipt.ts';
import type { Source } from '../../domain/sources/sources.ts';
import { bodyLimits, excessive } from '../http/body.ts';
import { excessOf } from '../http/json-scan.ts';
import { kindOf } from '../http/words.ts';
import type { Arrival, Translated } from './item.ts';
import { faulty, toCapture } from './item.ts';
import { isObject, readJson } from './json.ts';
import { fromNative } from './native.ts';
import { withExactNumbers } from './numbers.ts';
import type { Sent } from './rejects.ts';
import { millisOf } from './time.ts';

const bounds = {
  values: bodyLimits.values,
  anItem: bodyLimits.valuesAnItem,
  items: bodyLimits.items,
  levels: Infinity,
};

/** How many fields a form may have, as far as it is read. */
const mostFields = 1_000;

/** The most characters of the id of an activity. */
const mostOfId = 256;

const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

/** A form as an object of texts. Of a field that comes again the last counts. */
const formIn = (text: string): Json => {
  const fields: [string, string][] = [];
  for (const field of new URLSearchParams(text)) {
    if (fields.length === mostFields) throw new SyntaxError(`a form has ${mostFields} fields at most`);
    fields.push(field);
  }
  return Object.fromEntries(fields);
};

/** What a body says, of a form or as JSON. Throws a `SyntaxError` with what keeps it from being read. */
export const contentOf = (body: Buffer, contentType: string): Json => {
  if (/^application\/x-www-form-urlencoded\b/i.test(contentType)) return formIn(body.toString());
  const excess = excessOf(body, bounds);
  if (excess) throw new SyntaxError(excessive(excess).detail);
  const content = readJson(withExactNumbers(body));
  if (content === undefined) throw new SyntaxError('there is nothing in it');
  return content;
};

/**
 * How a webhook is known when it comes again. Stripe signs no id of its own, but its events have one, and what it sends again of
 * one may differ.
 */
export const nameOf = (
  source: Source,
  webhookId: string | undefined,
  body: Buffer,
  content: Json | undefined,
): WebhookName => {
  if (webhookId !== undefined) return { id: webhookId };
  const ofStripe = source.scheme === 'stripe' && isObject(content) ? content['id'] : undefined;
  return typeof ofStripe === 'string' && ofStripe !== '' ? { id: ofStripe } : { hash: sha256(body) };
};

/** The id of an activity that names none: that of the webhook, and which of its items it is where there is a list of them. */
const eventIdOf = ({ sourceId }: Source, name: WebhookName, index: number | undefined): string => {
  const place = index === undefined ? '' : `:${index}`;
  if ('hash' in name) return `${name.hash}${place}`;
  const id = `${sourceId}:${name.id}${place}`;
  return id.length <= mostOfId ? id : sha256(id);
};

/** What a mapping made of an item. Services tell times in ISO 8601, in ms or, as Stripe does, in seconds. */
const translated = ({ said, places }: Mapped, arrival: Arrival): Translated =>
  toCapture(
    {
      ...said,
      timestamp: millisOf(said.timestamp),
      emailTrait: isObject(said.traits) ? said.traits['email'] : undefined,
    },
    { source: 'webhook', lenient: true, places },
    arrival,
  );

/** What an item becomes by the mapping of its source. */
export type Translate = (item: Json, arrival: Arrival) => Translated;

export const translateOf = ({ mapping }: Source): Translate => {
  if (!mapping) return (item, arrival) => fromNative(item, 'webhook', arrival);
  const map = mappingOf(mapping);
  return (item, arrival) => translated(map(item), arrival);
};

/** The items of a webhook, each as what it is to become; what can not be told apart is one that is refused. */
export const itemsOf = (source: Source, content: Json) => {
  const items = itemsIn(content, source.mapping?.items);
  const isList = items !== undefined && (items.length !== 1 || items[0] !== content);
  const translate = translateOf(source);
  const place = source.mapping?.items ?? '';
  return {
    items: items ?? [content],
    /** Whether the items are not where the mapping says. */
    isLost: items === undefined,
    pointerTo: (index: number): string => (isList ? `${place}/${index}` : place),
    sent: (index: number): Sent =>
      items ? { form: 'item', value: items[index] ?? null } : { form: 'whole', value: content },
    translate: (item: Json, index: number, name: WebhookName, receivedAt: Date): Translated => {
      if (!items) return faulty(place, `must be a list or an object, is ${kindOf(content)}`);
      const newEventId = (): string => eventIdOf(source, name, isList ? index : undefined);
      return translate(item, { receivedAt, newEventId });
    },
  };
};
