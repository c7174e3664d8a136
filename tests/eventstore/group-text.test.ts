import fc from 'fast-check';
import { expect, it } from 'vitest';
import { groupInText, hasSeparator, textOfGroup } from '../../src/eventstore/sqlite/group-text.ts';

const name = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '{}', '7'))
  .filter((text) => !hasSeparator(text));
const json = fc.jsonValue().map((value) => JSON.stringify(value));
// Few that differ, so that the same ones often follow one another.
const metadata = fc.constantFrom('{}', '{"commandId":"c-1"}', '{"commandId":"\\u0000"}');

it('A group is the same when it was a text, whatever names and data it has', () => {
  const line = fc.tuple(name, name, json, metadata);
  const append = fc.record({
    stream: name,
    expected: fc.integer({ min: -1 }),
    lines: fc.array(line, { minLength: 1 }),
  });
  fc.assert(
    fc.property(fc.array(append, { minLength: 1 }), (group) => {
      expect(groupInText(textOfGroup(group))).toEqual(group);
    }),
    { numRuns: 500 },
  );
});
