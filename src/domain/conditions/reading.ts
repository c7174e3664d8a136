import type { Json } from '../lead/activity.ts';
import { countryOf } from './country.ts';

/**
 * How a condition reads the values that it compares: a country by whatever it is called, a number also where it is written as a
 * text, the address of a lead whichever way it came, or everything as it is. Without one, too, everything is as it is.
 */
export const readings = ['country', 'number', 'email', 'text'] as const;
export type Reading = (typeof readings)[number];

/** The longest text that may be a number, in characters. */
const longestNumber = 32;

/** The number that a value is, or that a text is as JSON writes numbers; undefined when it is none. */
export const numberIn = (value: Json | undefined): number | undefined => {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > longestNumber) return undefined;
  if (!/^\s*[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?\s*$/i.test(value)) return undefined;
  const found = Number(value);
  return Number.isFinite(found) ? found : undefined;
};

/** A text as others are compared with it that may be written in other letters; no longer one than there may be to compare with. */
const folded = (text: string, most: number): string => (text.length > most ? text : text.toLowerCase());

const ofText =
  (read: (text: string) => Json) =>
  (value: Json): Json =>
    typeof value === 'string' ? read(value) : value;

/** Reads a value as a condition compares it; what was read so comes to the same when it is read again. */
export type Read = (value: Json) => Json;

/** How values are read for a condition; undefined when they are compared as they are. Texts above `most` keep their letters. */
export const readerOf = (as: Reading | undefined, ignoreCase: boolean | undefined, most: number): Read | undefined => {
  if (as === 'country') return ofText((text) => countryOf(text) ?? text);
  if (as === 'number') return (value) => numberIn(value) ?? value;
  return as === 'email' || ignoreCase === true ? ofText((text) => folded(text, most)) : undefined;
};
