import type { Json, JsonObject } from '../../domain/activity.ts';
import { normalId } from '../../domain/normal-form.ts';
import { keptContext } from './context.ts';
import { snakeCase } from './event-name.ts';
import type { Arrival, Format, Said, Translated } from './item.ts';
import { faulty, toCapture } from './item.ts';
import { firstOf, isObject, kindOf } from './json.ts';

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

/** Adds to properties what a call has beside them; properties that are no object stay, to be refused. */
const withParts = (properties: Json | undefined, parts: Readonly<Record<string, Json | undefined>>): Json =>
  isObject(properties) || properties === undefined || properties === null
    ? { ...given(parts), ...properties }
    : properties;

const asText = (value: Json | undefined): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() || undefined : undefined;

/** When the sender says it was: by its own clock if it says when it sent it, so that the clock can be corrected. */
const timesOf = (item: JsonObject, sentAt: Json | undefined): Said => {
  const { timestamp, originalTimestamp } = item;
  return firstOf(sentAt) === undefined
    ? { timestamp: firstOf(timestamp, originalTimestamp) }
    : { timestamp: firstOf(originalTimestamp, timestamp), sentAt };
};

const isMissing = (value: Json | undefined): boolean =>
  firstOf(value) === undefined || (typeof value === 'string' && value.trim() === '');

const sameId = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && normalId(one) === normalId(other);

const fromAlias = (item: JsonObject, common: Said, arrival: Arrival): Translated => {
  const { userId, previousId, messageId } = item;
  const missing = Object.entries({ userId, previousId }).find(([, value]) => isMissing(value));
  if (missing) return faulty(`/${missing[0]}`, 'is missing; an alias brings a previousId and a userId together');
  if (sameId(asText(userId), asText(previousId))) {
    return { ignored: asText(messageId) ?? arrival.newEventId() };
  }
  const said = { ...common, eventType: 'alias', anonymousId: undefined, emailTrait: undefined, previousId };
  return toCapture(said, format, arrival);
};

/** What the context says of an item: its own, or where that says nothing the envelope's, which may be as large as the body. */
const contextOf = (item: JsonObject, envelope: JsonObject, name: string): Json | undefined => {
  const own = partOf(item['context']);
  return Object.hasOwn(own, name) ? own[name] : partOf(envelope['context'])[name];
};

/** What the items of a batch take over from the envelope around them: of its context no more than an activity keeps. */
export const takenOver = (body: JsonObject): JsonObject => {
  const context = partOf(body['context']);
  const { traits = null, sessionId = null } = context;
  const kept = keptContext((name) => context[name]);
  return { sentAt: body['sentAt'] ?? null, context: { ...kept, ...given({ traits, sessionId }) } };
};

/** An item of a Segment client. `envelope` is what it takes over from the batch around it: `context` and `sentAt` are the item's too. */
export const fromSegment = (call: SegmentCall, item: unknown, envelope: JsonObject, arrival: Arrival): Translated => {
  if (!isObject(item)) return faulty('', `must be an object, is ${kindOf(item)}`);
  const contextTraits = partOf(contextOf(item, envelope, 'traits'));
  const { userId, anonymousId, properties, traits, name, category } = item;
  const common: Said = {
    ...{ userId, anonymousId, eventId: item['messageId'], sessionId: contextOf(item, envelope, 'sessionId') },
    ...timesOf(item, firstOf(item['sentAt'], envelope['sentAt'])),
    emailTrait: contextTraits['email'],
    context: keptContext((name) => contextOf(item, envelope, name)),
  };
  switch (call) {
    case 'track': {
      const { event } = item;
      const eventType = typeof event === 'string' ? snakeCase(event) : event;
      return toCapture({ ...common, eventType, properties }, trackFormat, arrival);
    }
    case 'page':
    case 'screen':
      return toCapture(
        { ...common, eventType: `${call}_view`, properties: withParts(properties, { name, category }) },
        format,
        arrival,
      );
    case 'identify': {
      const person =
        firstOf(traits) === undefined || isObject(traits) ? { ...contextTraits, ...partOf(traits) } : traits;
      const emailTrait = isObject(person) ? person['email'] : undefined;
      return toCapture({ ...common, eventType: 'identify', traits: person, emailTrait }, format, arrival);
    }
    case 'group': {
      // The traits are the group's: none of them says anything of the person.
      const properties = { ...partOf(item['properties']), ...given({ groupId: item['groupId'], traits }) };
      if (asText(item['groupId']) === undefined) return faulty('/groupId', 'is missing; say which group');
      if (firstOf(traits) !== undefined && !isObject(traits)) return faulty('/traits', 'must be an object');
      return toCapture({ ...common, eventType: 'group', properties }, groupFormat, arrival);
    }
    case 'alias':
      return fromAlias(item, common, arrival);
  }
};
