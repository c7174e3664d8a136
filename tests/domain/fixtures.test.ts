import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventSchemas } from '../../src/domain/events.ts';

const folder = new URL('../fixtures/events/', import.meta.url);

/**
 * Stored facts of each shape ever written: type, version of the shape, data. The first of a version says all that it could say
 * at first; what is named after an optional field says that too, which came later.
 */
const fixtures = readdirSync(folder).map((file) => {
  const [, type = '', version = ''] = /^([A-Za-z]+)\.v(\d+)(?:\.[a-z]+)?\.json$/.exec(file) ?? [];
  return {
    file,
    type,
    version: Number(version),
    data: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as unknown,
  };
});
const schemas: Readonly<Record<string, z.ZodType>> = eventSchemas;

/** The paths of the fields that an object schema has, optional ones too, through lists and nested objects. */
const fieldsOf = (schema: unknown, path = ''): readonly string[] => {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return fieldsOf(schema.unwrap(), path);
  if (schema instanceof z.ZodArray) return fieldsOf(schema.element, path);
  if (!(schema instanceof z.ZodObject)) return [path];
  return Object.entries(schema.shape).flatMap(([name, field]) => fieldsOf(field, `${path}.${name}`));
};

const pathsIn = (value: unknown, path = ''): readonly string[] => {
  if (Array.isArray(value)) return [path, ...value.flatMap((each) => pathsIn(each, path))];
  if (value === null || typeof value !== 'object') return [path];
  return [path, ...Object.entries(value).flatMap(([name, each]) => pathsIn(each, `${path}.${name}`))];
};

describe('Stored facts', () => {
  it('are kept of every type, in its current shape', () => {
    const current = fixtures.filter(({ version }) => version === 1).map(({ type }) => type);
    expect([...new Set(current)].sort()).toEqual(Object.keys(eventSchemas).sort());
  });

  it.each(fixtures)('can be read, nothing lost: $file', ({ type, data }) => {
    expect(schemas[type]?.parse(data)).toEqual(data);
  });

  it.each([...Map.groupBy(fixtures, ({ type, version }) => `${type}.v${version}`)])(
    'say together everything that their shape can say: %s',
    (name, of) => {
      const [type = ''] = name.split('.');
      expect(of.flatMap(({ data }) => pathsIn(data))).toEqual(expect.arrayContaining([...fieldsOf(schemas[type])]));
    },
  );
});
