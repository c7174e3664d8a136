import { z } from 'zod';
import type { Json, JsonObject } from '../lead/activity.ts';
import type { Read, Reading } from './reading.ts';
import { readerOf, readings } from './reading.ts';

export const operators = [
  'eq',
  'ne',
  'in',
  'nin',
  'gt',
  'gte',
  'lt',
  'lte',
  'contains',
  'startsWith',
  'endsWith',
  'exists',
] as const;

/** How a value is compared with another one. */
export type Comparison = {
  readonly op: (typeof operators)[number];
  readonly value?: Json | undefined;
  readonly ignoreCase?: boolean | undefined;
  readonly as?: Reading | undefined;
};

/** The members of a condition as it is recorded. The last two came later: what is without them compares as ever. */
export const recordedComparison = {
  op: z.enum(operators),
  value: z.json().optional(),
  ignoreCase: z.boolean().optional(),
  as: z.enum(readings).optional(),
};

/** How much a condition may name, and how much of a text it looks through. */
export const comparisonLimits = {
  /** Values that `in` and `nin` list in a condition of a scoring model. */
  values: 500,
  /** Characters of a text that is compared with. */
  characters: 256,
  /** Characters, from the beginning of a text, in which `contains` looks. */
  searched: 65_536,
} as const;

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Finds an object's own member. What every object inherits is a function, which JSON has none of, but for `__proto__`: so
 * there is no need to ask first whether the object has it.
 */
const member = (key: string): ((data: JsonObject) => Json | undefined) => {
  if (key === '__proto__') return (data) => (Object.hasOwn(data, key) ? data[key] : undefined);
  return (data) => {
    const value = data[key];
    return typeof value === 'function' ? undefined : value;
  };
};

/** Whether no key of data has a dot in it: then a path is nothing but a path. */
export const isUndotted = (data: JsonObject): boolean => {
  for (const key in data) if (key.includes('.')) return false;
  return true;
};

/** Finds the value of a name in data: of the key, or else of the path of keys joined by dots. */
export const finder = (path: string): ((data: JsonObject, undotted: boolean) => Json | undefined) => {
  const whole = member(path);
  const parts = path.split('.').map(member);
  if (parts.length === 1) return whole;
  return (data, undotted) => {
    let value = undotted ? undefined : whole(data);
    if (value !== undefined) return value;
    value = data;
    for (const part of parts) {
      if (!isObject(value)) return undefined;
      value = part(value);
    }
    return value;
  };
};

const compareOrdered = (value: Json | undefined, other: Json | undefined): number => {
  if (typeof value === 'number' && typeof other === 'number') return value - other;
  if (typeof value === 'string' && typeof other === 'string') return value < other ? -1 : value > other ? 1 : 0;
  return NaN;
};

const searchedIn = (text: string): string => {
  const { searched } = comparisonLimits;
  return text.length > searched ? text.slice(0, searched) : text;
};

const holdsIn = (actual: Json | undefined, value: Json | undefined): boolean => {
  if (typeof actual === 'string') return typeof value === 'string' && searchedIn(actual).includes(value);
  return Array.isArray(actual) && value !== undefined && actual.includes(value);
};

/** From so many values on, looking them up in a set pays, when that is done more than once. */
const manyValues = 8;

const listed = (value: Json | undefined): ((actual: Json) => boolean) => {
  if (!Array.isArray(value)) return () => false;
  if (value.length < manyValues) return (actual) => value.includes(actual);
  let [asked, all] = [false, new Set<Json>()];
  return (actual) => {
    if (!asked) {
      asked = true;
      return value.includes(actual);
    }
    if (all.size === 0) all = new Set(value);
    return all.has(actual);
  };
};

type Test = (actual: Json | undefined) => boolean;

const testerAsIs = ({ op, value }: Comparison): Test => {
  switch (op) {
    case 'eq':
      return (actual) => actual === value;
    case 'ne':
      return (actual) => actual !== value;
    case 'in': {
      const has = listed(value);
      return (actual) => actual !== undefined && has(actual);
    }
    case 'nin': {
      if (!Array.isArray(value)) return () => false;
      const has = listed(value);
      return (actual) => actual === undefined || !has(actual);
    }
    case 'gt':
      return (actual) => compareOrdered(actual, value) > 0;
    case 'gte':
      return (actual) => compareOrdered(actual, value) >= 0;
    case 'lt':
      return (actual) => compareOrdered(actual, value) < 0;
    case 'lte':
      return (actual) => compareOrdered(actual, value) <= 0;
    case 'contains':
      return (actual) => holdsIn(actual, value);
    case 'startsWith':
      return (actual) => typeof actual === 'string' && typeof value === 'string' && actual.startsWith(value);
    case 'endsWith':
      return (actual) => typeof actual === 'string' && typeof value === 'string' && actual.endsWith(value);
    case 'exists':
      return (actual) => (actual !== undefined && actual !== null) === (value ?? true);
  }
};

const readAll = (read: Read, value: Json): Json => (Array.isArray(value) ? value.map(read) : read(value));

/** No more of a value than an operator looks at: what is long is not read as a whole. A text never grows shorter by small letters. */
const partFor = ({ op, value }: Comparison): Read => {
  const characters = typeof value === 'string' ? value.length : 0;
  const part = (text: string): string => {
    if (op === 'startsWith') return text.slice(0, characters);
    if (op === 'endsWith') return characters === 0 ? '' : text.slice(-characters);
    return searchedIn(text);
  };
  return (actual) => (typeof actual === 'string' ? part(actual) : actual);
};

/** Makes a comparison ready to be asked of many values. */
export const tester = ({ op, value, as, ignoreCase }: Comparison): Test => {
  const { characters, searched } = comparisonLimits;
  const read = readerOf(as, ignoreCase, op === 'contains' ? searched : characters);
  if (!read || value === undefined) return testerAsIs({ op, value });
  const wanted = { op, value: readAll(read, value) };
  const [test, part] = [testerAsIs(wanted), partFor(wanted)];
  const readActual =
    op === 'contains' ? (actual: Json) => readAll(read, part(actual)) : (actual: Json) => read(part(actual));
  return (actual) => test(actual === undefined ? actual : readActual(actual));
};

/** A condition made ready to be asked of much data. `undotted` is what is known of the data, to look no further than needed. */
export const condition = (path: string, compared: Comparison): ((data: JsonObject, undotted?: boolean) => boolean) => {
  const [find, test] = [finder(path), tester(compared)];
  return (data, undotted = false) => test(find(data, undotted));
};

/**
 * Whether data meets a condition. A name is a key, or a path of keys joined by dots. Numbers compare with numbers, texts
 * with texts (by code unit, so ISO dates work), once they are read as the condition says; anything else is neither smaller nor greater. What is missing equals nothing.
 */
export const meets = (data: JsonObject, path: string, compared: Comparison): boolean => condition(path, compared)(data);
