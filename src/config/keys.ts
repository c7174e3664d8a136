import { z } from 'zod';

export const MAKE_KEY = 'make one with: openssl rand -hex 32';
const MAKE_MASTER_KEY = 'make one with: openssl rand -base64 32';

const isRepeated = (value: string) =>
  Array.from({ length: Math.floor(value.length / 2) }, (_, index) => value.slice(0, index + 1)).some(
    (unit) => unit.repeat(Math.ceil(value.length / unit.length)).slice(0, value.length) === value,
  );

const isGuessable = (value: string) =>
  isRepeated(value) || new Set(value).size < 6 || /^(change|replace|password|secret|example|default)/i.test(value);

/** The root key as it is written. */
export const adminKey = z
  .string()
  .min(32, { error: `is shorter than 32 characters; ${MAKE_KEY}`, abort: true })
  .max(256, { error: `is longer than 256 characters; ${MAKE_KEY}`, abort: true })
  .regex(/^[\x21-\x7e]*$/, { error: `has blanks or characters no header can carry; ${MAKE_KEY}`, abort: true })
  .refine((value) => !isGuessable(value), { error: `is easy to guess; ${MAKE_KEY}` })
  .optional();

/** A master key as it is written: the 32 bytes of one in base64. */
export const masterKey = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, { error: `is not 32 bytes in base64; ${MAKE_MASTER_KEY}`, abort: true })
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((bytes) => new Set(bytes).size >= 12, { error: `is easy to guess; ${MAKE_MASTER_KEY}` })
  .optional();
