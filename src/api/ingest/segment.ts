import type { Json, JsonObject } from '../../domain/lead/activity.ts';
import { normalId } from '../../domain/identity/normal-form.ts';
import { keptContext } from './context.ts';
import { snakeCase } from './event-name.ts';
import type { Arrival, Format, Said, Translated, Warning } from './item.ts';
import { faulty, leftOut, toCapture } from './item.ts';
import { firstOf, isEmptyList, isObject } from './json.ts';
import { kindOf } from '../http/words.ts';
import { instantOf } from './time.ts';

/** What Segment's clients call. */
export const segmentCalls = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;
export type SegmentCall = (typeof segmentCalls)[number];

export const isSegmentCall = (value: unknown): value is SegmentCall => segmentCalls.some((call) => call === value);

const places = { eventId: '/messageId', sessionId: '/context/sessionId' };
const format: Format = { source: 'segment', lenient: true, places };
const trackFormat: Format = { ...format, places: { ...places, eventType: '/event' } };
const groupFormat: Format = { ...format, places: { ...places, properties: '/traits' } };

const partOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** What of these is there, with its name. */
const given = (parts: Readonly<Record<string, Json | undefined>>): JsonObject =>
  Object.fromEntries(
    Object.entries(parts).flatMap(([name, value]): [string, Json][] =>
      value === undefined || value === null ? [] : [[name, value]],
    ),
  );

/** The object that an item has under a name, with nothing in it where that is none, and what to tell of one that is left out. */
const objectAt = (item: JsonObject, name: string): readonly [JsonObject, ...Warning[]] => {
  const value = firstOf(item[name]);
  if (value === undefined || isEmptyList(value)) return [{}];
  return isObject(value) ? [value] : [{}, leftOut(`/${name}`, `must be an object, is ${kindOf(value)}`)];
};

const asText = (value: Json | undefined): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() || undefined : undefined;

/** Of two times the first, or the second where the first is none. */
const timeOf = (first: Json | undefined, second: Json | undefined): Json | undefined => {
  const [one, other] = [firstOf(first), firstOf(second)];
  return one === undefined || (other !== undefined && instantOf(one) === undefined) ? other : one;
};

/** When the sender says it was: by its own clock if it says when it sent it, so that the clock can be corrected. */
const timesOf = (item: JsonObject, sentAt: Json | undefined): Said => {
  const { timestamp, originalTimestamp } = item;
  return firstOf(sentAt) === undefined
    ? { timestamp: timeOf(timestamp, originalTimestamp) }
    : { timestamp: timeOf(originalTimestamp, timestamp), sentAt };
};

const isMissing = (value: Json | undefined): boolean =>
  firstOf(value) === undefined || (typeof value === 'string' && value.trim() === '');

const sameId = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && normalId(one) === normalId(other);

const fromAlias = (item: JsonObject, common: Said, arrival: Arrival, warnings: readonly Warning[]): Translated => {
  const { userId, previousId, messageId } = item;
  const missing = Object.entries({ userId, previousId }).find(([, value]) => isMissing(value));
  if (missing) return faulty(`/${missing[0]}`, 'is missing; an alias brings a previousId and a userId together');
  if (sameId(asText(userId), asText(previousId))) {
    return { ignored: asText(messageId) ?? arrival.newEventId() };
  }
  const said = { ...common, eventType: 'alias', anonymousId: undefined, emailTrait: undefined, previousId };
  return toCapture(said, format, arrival, warnings);
};

/**
 * What the items of a batch take over from the envelope around them: of its context no more than an activity keeps. `warnings`
 * are of what is not kept.
 */
export type Envelope = {
  readonly sentAt?: Json;
  readonly context?: JsonObject;
  readonly warnings?: readonly Warning[];
};

export const takenOver = (body: JsonObject): Envelope => {
  const whole = partOf(body['context']);
  const { traits = null, sessionId = null } = whole;
  const { context, warnings } = keptContext((name) => whole[name]);
  return { sentAt: body['sentAt'] ?? null, context: { ...context, ...given({ traits, sessionId }) }, warnings };
};

/** An item of a batch as one that stands alone: with what it takes over. */
export const withEnvelope = (item: unknown, { sentAt = null, context = {} }: Envelope): unknown => {
  if (!isObject(item)) return item;
  const merged = { ...context, ...partOf(item['context']) };
  return {
    ...item,
    ...(firstOf(item['sentAt']) === undefined && sentAt !== null && { sentAt }),
    ...(Object.keys(merged).length > 0 && { context: merged }),
  };
};

/** What the context says of an item: its own, or where that says nothing the envelope's, which may be as large as the body. */
const contextOf = (item: JsonObject, envelope: Envelope) => {
  const [own, around] = [partOf(item['context']), envelope.context ?? {}];
  const said = (name: string): Json | undefined => (Object.hasOwn(own, name) ? own[name] : around[name]);
  const { context, warnings } = keptContext(said);
  const inherited = (envelope.warnings ?? []).filter(
    ({ pointer }) => !Object.hasOwn(own, pointer.slice('/context/'.length)),
  );
  return { said, context, warnings: [...warnings, ...inherited] };
};

/** An item of a Segment client. `envelope` is what it takes over from the batch around it: `context` and `sentAt` are the item's too. */
export const fromSegment = (call: SegmentCall, item: unknown, envelope: Envelope, arrival: Arrival): Translated => {
  if (!isObject(item)) return faulty('', `must be an object, is ${kindOf(item)}`);
  const { said: contextual, context, warnings } = contextOf(item, envelope);
  const contextTraits = partOf(contextual('traits'));
  const { userId, anonymousId, properties, name, category } = item;
  const common: Said = {
    userId,
    anonymousId,
    eventId: item['messageId'],
    sessionId: contextual('sessionId'),
    ...timesOf(item, firstOf(item['sentAt'], envelope.sentAt)),
    emailTrait: contextTraits['email'],
    context,
  };
  switch (call) {
    case 'track': {
      const { event } = item;
      const eventType = typeof event === 'string' ? snakeCase(event) : event;
      return toCapture({ ...common, eventType, properties }, trackFormat, arrival, warnings);
    }
    case 'page':
    case 'screen': {
      const [own, ...aside] = objectAt(item, 'properties');
      const said = { ...common, eventType: `${call}_view`, properties: { ...given({ name, category }), ...own } };
      return toCapture(said, format, arrival, [...aside, ...warnings]);
    }
    case 'identify': {
      const [own, ...aside] = objectAt(item, 'traits');
      const person = { ...contextTraits, ...own };
      const said = { ...common, eventType: 'identify', traits: person, emailTrait: person['email'] };
      return toCapture(said, format, arrival, [...aside, ...warnings]);
    }
    case 'group': {
      const { groupId } = item;
      if (asText(groupId) === undefined) return faulty('/groupId', 'is missing; say which group');
      // The traits are the group's: none of them says anything of the person.
      const [ofGroup, ...wrong] = objectAt(item, 'traits');
      const [own, ...aside] = objectAt(item, 'properties');
      const said = isObject(item['traits']) ? { groupId, traits: ofGroup } : { groupId };
      const properties = { ...own, ...given(said) };
      const all = [...wrong, ...aside, ...warnings];
      return toCapture({ ...common, eventType: 'group', properties }, groupFormat, arrival, all);
    }
    case 'alias':
      return fromAlias(item, common, arrival, warnings);
  }
};
