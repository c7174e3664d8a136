import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../../src/domain/lead/activity.ts';
import type { Mapping } from '../../../src/domain/sources/mapping.ts';
import { itemsIn, mappingLimits, mappingOf, mappingSchema } from '../../../src/domain/sources/mapping.ts';
import { pointerSchema, stepsOf, valueAt } from '../../../src/domain/sources/pointer.ts';

const said = (mapping: Omit<Mapping, 'eventType'>, item: Json) => {
  const { eventType: _, ...rest } = mappingOf(mappingSchema.parse({ eventType: { value: 'x' }, ...mapping }))(
    item,
  ).said;
  return rest;
};

const faults = (mapping: unknown): readonly string[] =>
  (mappingSchema.safeParse(mapping).error?.issues ?? []).map(({ path }) => `/${path.join('/')}`);

const keyed = fc.oneof(fc.string(), fc.constantFrom('~', '/', '~1', '0', '', 'constructor', '__proto__'));
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json>(null, true, 7, 'text'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(keyed, tie('value'), { maxKeys: 4 }),
  ),
})).value;

const escaped = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** All parts of a value, with their pointers. */
const partsOf = (value: Json, at = ''): readonly (readonly [string, Json])[] => [
  [at, value],
  ...(typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, part]) => partsOf(part, at + escaped(name)))
    : []),
];

describe('A pointer', () => {
  it('leads to each part of a value, whatever its names are', () => {
    fc.assert(
      fc.property(json, (value) => {
        for (const [pointer, part] of partsOf(value)) {
          fc.pre(pointer.length <= 256);
          expect(pointerSchema.parse(pointer)).toBe(pointer);
          expect(valueAt(value, stepsOf(pointer))).toBe(part);
        }
      }),
    );
  });

  it('leads nowhere where nobody sent anything', () => {
    const value = { list: [1, 2], text: 'abc', none: null };
    for (const pointer of [
      ...['/constructor', '/__proto__', '/toString', '/list/length', '/text/length', '/text/0', '/none/x'],
      ...['/list/2', '/list/-1', '/list/00', '/list/01', '/list/1e0', '/list/-', '/other', '/', '/list/ 1'],
    ])
      expect(valueAt(value, stepsOf(pointer)), pointer).toBeUndefined();
  });

  it.each(['a', 'a/b', '#/a', '/~', '/~2', '/a~', `/${'a'.repeat(256)}`])('can not be %s', (pointer) => {
    expect(pointerSchema.safeParse(pointer).success).toBe(false);
  });
});

describe('A mapping', () => {
  const item: Json = {
    who: { id: 'u-1', mail: 'ada@example.com' },
    kind: 'won',
    code: 3,
    fields: [{ value: 'Analytical Engines' }],
    custom: { plan: 'pro', seats: 5 },
  };

  it('takes what pointers lead to, and says nothing of what is not there', () => {
    expect(said({ userId: '/who/id', email: '/who/mail', sessionId: '/nowhere' }, item)).toEqual({
      userId: 'u-1',
      email: 'ada@example.com',
    });
  });

  it('gives what is always the same', () => {
    expect(said({ userId: { value: 7 }, properties: { value: { campaign: 'fair', year: 2026 } } }, item)).toEqual({
      userId: 7,
      properties: { campaign: 'fair', year: 2026 },
    });
  });

  it('translates by a table, and falls back on the default', () => {
    const map = { won: 'deal_won', '3': 'third' };
    expect(said({ eventId: { pointer: '/kind', map }, sessionId: { pointer: '/code', map } }, item)).toEqual({
      eventId: 'deal_won',
      sessionId: 'third',
    });
    for (const pointer of ['/nowhere', '/who', '/custom/plan']) {
      expect(said({ eventId: { pointer, map } }, item), pointer).toEqual({});
      expect(said({ eventId: { pointer, map, default: 'else' } }, item), pointer).toEqual({ eventId: 'else' });
    }
    expect(said({ eventId: { pointer: '/kind', map: { constructor: 'x' } } }, { kind: 'toString' })).toEqual({});
  });

  it('takes properties and traits as a whole or member by member', () => {
    const members = { company: '/fields/0/value', seats: '/custom/seats', from: { value: 'form' }, none: '/nowhere' };
    expect(said({ properties: '/custom', traits: members }, item)).toEqual({
      properties: { plan: 'pro', seats: 5 },
      traits: { company: 'Analytical Engines', seats: 5, from: 'form' },
    });
    expect(said({ properties: { none: '/nowhere' } }, item)).toEqual({});
  });

  it('tells members called value, pointer and map from fields', () => {
    const members = { value: '/kind', pointer: '/code', map: '/custom/plan' };
    expect(said({ properties: members }, item)).toEqual({ properties: { value: 'won', pointer: 3, map: 'pro' } });
    expect(said({ properties: { value: '/kind' } }, item)).toEqual({ properties: { value: 'won' } });
    expect(said({ properties: { value: { value: 5 } } }, item)).toEqual({ properties: { value: 5 } });
    expect(said({ properties: { value: { pointer: '/kind', map: { won: 1 } } } }, item)).toEqual({
      properties: { value: 1 },
    });
  });

  it('tells where what it takes stands', () => {
    const mapping: Mapping = { eventType: '/kind', email: '/who/mail', traits: { a: '/custom/plan' } };
    expect(mappingOf(mapping)(item).places).toEqual({ eventType: '/kind', email: '/who/mail', traits: '' });
  });

  it.each<[string, unknown, readonly string[]]>([
    ['no event type', {}, ['/eventType']],
    ['a field that there is not', { eventType: '/a', mail: '/b' }, ['/']],
    ['a bad pointer', { eventType: 'a' }, ['/eventType']],
    ['a bad pointer in a member', { eventType: '/a', traits: { x: 'b' } }, ['/traits/x']],
    ['a list of items that is no pointer', { eventType: '/a', items: ['/b'] }, ['/items']],
    ['a table without a pointer', { eventType: { map: { a: 'b' } } }, ['/eventType']],
  ])('is refused with %s, and told where', (_, mapping, at) => {
    expect(faults(mapping)).toEqual(at);
  });

  it('has bounds', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, '/a']));
    const { members, translations, constant } = mappingLimits;
    const withTable = (count: number) => ({ eventType: { pointer: '/a', map: many(count) } });
    const withValue = (length: number) => ({ eventType: { value: 'x'.repeat(length - 2) } });
    expect(
      [{ eventType: '/a', traits: many(members) }, withTable(translations), withValue(constant)].map(faults),
    ).toEqual([[], [], []]);
    const beyond = [
      { eventType: '/a', traits: many(members + 1) },
      withTable(translations + 1),
      withValue(constant + 1),
    ];
    for (const mapping of beyond) expect(faults(mapping)).not.toEqual([]);
  });

  it('comes to the same for any item, however often it is asked, and throws for none', () => {
    const mapping: Mapping = {
      eventType: { pointer: '/kind', map: { a: 'b' }, default: 'other' },
      userId: '/0/id',
      traits: { a: '', b: '/x/0', c: { pointer: '', map: {} } },
      properties: '',
    };
    const map = mappingOf(mappingSchema.parse(mapping));
    fc.assert(
      fc.property(json, (any) => {
        expect(map(any)).toEqual(map(structuredClone(any)));
        expect(map(any).said.properties).toBe(any);
      }),
    );
  });
});

const anyPointer = fc
  .array(keyed, { maxLength: 3 })
  .map((names) => names.map(escaped).join(''))
  .filter((pointer) => pointer.length <= 256);
const one = fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.boolean());
const anyField = fc.oneof(
  anyPointer,
  json.map((value) => ({ value })),
  fc.record(
    { pointer: anyPointer, map: fc.dictionary(keyed, one, { maxKeys: 3 }), default: one },
    { requiredKeys: ['pointer', 'map'] },
  ),
);
const anyObjectField = fc.oneof(
  anyField,
  fc.dictionary(
    keyed.filter((name) => name !== ''),
    anyField,
    { maxKeys: 3 },
  ),
);
const anyMapping = fc.record(
  {
    items: anyPointer,
    eventType: anyField,
    eventId: anyField,
    timestamp: anyField,
    userId: anyField,
    email: anyField,
    properties: anyObjectField,
    traits: anyObjectField,
  },
  { requiredKeys: ['eventType'] },
);

/** All that can come of a field: what is in an item, and what the mapping says itself. */
const sourcesOf = (field: unknown, item: Json): ReadonlySet<unknown> => {
  const parts = partsOf(item).map(([, part]) => part);
  const own = partsOf(field as Json).map(([, part]) => part);
  return new Set([...parts, ...own]);
};

describe('Any mapping that can be saved', () => {
  const saved = anyMapping.filter((mapping) => mappingSchema.safeParse(mapping).success);

  it('gives of any item what is in it, or what the mapping says, and nothing else', () => {
    fc.assert(
      fc.property(saved, json, (mapping, item) => {
        const parsed = mappingSchema.parse(mapping);
        const { said: all } = mappingOf(parsed)(item);
        for (const name of ['eventType', 'eventId', 'timestamp', 'userId', 'email'] as const) {
          const { [name]: found } = all;
          if (found !== undefined) expect(sourcesOf(parsed[name], item)).toContain(found);
        }
        for (const name of ['properties', 'traits'] as const) {
          const { [name]: found } = all;
          if (found === undefined || sourcesOf(parsed[name], item).has(found)) continue;
          for (const each of Object.values(found ?? {})) expect(sourcesOf(parsed[name], item)).toContain(each);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is the same when it was stored as JSON, and leaves the item as it was', () => {
    fc.assert(
      fc.property(saved, json, (mapping, item) => {
        const parsed = mappingSchema.parse(mapping);
        const stored = mappingSchema.parse(JSON.parse(JSON.stringify(parsed)));
        const before = structuredClone(item);
        expect(mappingOf(stored)(item)).toEqual(mappingOf(parsed)(item));
        for (const each of itemsIn(item, parsed.items) ?? []) mappingOf(parsed)(each);
        expect(item).toEqual(before);
      }),
    );
  });
});

describe('The items of a body', () => {
  it.each<[string, Json, string | undefined, readonly Json[] | undefined]>([
    ['are the list that it is', [1, { a: 2 }], undefined, [1, { a: 2 }]],
    ['are the one that it is', { a: 2 }, undefined, [{ a: 2 }]],
    ['are where the mapping says', { data: { rows: [1, 2] } }, '/data/rows', [1, 2]],
    ['are the one that is there', { data: { a: 2 } }, '/data', [{ a: 2 }]],
    ['are none where a list is empty', [], undefined, []],
    ['can not be told where nothing is', { data: 5 }, '/rows', undefined],
    ['can not be told where a number is', { data: 5 }, '/data', undefined],
  ])('%s', (_, body, pointer, items) => {
    expect(itemsIn(body, pointer)).toEqual(items);
  });
});
