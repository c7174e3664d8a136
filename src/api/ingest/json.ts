import { kindOf } from '../http/words.ts';
import type { Json, JsonObject } from '../../domain/lead/activity.ts';
import { parsedJson } from '../../domain/lead/activity.ts';
import { leadLimits } from '../../domain/lead/lead-limits.ts';

/** The bounds of one activity. */
export const itemLimits = {
  /** Properties, and traits, as JSON in UTF-8, in bytes. */
  bytes: 32 * 1024,
  /** How deep they nest, in levels. */
  levels: 10,
  /** Values in properties and traits together: lists, objects and what is in them. */
  values: 2_000,
  /** The base64 in which CloudEvents may hold their data, in characters, for all events of a request together. */
  base64: 512 * 1024,
} as const;

/** Whether a parsed JSON value is an object, and no list. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value is a list with nothing in it, as PHP writes an object with nothing in it. */
export const isEmptyList = (value: Json | undefined): boolean => Array.isArray(value) && value.length === 0;

const isPresent = (value: Json | undefined): value is Json => value !== undefined && value !== null;

/** Of these values the first that is there; null stands for nothing. */
export const firstOf = (...values: readonly (Json | undefined)[]): Json | undefined => values.find(isPresent);

/** Reads JSON of any depth, in which one bad item must not fail the others; nothing for an empty text. Throws a `SyntaxError`. */
export const readJson = (text: string): Json | undefined =>
  text.trim() === '' ? undefined : parsedJson(text.replace(/^\uFEFF/, ''));

const depthFault = `is nested deeper than ${itemLimits.levels} levels`;

// Neither can be a key in every store: the first is no key to JavaScript, the second ends a text in BSON.
const isBadName = (name: string): boolean => name === '__proto__' || name.includes('\0');

/** A name as a message tells it, which may be of any length. */
const quoted = (name: string): string => JSON.stringify(name.length > 32 ? `${name.slice(0, 32)}...` : name);

/** Counts the values in a list or an object, down to the deepest. Gives what is wrong with one of them, if anything is. */
const valuesWithin = (value: JsonObject | readonly Json[], depth: number): number | string => {
  if (depth > itemLimits.levels) return depthFault;
  let count = 0;
  for (const [key, part] of Object.entries(value)) {
    count++;
    if (isBadName(key)) return `holds a key that is not allowed, ${quoted(key)}`;
    // JSON can spell 1e400, which is Infinity once parsed and can't be stored again.
    if (typeof part === 'number' && !Number.isFinite(part)) return 'holds a number that is too large';
    if (typeof part !== 'object' || part === null) continue;
    const within = valuesWithin(part, depth + 1);
    if (typeof within === 'string') return within;
    count += within;
  }
  return count;
};

/** What properties or traits hold: how many values, all that are in them counted, or why they can't be kept. */
type Held = { readonly values: number; readonly fault?: string };

/** Looks through properties or traits. The object itself is level 1 and is not counted; its size is that of its JSON in UTF-8. */
export const heldBy = (value: Json): Held => {
  if (!isObject(value)) return { values: 0, fault: `must be an object, is ${kindOf(value)}` };
  const values = valuesWithin(value, 1);
  if (typeof values === 'string') return { values: 0, fault: values };
  if (values > itemLimits.values) return { values };
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > itemLimits.bytes
    ? { values, fault: `is ${bytes} bytes long as JSON; at most ${itemLimits.bytes} are allowed` }
    : { values };
};

/** Why what `heldBy` lets pass can't be traits, or undefined: there are too many, or a name is too long. */
const faultOfTraits = (value: Json): string | undefined => {
  const names = isObject(value) ? Object.keys(value) : [];
  const { traits, traitName } = leadLimits;
  if (names.length > traits) return `has ${names.length} traits; a lead has at most ${traits}`;
  const long = names.find((name) => name.length > traitName);
  if (long === undefined) return undefined;
  return `has a trait whose name is ${long.length} characters long, ${quoted(long)}; at most ${traitName} are allowed`;
};

/** A value without the members whose names are wrong, which go to `names`; what is nested too deep stays as it is. */
const withoutBadNames = (value: Json, longest: number, names: string[], depth = 1): Json => {
  if (typeof value !== 'object' || value === null || depth > itemLimits.levels) return value;
  const within = (part: Json): Json => withoutBadNames(part, Infinity, names, depth + 1);
  if (Array.isArray(value)) return value.map(within);
  const good = Object.entries(value).filter(([name]) => {
    const bad = isBadName(name) || name.length > longest;
    if (bad) names.push(name);
    return !bad;
  });
  return Object.fromEntries(good.map(([name, part]) => [name, within(part)]));
};

/** How many names a message lists. */
const listedNames = 5;

const lookInto = (field: 'properties' | 'traits', value: Json): Held & { readonly value: Json } => {
  const { values, fault = field === 'traits' ? faultOfTraits(value) : undefined } = heldBy(value);
  return fault === undefined ? { value, values } : { value, values, fault };
};

/** What properties or traits hold. `unnamed` says which members were left out of them for their names, in words. */
type HeldAs = Held & { readonly value: Json; readonly unnamed?: string };

/** Looks through properties or traits. `lenient`: members with wrong names are left out, and what is left is looked through. */
export const heldAs = (field: 'properties' | 'traits', value: Json, lenient: boolean): HeldAs => {
  const whole = lookInto(field, value);
  if (!lenient || whole.fault === undefined) return whole;
  const names: string[] = [];
  const rest = withoutBadNames(value, field === 'traits' ? leadLimits.traitName : Infinity, names);
  if (names.length === 0) return whole;
  const first = names.slice(0, listedNames).map(quoted).join(', ');
  const more = names.length > listedNames ? ` and ${names.length - listedNames} more` : '';
  const longest = field === 'traits' ? `, nor one of more than ${leadLimits.traitName} characters` : '';
  const unnamed = `${first}${more} not taken, because no name may be "__proto__" or hold a NUL character${longest}`;
  return { ...lookInto(field, rest), unnamed };
};
