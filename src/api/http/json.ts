import { Problem } from './problems.ts';

/** How deep a body may nest: more than any activity needs, little enough to walk through safely. */
export const maxDepth = 64;

const refusalOf = (value: unknown, left: number): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  if (left === 0) return `it nests deeper than ${maxDepth} levels`;
  if (Object.hasOwn(value, '__proto__')) return 'it has a key "__proto__"; give the key another name';
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  for (const [key, part] of entries) {
    if (key === 'constructor' && typeof part === 'object' && part !== null && Object.hasOwn(part, 'prototype')) {
      return 'it has a key "constructor" with "prototype" in it; give the key another name';
    }
    const refusal = refusalOf(part, left - 1);
    if (refusal) return refusal;
  }
  return undefined;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    const where = error instanceof SyntaxError ? error.message : 'it can not be read';
    throw new Problem('invalid-json', `The body is not JSON: ${where}`);
  }
};

/** Reads a JSON text that a stranger sent; nothing for an empty one. Throws a `Problem` that says where it went wrong. */
export const parseJson = (text: string): unknown => {
  if (text === '') return undefined;
  const value = parsed(text);
  const refusal = refusalOf(value, maxDepth);
  if (refusal) throw new Problem('invalid-json', `The body is not accepted: ${refusal}`);
  return value;
};
