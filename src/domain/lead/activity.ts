import { z } from 'zod';

export type Json = z.infer<ReturnType<typeof z.json>>;

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Whether a value is one that JSON has. */
const isJson = (value: unknown): boolean => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || !(Array.isArray(value) || isPlain(value))) return false;
  // Of an array too, whose method would pass over what is missing in it.
  const parts: Iterable<unknown> = Array.isArray(value) ? value : Object.values(value);
  for (const part of parts) if (!isJson(part)) return false;
  return true;
};

/**
 * An object of JSON values, such as an activity's properties or a person's traits. Not of `z.json()`: a schema that has itself
 * as a part can't be compiled, and takes ten times as long.
 */
const parsed = z.custom<Json>();

/** The value of a JSON text. Throws a `SyntaxError` where it is none. */
export const parsedJson = (text: string): Json => parsed.parse(JSON.parse(text));

/** Any JSON value. */
export const jsonValue = z.custom<Json>(isJson);
export const jsonObject = z.record(z.string(), jsonValue);
export type JsonObject = Readonly<z.infer<typeof jsonObject>>;

/** Milliseconds since 1970 as ISO 8601 in UTC with milliseconds: such texts sort as the times do. */
export const isoTime = z.iso.datetime({ precision: 3 });

/** Something a person did. `occurredAt` is when, `receivedAt` when it reached us, both as `isoTime`. */
export const activitySchema = z.strictObject({
  eventId: z.string().min(1).max(256),
  eventType: z.string().min(1).max(128),
  occurredAt: isoTime,
  receivedAt: isoTime,
  properties: jsonObject,
  sessionId: z.string().min(1).max(256).optional(),
  source: z.string().min(1).max(64),
  traits: jsonObject.optional(),
  /** The names of traits that were said and not taken, because the lead had no room for them. */
  traitsLeftOut: z.array(z.string()).optional(),
  /** Where and with what it was done, such as `campaign`, `page` and `locale`. It came later: older activities have none. */
  context: jsonObject.optional(),
});
export type Activity = Readonly<z.infer<typeof activitySchema>>;

/** The one order of activities: when they occurred, then their event id. */
export const inOrder = (a: Activity, b: Activity): number =>
  compare(a.occurredAt, b.occurredAt) || compare(a.eventId, b.eventId);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A value as the one text that all that say the same have: members in the order of their names. */
export const canonical = (value: Json | undefined): string =>
  JSON.stringify(value, (_key, part: Json) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => compare(a, b)))
      : part,
  ) ?? '';

/** The traits of an activity but for those of some names. */
const traitsBut = ({ traits }: Activity, names: ReadonlySet<string>): JsonObject | undefined =>
  traits && names.size > 0 ? Object.fromEntries(Object.entries(traits).filter(([name]) => !names.has(name))) : traits;

/**
 * Whether two activities with one event id say the same, as far as it was taken. Times may differ: clients stamp a retry anew.
 * So may the context, which says where it came from.
 */
export const saysTheSame = (a: Activity, b: Activity): boolean => {
  const leftOut = new Set([...(a.traitsLeftOut ?? []), ...(b.traitsLeftOut ?? [])]);
  return (
    a.eventType === b.eventType &&
    a.sessionId === b.sessionId &&
    canonical(a.properties) === canonical(b.properties) &&
    canonical(traitsBut(a, leftOut)) === canonical(traitsBut(b, leftOut))
  );
};

/**
 * Whether an activity whose event id was used is the same as the first that had it, so that it is a retry. `exactTime`: its
 * sender gives the same time again, so another time is another activity.
 */
export const isRetry = (first: Activity, again: Activity, exactTime: boolean): boolean =>
  saysTheSame(first, again) && (!exactTime || first.occurredAt === again.occurredAt);
