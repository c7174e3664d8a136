import type { z } from 'zod';

/** What is said of a value that does not fit, in the words of the product and not in those of the library that found it. */
type Words = z.core.$ZodErrorMap;

/** How many of the values that are allowed are named at most. */
const named = 20;

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
};

/** The longest number that is told as it is, in characters: of a longer one some digits may be lost. */
const wholeNumber = 15;

/** What a value is, for whoever sent it. */
export const kindOf = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && String(value).length > wholeNumber) return 'a number';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? 'text' : 'an object';
};

const wrongType = (expected: string, input: unknown): string => {
  if (input === undefined) return 'is missing';
  const said = `must be ${kinds[expected] ?? expected}`;
  // What was to be read as a number and is none: what was sent is not known here.
  return typeof input === 'number' && !Number.isFinite(input) ? said : `${said}, is ${kindOf(input)}`;
};

const lengthOf = (value: unknown): number => {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
};

type Bound = { readonly origin: string; readonly inclusive?: boolean | undefined; readonly input: unknown };

const tooSmall = ({ origin, inclusive, input }: Bound, least: string): string => {
  const size = lengthOf(input);
  if (origin === 'string' && size === 0) return 'is empty; give it a value';
  if (origin === 'string') return `is ${size} characters long; at least ${least} are needed`;
  if (origin === 'array' || origin === 'object') return `has ${size} members; at least ${least} are needed`;
  return inclusive === false ? `must be more than ${least}` : `must be at least ${least}`;
};

const tooBig = ({ origin, inclusive, input }: Bound, most: string): string => {
  const size = lengthOf(input);
  if (origin === 'string') return `is ${size} characters long; at most ${most} are allowed`;
  if (origin === 'array' || origin === 'object') return `has ${size} members; at most ${most} are allowed`;
  return inclusive === false ? `must be less than ${most}` : `must be at most ${most}`;
};

const formats: Readonly<Record<string, string>> = {
  datetime: 'must be a time as ISO 8601 has it, with a zone, such as 2026-03-01T12:00:00Z',
  date: 'must be a day as ISO 8601 has it, such as 2026-03-01',
  email: 'must be an e-mail address',
  uuid: 'must be a UUID',
  url: 'must be a URL',
};

const oneOf = (values: readonly unknown[], input: unknown): string => {
  if (input === undefined) return 'is missing';
  const [only] = values;
  if (values.length === 1) return `must be ${JSON.stringify(only)}`;
  const more = values.length > named ? ` and ${values.length - named} more` : '';
  return `must be one of ${values.slice(0, named).map(String).join(', ')}${more}`;
};

/** What is wrong with a value, as the end of a sentence that begins with the name of the field. */
export const ownWords: Words = (issue) => {
  const { input } = issue;
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, input);
    case 'too_small':
      return tooSmall(issue, String(issue.minimum));
    case 'too_big':
      return tooBig(issue, String(issue.maximum));
    case 'invalid_format':
      return formats[issue.format] ?? 'is not written as it must be';
    case 'invalid_value':
      return oneOf(issue.values, input);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return input === undefined ? 'is missing' : 'is of no kind that is allowed here';
    case 'invalid_key':
      return `is no name that is allowed here: it ${issue.issues[0]?.message ?? 'does not fit'}`;
    case 'invalid_element':
      return 'has a member that is not allowed';
    case 'custom':
    case 'unrecognized_keys':
    default:
      return 'is not allowed here';
  }
};
