import { z } from 'zod';
import type { Json } from '../lead/activity.ts';

/** A JSON pointer (RFC 6901): nothing for the whole, else names and places, each behind a slash. */
export const pointerSchema = z
  .string()
  .max(256)
  .regex(/^(\/([^~/]|~[01])*)*$/, { error: 'is not a JSON pointer; begin with /, and write ~ as ~0 and / as ~1' });

/** The names and places in a pointer. */
export const stepsOf = (pointer: string): readonly string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

const isPlace = (step: string): boolean => /^(0|[1-9]\d{0,8})$/.test(step);

/** What a step leads to: a member of its own, as each object has some that nobody sent. */
const partOf = (value: Json | undefined, step: string): Json | undefined => {
  if (Array.isArray(value)) return isPlace(step) ? value[Number(step)] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, step) ? value[step] : undefined;
};

/** What steps lead to, from a value on; undefined where there is nothing. */
export const valueAt = (value: Json | undefined, steps: readonly string[]): Json | undefined =>
  steps.reduce(partOf, value);
