import { z } from 'zod';
import { boundedMap } from '../bounded.ts';
import type { Json } from '../lead/activity.ts';
import { pointerSchema, stepsOf, valueAt } from './pointer.ts';

/** How large a mapping may be. */
export const mappingLimits = {
  /** Members of properties, or of traits. */
  members: 100,
  /** Values that a field is translated by. */
  translations: 200,
  /** Characters of a value that is always the same, as JSON. */
  constant: 4_096,
} as const;

const isShort = (value: unknown): boolean => JSON.stringify(value).length <= mappingLimits.constant;
const tooLong = { error: `is longer than ${mappingLimits.constant} characters as JSON` };

const constant = z.json().refine(isShort, tooLong);
const translated = z.union([z.string().max(256), z.number(), z.boolean()]);
const translation = z.strictObject({
  pointer: pointerSchema,
  map: boundedMap(z.string().max(256), translated, mappingLimits.translations),
  default: translated.optional(),
});

/** Where a field comes from: what a pointer leads to in an item, one value for all, or what a table makes of what is there. */
const field = z.union([pointerSchema, z.strictObject({ value: constant }), translation]);
type Field = Readonly<z.infer<typeof field>>;

const member = z.string().min(1).max(128);

/** Properties or traits: as a field that is an object, or each of their members as a field. */
const objectField = z.union([
  pointerSchema,
  z.strictObject({ value: z.record(member, z.json()).refine(isShort, tooLong) }),
  translation,
  boundedMap(member, field, mappingLimits.members),
]);
type ObjectField = Field | Readonly<Record<string, Field>>;

/**
 * What becomes of what a source sends. `items` leads to the list of what happened, where a body has many; the other pointers
 * lead on from an item. What is left out the items do not say.
 */
export const mappingSchema = z.strictObject({
  items: pointerSchema.optional(),
  eventType: field,
  eventId: field.optional(),
  timestamp: field.optional(),
  userId: field.optional(),
  email: field.optional(),
  anonymousId: field.optional(),
  sessionId: field.optional(),
  properties: objectField.optional(),
  traits: objectField.optional(),
});
export type Mapping = Readonly<z.infer<typeof mappingSchema>>;

const fields = ['eventType', 'eventId', 'timestamp', 'userId', 'email', 'anonymousId', 'sessionId'] as const;
const objects = ['properties', 'traits'] as const;
type Name = (typeof fields)[number] | (typeof objects)[number];

/** What an item says by a mapping, and where in it each of that stands. */
export type Mapped = {
  readonly said: { readonly [N in Name]?: Json | undefined };
  readonly places: { readonly [N in Name]?: string };
};

/** Reads one field out of an item. */
type Read = (item: Json) => Json | undefined;

const isOne = (given: Json | undefined): given is string | number | boolean =>
  typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean';

const readerOf = (given: Field): Read => {
  if (typeof given === 'string') {
    const steps = stepsOf(given);
    return (item) => valueAt(item, steps);
  }
  if ('value' in given) return () => given.value;
  const [steps, table] = [stepsOf(given.pointer), new Map(Object.entries(given.map))];
  return (item) => {
    const found = valueAt(item, steps);
    return (isOne(found) ? table.get(String(found)) : undefined) ?? given.default;
  };
};

const isText = (given: unknown): boolean => typeof given === 'string';

/** Whether what stands under `value` is an object for all, and not where a member called `value` comes from. */
const isConstant = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && !field.safeParse(given).success;

const isField = (given: ObjectField): given is Field =>
  typeof given === 'string' ||
  ('pointer' in given && isText(given.pointer) && 'map' in given && typeof given.map === 'object') ||
  ('value' in given && Object.keys(given).length === 1 && isConstant(given.value));

const objectReaderOf = (given: ObjectField): Read => {
  if (isField(given)) return readerOf(given);
  const members = Object.entries(given).map(([name, each]) => [name, readerOf(each)] as const);
  return (item) => {
    const found = members.map(([name, read]) => [name, read(item)] as const);
    const there = found.filter((each): each is [string, Json] => each[1] !== undefined);
    return there.length > 0 ? Object.fromEntries(there) : undefined;
  };
};

const placeOf = (given: Field | ObjectField): string =>
  typeof given === 'string' ? given : 'pointer' in given && typeof given.pointer === 'string' ? given.pointer : '';

/** Makes a mapping ready to be used on many items. */
export const mappingOf = (mapping: Mapping): ((item: Json) => Mapped) => {
  const readers: (readonly [Name, Read])[] = [];
  const places: { [N in Name]?: string } = {};
  for (const name of fields) {
    const { [name]: given } = mapping;
    if (given === undefined) continue;
    readers.push([name, readerOf(given)]);
    places[name] = placeOf(given);
  }
  for (const name of objects) {
    const { [name]: given } = mapping;
    if (given === undefined) continue;
    readers.push([name, objectReaderOf(given)]);
    places[name] = placeOf(given);
  }
  return (item) => {
    const said: { [N in Name]?: Json | undefined } = {};
    for (const [name, read] of readers) said[name] = read(item);
    return { said, places };
  };
};

/**
 * The items in a body: those that `items` leads to, a list that is the body itself, or else the body alone. Undefined where
 * `items` leads to no list and no object.
 */
export const itemsIn = (body: Json, items?: string): readonly Json[] | undefined => {
  const found = items === undefined ? body : valueAt(body, stepsOf(items));
  if (Array.isArray(found)) return found;
  if (items === undefined) return [body];
  return typeof found === 'object' && found !== null ? [found] : undefined;
};
