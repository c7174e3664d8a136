import type { Arrival, Translated } from './item.ts';
import { faulty, toCapture } from './item.ts';
import { firstOf, isObject } from './json.ts';
import { kindOf } from '../http/words.ts';
import { unknownMembers } from './unknown.ts';

/** The members of an item; `writeKey` says whose it is where no header does. */
const unknownIn = unknownMembers([
  ...['eventType', 'event', 'userId', 'email', 'anonymousId', 'eventId', 'timestamp', 'sessionId'],
  ...['properties', 'traits', 'writeKey'],
]);

/** An item of our own format, on its own (`api`), in a batch or by webhook. What is wrong is refused, and a field that it doesn't have is told. */
export const fromNative = (item: unknown, source: 'api' | 'batch' | 'webhook', arrival: Arrival): Translated => {
  if (!isObject(item)) return faulty('', `must be an object, is ${kindOf(item)}`);
  const { userId, email, anonymousId, eventId, timestamp, sessionId, properties, traits } = item;
  const said = {
    userId,
    email,
    anonymousId,
    eventId,
    timestamp,
    sessionId,
    properties,
    traits,
    eventType: firstOf(item['eventType'], item['event']),
    emailTrait: isObject(traits) ? traits['email'] : undefined,
  };
  const named = firstOf(item['eventType']) === undefined && firstOf(item['event']) !== undefined;
  const format = { source, lenient: false, places: named ? { eventType: '/event' } : {} };
  return toCapture(said, format, arrival, unknownIn(item));
};
