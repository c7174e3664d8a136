import { z } from 'zod';
import type { Json } from '../lead/activity.ts';
import type { Comparison } from './comparison.ts';
import { comparisonLimits, operators } from './comparison.ts';
import { countryOf } from './country.ts';
import type { Read, Reading } from './reading.ts';
import { numberIn, readings } from './reading.ts';

type Operator = Comparison['op'];

const isScalar = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);
const isOrdered = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';
const isLong = (value: unknown): boolean => typeof value === 'string' && value.length > comparisonLimits.characters;

const ofEqual: readonly Operator[] = ['eq', 'ne', 'in', 'nin'];
const ofOrder: readonly Operator[] = ['gt', 'gte', 'lt', 'lte'];
const ofParts: readonly Operator[] = ['contains', 'startsWith', 'endsWith'];

const expectedValue = ({ op, value }: Comparison): string | undefined => {
  if (op === 'in' || op === 'nin') {
    return Array.isArray(value) && value.length > 0 && value.every(isScalar) ? undefined : 'a list of plain values';
  }
  if (op === 'exists')
    return value === undefined || typeof value === 'boolean' ? undefined : 'true or false, or no value';
  if (op === 'startsWith' || op === 'endsWith') return typeof value === 'string' ? undefined : 'a text';
  if (op === 'eq' || op === 'ne' || op === 'contains') return isScalar(value) ? undefined : 'a plain value';
  return isOrdered(value) ? undefined : 'a number or a text';
};

const valuesOf = ({ value }: Comparison): readonly (Json | undefined)[] => (Array.isArray(value) ? value : [value]);

/** What is wrong with the value of a condition; undefined when its operator takes it. */
const valueFault = (each: Comparison, most: number): string | undefined => {
  const values = valuesOf(each);
  const { characters } = comparisonLimits;
  if (values.length > most) return `Lists ${values.length} values, ${most} at most; make it several rules`;
  const expected = expectedValue(each);
  if (expected) return `Operator ${each.op} takes ${expected}`;
  return values.some(isLong) ? `A text to compare with has ${characters} characters at most` : undefined;
};

const quoted = (value: Json | undefined): string => JSON.stringify(value)?.slice(0, 64) ?? 'nothing';

/** Which operators a reading goes with, and which values it takes: whatever there is of others. */
const readingFault = (each: Comparison, as: Reading | undefined): readonly ['as' | 'value', string] | undefined => {
  const wrong = (takes: (value: Json | undefined) => boolean) => valuesOf(each).find((value) => !takes(value));
  const asIs = 'or "as": "text" to compare it as it is';
  if (as === 'country') {
    if (!ofEqual.includes(each.op)) return ['as', `As countries, values are compared with ${ofEqual.join(', ')}`];
    const unknown = wrong((value) => typeof value === 'string' && countryOf(value) !== undefined);
    if (unknown === undefined) return undefined;
    return [
      'value',
      `${quoted(unknown)} is no country: say its code (ISO 3166), such as DE, or its English name, ${asIs}`,
    ];
  }
  if (as !== 'number') return undefined;
  if (![...ofEqual, ...ofOrder].includes(each.op)) return ['as', `As a number, nothing has parts: leave it out`];
  const none = wrong((value) => numberIn(value) !== undefined);
  return none === undefined ? undefined : ['value', `${quoted(none)} is no number, ${asIs}`];
};

const takesCase = ({ op }: Comparison): boolean => ofEqual.includes(op) || ofParts.includes(op);

/** Under which names people have their countries. */
export const countryNames: readonly string[] = ['country', 'countryCode', 'country_code'];

/** How values under a name are read unless the condition says: countries, addresses and numbers as people write them. */
const usualReading = (name: string, each: Comparison): Reading | undefined => {
  const { op, value } = each;
  if (ofOrder.includes(op)) return numberIn(value) === undefined ? undefined : 'number';
  const last = name.slice(name.lastIndexOf('.') + 1);
  const areTexts = valuesOf(each).every((one) => typeof one === 'string');
  if (last === 'email') return areTexts || op === 'exists' ? 'email' : undefined;
  return areTexts && ofEqual.includes(op) && countryNames.includes(last) ? 'country' : undefined;
};

const written = (value: Json, as: Reading | undefined): Json => {
  const write: Read = (one) => {
    if (as === 'country' && typeof one === 'string') return countryOf(one) ?? one;
    return as === 'number' ? (numberIn(one) ?? one) : one;
  };
  return Array.isArray(value) ? value.map(write) : write(value);
};

/** The members of a condition as it is asked for. What its value may be depends on the operator: `conditionFits` looks at both. */
export const comparison = {
  op: z.enum(operators),
  value: z.custom<Json>().optional(),
  ignoreCase: z.boolean().optional(),
  as: z.enum(readings).optional(),
};

const faultIn = (
  name: string,
  each: Comparison,
  most: number,
): readonly [member: string, message: string] | undefined => {
  const message = valueFault(each, most);
  if (message !== undefined) return ['value', message];
  if (each.ignoreCase !== undefined && !takesCase(each))
    return ['ignoreCase', `Operator ${each.op} tells no capitals from small letters; leave it out`];
  return readingFault(each, each.as ?? usualReading(name, each));
};

/**
 * Complains about a value that its operator does not take, that lists more than `most`, that is a long text, or that can't be
 * read as values under that name are.
 */
export const conditionFits =
  <C extends Comparison>(most: number, nameOf: (each: C) => string) =>
  (each: C, context: z.RefinementCtx): void => {
    const [member, message] = faultIn(nameOf(each), each, most) ?? [];
    if (member !== undefined && message !== undefined) context.addIssue({ code: 'custom', path: [member], message });
  };

/** A condition that fits, as it is recorded: it says how its values are read, and has its own as they are read. */
export const asRecorded = <C extends Comparison>(name: string, each: C): C => {
  const as = each.as ?? usualReading(name, each);
  if (as === undefined) return each;
  return each.value === undefined ? { ...each, as } : { ...each, value: written(each.value, as), as };
};
