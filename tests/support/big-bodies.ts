import fc from 'fast-check';
import { z } from 'zod';

/** The part of JSON Schema that descriptions of bodies use. */
export type Schema = {
  readonly type?: string | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly propertyNames?: Schema | undefined;
  readonly items?: Schema | undefined;
  readonly maxItems?: number | undefined;
  readonly minItems?: number | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly maxLength?: number | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
};

export const schemaShape: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    // Of several types the first serves.
    type: z.preprocess((type) => (Array.isArray(type) ? type[0] : type), z.string().optional()),
    properties: z.record(z.string(), schemaShape).optional(),
    required: z.array(z.string()).optional(),
    additionalProperties: z.union([z.boolean(), schemaShape]).optional(),
    propertyNames: schemaShape.optional(),
    items: schemaShape.optional(),
    maxItems: z.number().optional(),
    minItems: z.number().optional(),
    anyOf: z.array(schemaShape).optional(),
    enum: z.array(z.unknown()).optional(),
    pattern: z.string().optional(),
    format: z.string().optional(),
    maxLength: z.number().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
  }),
);

/** What JSON of no particular shape is made of. */
const fillings = ['deep', 'wide', 'long', 'text', 'tree'] as const;

/**
 * How a body is blown up: at which place (a path of names, `*` for whatever a list or map has), to how many, or everywhere.
 * `keep` stays within what the schema says. `alike`: texts are all the same, so that items meet, else each is another.
 */
export type Blow = {
  readonly place: string | undefined;
  readonly count: number;
  readonly keep: boolean;
  readonly alike: boolean;
  readonly filling: (typeof fillings)[number];
};

const mapOf = ({ additionalProperties: of, properties }: Schema): Schema | undefined =>
  typeof of === 'object' && (!properties || Object.keys(properties).length === 0) ? of : undefined;

/** The places of a schema that can be made large, as paths. */
export const placesIn = (schema: Schema, path = ''): readonly string[] => {
  const inside = schema.anyOf?.[0];
  if (inside) return placesIn(inside, path);
  const of = mapOf(schema);
  const here = schema.enum || ['number', 'integer', 'boolean', 'null'].includes(schema.type ?? '') ? [] : [path];
  if (schema.items) return [path, ...placesIn(schema.items, `${path}/*`)];
  if (of) return [path, ...placesIn(of, `${path}/*`)];
  if (schema.properties)
    return Object.entries(schema.properties).flatMap(([name, part]) => placesIn(part, `${path}/${name}`));
  return here;
};

const filled = (filling: Blow['filling'], count: number): unknown => {
  const names = (most: number) => Array.from({ length: Math.min(count, most) }, (_, n) => n);
  if (filling === 'text') return 'a '.repeat(count);
  if (filling === 'long') return names(700_000);
  if (filling === 'wide') return Object.fromEntries(names(150_000).map((n) => [`k${n}`, n]));
  if (filling === 'tree') return names(150_000).map((n) => ({ [`k${n % 50}`]: [n] }));
  return names(2_000).reduce<unknown>((inner) => ({ a: inner }), 1);
};

/** Makes a body of a schema, blown up. */
export const bodyOf = (schema: Schema, { place, count, keep, alike, filling }: Blow): unknown => {
  const state = { n: 0 };
  const word = (): string => (alike ? 'same' : `a${state.n++}`);
  const blown = (path: string): boolean => place === undefined || place === path;
  const many = (path: string, most = Infinity, least = 0): number =>
    blown(path) ? Math.max(1, keep ? Math.min(count, most) : count) : Math.max(least, 1);

  const textOf = ({ pattern = '', format = '', maxLength = 256 }: Schema, path: string): string => {
    if (format.startsWith('date')) return format === 'date' ? '2026-03-10' : '2026-03-10T12:00:00.000Z';
    if (pattern.includes('{2}')) return pattern.includes('A-Z') ? 'DE' : 'de';
    if (format === 'email' || path.endsWith('/email')) return `${word()}@example.com`;
    if (pattern !== '') return word();
    // Everywhere large means many things, not long ones: a text is long where it is the one that is blown up.
    if (place !== path) return path.endsWith('timeZone') ? 'Europe/Berlin' : word();
    return `${word()} ${'b '.repeat((keep ? Math.min(maxLength, count) : count) / 2)}`
      .slice(0, keep ? maxLength : undefined)
      .trim();
  };

  const namesOf = ({ propertyNames: names = {} }: Schema, path: string): readonly string[] => {
    const count = many(path);
    if (names.enum) return names.enum.slice(0, count).map(String);
    return Array.from({ length: count }, (_, n) => (alike ? `a${n}` : textOf(names, `${path}/?`)));
  };

  const make = (part: Schema, path: string): unknown => {
    const [first] = part.anyOf ?? [];
    if (first) return make(first, path);
    if (part.enum) return part.enum[0];
    const of = mapOf(part);
    if (part.type === 'array')
      return Array.from({ length: many(path, part.maxItems, part.minItems) }, () =>
        make(part.items ?? {}, `${path}/*`),
      );
    if (of) return Object.fromEntries(namesOf(part, path).map((name) => [name, make(of, `${path}/*`)]));
    if (part.type === 'object' || part.properties)
      return Object.fromEntries(
        Object.entries(part.properties ?? {}).map(([name, each]) => [name, make(each, `${path}/${name}`)]),
      );
    if (part.type === 'string') return textOf(part, path);
    if (part.type === 'boolean') return true;
    if (part.type === 'number' || part.type === 'integer')
      return Math.max(part.minimum ?? 1, Math.min(part.maximum ?? 1, 1));
    if (part.type === 'null') return null;
    return blown(path) ? filled(filling, place === undefined ? 1 : count) : word();
  };
  return make(schema, '');
};

/** The largest body, in bytes. */
const limit = 4 * 1024 * 1024;

/** A body as JSON of at most 4 MiB: where it would be larger, there is less of what it was blown up with. */
export const jsonOf = (schema: Schema, blow: Blow): string => {
  const made = (count: number): string => JSON.stringify(bodyOf(schema, { ...blow, count })) ?? 'null';
  // From small ones on, to see how it grows: lists in lists grow by a power, and no body of gigabytes is ever made.
  let [count, best, growth] = [Math.min(4, blow.count), made(Math.min(4, blow.count)), 4];
  while (count < blow.count) {
    const next = Math.min(blow.count, count * 2);
    if (best.length * growth > limit) {
      const last = made(Math.floor(count * (limit / best.length) ** (1 / Math.log2(growth)) * 0.9));
      return last.length <= limit && last.length > best.length ? last : best;
    }
    const json = made(next);
    if (json.length === best.length) return best;
    [count, best, growth] = [next, json, Math.max(1.1, json.length / best.length)];
  }
  return best;
};

/** Ways to blow up the bodies of a schema. */
export const anyBlow = (schema: Schema): fc.Arbitrary<Blow> =>
  fc.record({
    place: fc.constantFrom(undefined, ...placesIn(schema)),
    count: fc.constantFrom(5, 20, 100, 500, 5_000, 4_000_000),
    keep: fc.boolean(),
    alike: fc.boolean(),
    filling: fc.constantFrom(...fillings),
  });
