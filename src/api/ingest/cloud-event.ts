import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../domain/lead/activity.ts';
import type { Arrival, Fault, Format, Translated } from './item.ts';
import { faulty, toCapture } from './item.ts';
import { faultOfText } from './item-texts.ts';
import { firstOf, isObject, readJson } from './json.ts';
import { kindOf } from '../http/words.ts';
import { withExactNumbers } from './numbers.ts';

const required = ['specversion', 'id', 'source', 'type'] as const;

const places = {
  eventId: '/id',
  eventType: '/type',
  timestamp: '/time',
  properties: '/data',
  traits: '/data/traits',
  userId: '/data/userId',
  email: '/data/email',
  anonymousId: '/data/anonymousId',
  sessionId: '/data/sessionId',
};

/** Extension attributes are lower-case by the specification. They say more than the data does. */
const extensions = { userId: 'userid', email: 'email', anonymousId: 'anonymousid', sessionId: 'sessionid' } as const;

const isJsonType = (type: Json | undefined): boolean =>
  type === undefined || (typeof type === 'string' && /^[^;]*[/+]json\s*(;|$)/i.test(type));

const faultsOf = (event: JsonObject): readonly Fault[] => {
  const faults = required.flatMap((name): Fault[] => {
    const value = event[name];
    const pointer = `/${name}`;
    if (typeof value !== 'string' || value.trim() === '')
      return [{ pointer, detail: 'is required by CloudEvents, as text that is not blank' }];
    const detail = name === 'id' || name === 'source' ? faultOfText(value) : undefined;
    return detail === undefined ? [] : [{ pointer, detail }];
  });
  const { specversion } = event;
  const other = typeof specversion === 'string' && specversion.trim() !== '' && specversion !== '1.0';
  return other ? [...faults, { pointer: '/specversion', detail: 'must be "1.0"' }] : faults;
};

/** How many characters the eventId of an activity has at most. */
const mostCharacters = 256;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The eventId of an event: by the specification it is the source and the id together that are never used again. They are joined
 * by `#`, or the SHA-256 of that, in hex, where it is too long. A source may have a `#` too: where the id has one, nobody could
 * tell where it begins, and the hash is that of the two as a JSON list. Undefined where one of them is no text.
 */
const eventIdOf = ({ source, id }: JsonObject): string | undefined => {
  if (typeof source !== 'string' || typeof id !== 'string') return undefined;
  const both = [source.trim(), id.trim()] as const;
  if (both[1].includes('#')) return sha256(JSON.stringify(both));
  const joined = both.join('#');
  return joined.length <= mostCharacters ? joined : sha256(joined);
};

/** How many characters of base64 events hold, whose values are not counted with those of the body. */
export const encodedIn = (events: readonly unknown[]): number =>
  events.reduce<number>((sum, event) => {
    const encoded = isObject(event) ? event['data_base64'] : undefined;
    return sum + (typeof encoded === 'string' ? encoded.length : 0);
  }, 0);

/** The JSON in an event's data, or what is wrong with it. */
const dataOf = (event: JsonObject): { readonly data?: unknown; readonly fault?: Fault } => {
  const { data, data_base64: encoded } = event;
  if (firstOf(encoded) === undefined) return { data };
  const refused = (detail: string) => ({ fault: { pointer: '/data_base64', detail } });
  if (data !== undefined) return refused('comes with data; send one of them');
  if (typeof encoded !== 'string' || !isJsonType(event['datacontenttype'])) {
    return refused('must be text, and hold JSON according to datacontenttype; send JSON in data');
  }
  try {
    return { data: readJson(withExactNumbers(Buffer.from(encoded, 'base64'))) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refused('does not hold JSON; send JSON in data');
  }
};

/**
 * A CloudEvent 1.0 in its JSON form. Who did it comes from the extension attributes userid, email, anonymousid and sessionid,
 * else from userId, email, anonymousId and sessionId in the data; these and `traits` are taken out of the data, the rest are
 * the properties. `subject` and `dataschema` are not kept.
 */
export const fromCloudEvent = (event: unknown, arrival: Arrival): Translated => {
  if (!isObject(event)) return faulty('', `must be an object, is ${kindOf(event)}`);
  const { data: given = null, fault } = dataOf(event);
  const data = Array.isArray(given) && given.length === 0 ? null : given;
  const [first, ...more] = [...faultsOf(event), ...(fault ? [fault] : [])];
  if (first) return { eventId: undefined, faults: [first, ...more] };
  if (data !== null && !isObject(data)) return faulty('/data', `must be an object, is ${kindOf(data)}`);

  const { userId, email, anonymousId, sessionId, traits, ...properties } = data ?? {};
  const inData = { userId, email, anonymousId, sessionId };
  const extended = Object.entries(extensions).filter(([, name]) => firstOf(event[name]) !== undefined);
  const format: Format = {
    source: 'cloudevents',
    lenient: true,
    places: { ...places, ...Object.fromEntries(extended.map(([field, name]) => [field, `/${name}`])) },
  };
  const said = {
    ...inData,
    ...Object.fromEntries(extended.map(([field, name]) => [field, event[name]])),
    eventId: eventIdOf(event),
    eventType: event['type'],
    timestamp: event['time'],
    properties,
    traits,
    emailTrait: isObject(traits) ? traits['email'] : undefined,
  };
  return toCapture(said, format, arrival);
};

/** The trace that an event says it belongs to (the Distributed Tracing extension), if it is well-formed. */
export const traceparentOf = (event: unknown): string | undefined => {
  const value = isObject(event) ? event['traceparent'] : undefined;
  const wellFormed =
    typeof value === 'string' && /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/.test(value);
  return wellFormed ? value : undefined;
};
