import type { Arrival, Translated } from './item.ts';
import { faulty, toCapture } from './item.ts';
import { firstOf, isObject, kindOf } from './json.ts';

/** An item of our own format, on its own (`api`) or in a batch. Fields that it doesn't have are ignored. */
export const fromNative = (item: unknown, source: 'api' | 'batch', arrival: Arrival): Translated => {
  if (!isObject(item)) return faulty('', `must be an object, is ${kindOf(item)}`);
  const { userId, email, anonymousId, eventId, timestamp, sessionId, properties, traits } = item;
  const said = {
    ...{ userId, email, anonymousId, eventId, timestamp, sessionId, properties, traits },
    eventType: firstOf(item['eventType'], item['event']),
    emailTrait: isObject(traits) ? traits['email'] : undefined,
  };
  const named = firstOf(item['eventType']) === undefined && firstOf(item['event']) !== undefined;
  return toCapture(said, { source, lenient: false, places: named ? { eventType: '/event' } : {} }, arrival);
};
