import { z } from 'zod';
import type { Json, JsonObject } from './activity.ts';

export const operators = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'contains', 'exists'] as const;

/** How a value is compared with another one. */
export type Comparison = { readonly op: (typeof operators)[number]; readonly value?: Json | undefined };

/** How much a condition may name, and how much of a text it looks through. */
export const comparisonLimits = {
  /** Values that `in` and `nin` list in a condition of a scoring model. */
  values: 500,
  /** Characters of a text that is compared with. */
  characters: 256,
  /** Characters, from the beginning of a text, in which `contains` looks. */
  searched: 65_536,
} as const;

const isScalar = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);
const isOrdered = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';
const isLong = (value: unknown): boolean => typeof value === 'string' && value.length > comparisonLimits.characters;

const expectedValue = ({ op, value }: Comparison): string | undefined => {
  if (op === 'in' || op === 'nin') {
    return Array.isArray(value) && value.length > 0 && value.every(isScalar) ? undefined : 'a list of plain values';
  }
  if (op === 'exists')
    return value === undefined || typeof value === 'boolean' ? undefined : 'true or false, or no value';
  if (op === 'eq' || op === 'ne' || op === 'contains') return isScalar(value) ? undefined : 'a plain value';
  return isOrdered(value) ? undefined : 'a number or a text';
};

/** What is wrong with the value of a condition; undefined when its operator takes it. */
const valueFault = (each: Comparison, most: number): string | undefined => {
  const values = Array.isArray(each.value) ? each.value : [each.value];
  const { characters } = comparisonLimits;
  if (values.length > most) return `Lists ${values.length} values, ${most} at most; make it several rules`;
  const expected = expectedValue(each);
  if (expected) return `Operator ${each.op} takes ${expected}`;
  return values.some(isLong) ? `A text to compare with has ${characters} characters at most` : undefined;
};

/** Complains about a value that its operator does not take, that lists more than `most`, or that is a long text. */
export const valueFits =
  (most: number) =>
  (each: Comparison, context: z.RefinementCtx): void => {
    const message = valueFault(each, most);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['value'], message });
  };

/** The members of a condition. What its value may be depends on the operator: `valueFits` looks at both. */
export const comparison = { op: z.enum(operators), value: z.custom<Json>().optional() };

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

const holdsIn = (actual: Json | undefined, value: Json | undefined): boolean => {
  if (typeof actual === 'string') {
    if (typeof value !== 'string') return false;
    const { searched } = comparisonLimits;
    return (actual.length > searched ? actual.slice(0, searched) : actual).includes(value);
  }
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

/** Makes a comparison ready to be asked of many values. */
export const tester = ({ op, value }: Comparison): ((actual: Json | undefined) => boolean) => {
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
    case 'exists':
      return (actual) => (actual !== undefined && actual !== null) === (value ?? true);
  }
};

/** A condition made ready to be asked of much data. `undotted` is what is known of the data, to look no further than needed. */
export const condition = (path: string, compared: Comparison): ((data: JsonObject, undotted?: boolean) => boolean) => {
  const [find, test] = [finder(path), tester(compared)];
  return (data, undotted = false) => test(find(data, undotted));
};

/**
 * Whether data meets a condition. A name is a key, or a path of keys joined by dots. Numbers compare with numbers, texts
 * with texts (by code unit, so ISO dates work); anything else is neither smaller nor greater. What is missing equals nothing.
 */
export const meets = (data: JsonObject, path: string, compared: Comparison): boolean => condition(path, compared)(data);
