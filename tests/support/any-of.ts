import fc from 'fast-check';
import { z } from 'zod';

/** Texts that fit the formats that schemas ask for, and some that are names of what objects have anyway. */
const texts = [
  ...['ada', 'r1', 'cold', '', 'constructor', '__proto__', 'toString', 'US', 'text with spaces', 'ÄÖ'],
  ...['2026-03-10T12:00:00.000Z', '1999-12-31T23:59:59.999Z', '2026-03-10', '09:00', '24:00', 'Europe/Berlin'],
  ...['/a/b', '/~0/~1', 'x-signature'],
  ...['6c2d9e11-4a3b-5c77-8f10-a9b8c7d6e5f4'],
];

const fitting = <T>(schema: z.ZodType, values: readonly T[]): fc.Arbitrary<T> =>
  fc.constantFrom(...values.filter((value) => schema.safeParse(value).success));

/** Values that fit a schema of plain data and need not make sense. */
export const anyOf = (schema: unknown): fc.Arbitrary<unknown> => {
  if (schema instanceof z.ZodOptional) return anyOf(schema.unwrap());
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = schema.shape;
    const names = Object.keys(shape);
    const fields = Object.fromEntries(names.map((name) => [name, anyOf(shape[name])]));
    const requiredKeys = names.filter((name) => !(shape[name] instanceof z.ZodOptional));
    return fc.record(fields, { requiredKeys, noNullPrototype: true });
  }
  if (schema instanceof z.ZodArray)
    return fc.array(anyOf(schema.element), { minLength: schema.safeParse([]).success ? 0 : 1, maxLength: 3 });
  if (schema instanceof z.ZodUnion) return fc.oneof(...schema.options.map(anyOf));
  // Of what looks at a value before its schema does, that schema says what fits.
  if (schema instanceof z.ZodPipe) return anyOf(schema.out);
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodLiteral) return fc.constantFrom(...schema.values);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodNumber) return fitting(schema, [0, 1, 2, 5, 7, 60, 1_000, -3, 0.5]);
  if (schema instanceof z.ZodRecord)
    return fc.dictionary(fitting(schema.keyType as z.ZodType, ['mon', 'sun', ...texts]), anyOf(schema.valueType), {
      maxKeys: 3,
      noNullPrototype: true,
    });
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return fitting(schema, texts);
  return fitting(z.json(), [null, 'ada', 7, true]);
};
