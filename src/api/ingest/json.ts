import type { Json, JsonObject } from '../../domain/activity.ts';
import { leadLimits } from '../../domain/lead-limits.ts';

const maxBytes = 32 * 1024;
const maxDepth = 10;

/** Whether a parsed JSON value is an object, and no list. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPresent = (value: Json | undefined): value is Json => value !== undefined && value !== null;

/** Of these values the first that is there; null stands for nothing. */
export const firstOf = (...values: readonly (Json | undefined)[]): Json | undefined => values.find(isPresent);

/** Reads JSON of any depth, in which one bad item must not fail the others; nothing for an empty text. Throws a `SyntaxError`. */
export const readJson = (text: string): unknown =>
  text.trim() === '' ? undefined : JSON.parse(text.replace(/^\uFEFF/, ''));

/** What to call a JSON value in a message. */
export const kindOf = (value: unknown): string =>
  value === null || value === undefined
    ? 'nothing'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : typeof value;

const faultWithin = (value: Json, depth: number): string | undefined => {
  // JSON can spell 1e400, which is Infinity once parsed and can't be stored again.
  if (typeof value === 'number' && !Number.isFinite(value)) return 'holds a number that is too large';
  if (value === null || typeof value !== 'object') return undefined;
  if (depth > maxDepth) return `is nested deeper than ${maxDepth} levels`;
  for (const [key, part] of Object.entries(value)) {
    // Neither can be a key in every store: the first is no key to JavaScript, the second ends a text in BSON.
    if (key === '__proto__' || key.includes('\0')) return `holds a key that is not allowed, ${JSON.stringify(key)}`;
    const fault = faultWithin(part, depth + 1);
    if (fault) return fault;
  }
  return undefined;
};

/** Why properties or traits can't be kept, or undefined. The object itself is level 1; its size is that of its JSON in UTF-8. */
export const faultOf = (value: Json): string | undefined => {
  if (!isObject(value)) return `must be an object, is ${kindOf(value)}`;
  const fault = faultWithin(value, 1);
  if (fault) return fault;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes > maxBytes ? `is ${bytes} bytes long as JSON; at most ${maxBytes} are allowed` : undefined;
};

/** Why what `faultOf` lets pass can't be traits, or undefined: there are too many, or a name is too long. */
export const faultOfTraits = (value: Json): string | undefined => {
  const names = isObject(value) ? Object.keys(value) : [];
  const { traits, traitName } = leadLimits;
  if (names.length > traits) return `has ${names.length} traits; a lead has at most ${traits}`;
  const long = names.find((name) => name.length > traitName);
  if (long === undefined) return undefined;
  return `has a trait whose name is ${long.length} characters long, ${JSON.stringify(`${long.slice(0, 32)}...`)}; at most ${traitName} are allowed`;
};
