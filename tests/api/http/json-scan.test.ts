import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textAt } from '../../../src/api/http/named-project.ts';
import { excessOf, memberOf } from '../../../src/api/http/json-scan.ts';

const bounds = { values: 10, anItem: 4, items: 5, levels: 6 };
const excess = (text: string, lines = false) => excessOf(Buffer.from(text), bounds, lines);

const valuesIn = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, part) => sum + valuesIn(part), 1)
    : 1;
const levelsIn = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levelsIn)) : 0;

/** JSON texts with everything that a text can hold, laid out in several ways. */
const json = fc
  .tuple(
    fc.jsonValue({
      maxDepth: 5,
      stringUnit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', '\n', 'ä', '🙂', 'x'),
    }),
    fc.constantFrom(undefined, 1, '\t'),
  )
  .map(([value, space]) => JSON.stringify(value, null, space));

describe('What there is too much of', () => {
  it('is found at one value too many, of whatever kind', () => {
    const one = { ...bounds, anItem: 0 };
    const of = (text: string) => excessOf(Buffer.from(text), one);
    for (const value of ['1', '"a,[{"', '"\\",[{"', '{}', '[ ]', 'null']) {
      expect(of(`[${Array(9).fill(value).join(',')}]${' '.repeat(20)}`)).toBeUndefined();
      expect(of(`[${Array(10).fill(value).join(',')}]`)).toEqual({ of: 'values', most: 10 });
    }
    const members = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n])));
    expect([of(members(9)), of(members(10))]).toEqual([undefined, { of: 'values', most: 10 }]);
    expect(of(`[${'[1],'.repeat(4)}[1]]`)).toEqual({ of: 'values', most: 10 });
  });

  it('is more for each item of a list that is the body, or a member of it, or of lines, up to so many items', () => {
    const items = (count: number, each: number) => Array.from({ length: count }, () => Array(each - 1).fill(1));
    const says = (value: unknown) => excess(JSON.stringify(value));
    expect(says(items(4, 3))).toBeUndefined();
    expect(says(items(4, 4))).toEqual({ of: 'values', most: 16 });
    expect(says({ a: 1, list: items(4, 3), b: {} })).toBeUndefined();
    expect(says({ a: 1, list: items(4, 4) })).toEqual({ of: 'values', most: 16 });
    expect(says({ a: { list: items(4, 3) } })).toEqual({ of: 'values', most: 10 });
    expect(says(items(9, 2))).toBeUndefined();
    expect(says(items(10, 2))).toEqual({ of: 'values', most: 20 });
    const lines = (count: number, each: number) =>
      excess(
        items(count, each)
          .map((item) => JSON.stringify(item))
          .join('\n'),
        true,
      );
    expect([lines(4, 4), lines(4, 5)]).toEqual([undefined, { of: 'values', most: 16 }]);
    expect(excess('\n'.repeat(30), true)).toEqual({ of: 'values', most: 20 });
  });

  it('of lines is not hidden by a line that is no JSON', () => {
    for (const bad of ['"', '{"a":"b', '[[[', ']]]', '"\\']) {
      expect(excess(`${bad}\n[${'1,'.repeat(16)}1]\n`, true), bad).toEqual({ of: 'values', most: expect.any(Number) });
    }
  });

  it('is one level too many', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels) + ' '.repeat(20);
    expect([excess(nested(6)), excess(nested(7))]).toEqual([undefined, { of: 'levels', most: 6 }]);
  });

  it('is what parsing would find, in any JSON', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 6 }), (text, values, levels) => {
        const found = excessOf(Buffer.from(text.padEnd(2 * values)), { values, levels, anItem: 0, items: 0 });
        const parsed = JSON.parse(text);
        if (!found) expect([valuesIn(parsed) <= values, levelsIn(parsed) <= levels]).toEqual([true, true]);
        else expect(valuesIn(parsed) > values || levelsIn(parsed) > levels).toBe(true);
      }),
    );
  });
});

describe('The text under a name', () => {
  const of = (text: string) => memberOf(Buffer.from(text), 'writeKey', 256);

  it.each([
    ['first', '{"writeKey":"k","batch":[]}', 'k'],
    [
      'last, behind a long list',
      `{"batch":[${'{"a":"}]\\"","writeKey":"no"},'.repeat(1_000)}1],"writeKey" : "k"}`,
      'k',
    ],
    ['spelled with escapes', String.raw`{"wr\u0069teKey":"\u006b\n\"é"}`, 'k\n"é'],
    ['twice', '{"writeKey":"a","writeKey":"k"}', 'k'],
    ['twice, the second time no text', '{"writeKey":"a","writeKey":["k"]}', undefined],
    ['with a value that says the same', '{"x":"writeKey","y":"writeKey"}', undefined],
    ['deeper', '{"x":{"writeKey":"k"},"y":["writeKey","k"]}', undefined],
    ['in a list', '["writeKey","k"]', undefined],
    ['behind a byte order mark and white space', '\uFEFF \r\n\t{ "writeKey"\n:\t"k" }', 'k'],
    ['behind the end', '{}{"writeKey":"k"}', undefined],
    ['nowhere', '', undefined],
    ['without an end', '{"writeKey":"k', 'k'],
    ['wrongly escaped', '{"writeKey":"\\x"}', undefined],
  ])('is found where it stands: %s', (_, text, key) => {
    expect(of(text)).toBe(key);
  });

  it('is not taken out of the bytes when it is far too long', () => {
    expect(of(`{"writeKey":"${'k'.repeat(1_536)}"}`)).toHaveLength(1_536);
    expect(of(`{"writeKey":"${'k'.repeat(1_537)}"}`)).toBeUndefined();
  });

  it('is what parsing would find, in any JSON object', () => {
    const name = fc.oneof(fc.constantFrom('writeKey', 'writekey', 'w', '"', '\\'), fc.string({ unit: 'binary' }));
    const part = fc.oneof(
      json,
      name.map((text) => JSON.stringify(text)),
      fc.constant('{"writeKey":"deeper"}'),
    );
    const spelled = name.map((text) => JSON.stringify(text).replace('K', String.raw`\u004b`));
    const quoted = fc.oneof(
      name.map((text) => JSON.stringify(text)),
      spelled,
    );
    const object = fc
      .array(fc.tuple(quoted, part), { maxLength: 6 })
      .map((members) => `{${members.map(([key, value]) => `${key} : ${value}`).join(' ,\n')}}`);
    fc.assert(
      fc.property(object, (text) => {
        expect(of(text)).toBe(textAt(JSON.parse(text), 'writeKey'));
      }),
    );
  });

  it('is looked for in any bytes without an end that is not theirs', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = Buffer.concat([Buffer.from('{'), bytes]);
        expect(typeof memberOf(text, 'writeKey', 256)).toMatch(/string|undefined/);
      }),
    );
  });
});
