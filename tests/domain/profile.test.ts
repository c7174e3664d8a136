import fc from 'fast-check';
import { Map as PersistentMap } from 'immutable';
import { describe, expect, it } from 'vitest';
import type { Activity } from '../../src/domain/lead/activity.ts';
import { saysTheSame } from '../../src/domain/lead/activity.ts';
import { leadLimits } from '../../src/domain/lead/lead-limits.ts';
import type { Profile } from '../../src/domain/lead/profile.ts';
import { profileBytesOf, withRoomFor, withTraits } from '../../src/domain/lead/profile.ts';
import { activity } from '../support/facts.ts';

const empty: Profile = { profile: PersistentMap(), profileBytes: 0 };
const { traits: most, profileBytes } = leadLimits;

const named = (count: number, value: (place: number) => string = () => 'x', from = 0) =>
  Object.fromEntries(Array.from({ length: count }, (_, place) => [`t${from + place}`, value(place)]));

const saying = (eventId: string, traits: Activity['traits'], more: Partial<Activity> = {}): Activity =>
  activity({ eventId, ...(traits && { traits }), ...more });

const fold = (activities: readonly Activity[], before = empty): Profile => activities.reduce(withTraits, before);

const one = (before: Profile, each: Activity): Activity => withRoomFor(before, [each])[0] ?? each;

describe('A profile', () => {
  it('takes as many traits as it has room for, and says which it did not take', () => {
    const full = fold([saying('e1', named(most - 1))]);
    const last = one(full, saying('e2', { a: 1, b: 2 }));
    expect({ traits: last.traits, traitsLeftOut: last.traitsLeftOut }).toEqual({
      traits: { a: 1 },
      traitsLeftOut: ['b'],
    });
    expect(withTraits(full, last).profile.size).toBe(most);
  });

  it('is as long as it may be, and no longer by a byte', () => {
    const value = 'x'.repeat(1_000);
    const before = fold([
      saying(
        'e1',
        named(31, () => value),
      ),
    ]);
    // Two quotes around the name and two around the value, a colon and a comma.
    const left = profileBytes - before.profileBytes - 'last'.length - 6;
    expect(one(before, saying('e2', { last: 'y'.repeat(left) }))).not.toHaveProperty('traitsLeftOut');
    expect(one(before, saying('e2', { last: 'y'.repeat(left + 1) }))).toMatchObject({
      traits: {},
      traitsLeftOut: ['last'],
    });
  });

  it('that is full still takes other values of what it has, as long as they are no longer', () => {
    const full = fold([
      saying(
        'e1',
        named(most, () => 'x'.repeat(50)),
      ),
    ]);
    const huge = fold([
      saying(
        'e1',
        named(4 * most, () => 'x'.repeat(50)),
      ),
    ]);
    const later = { occurredAt: '2026-03-11T12:00:00.000Z' };
    for (const before of [full, huge]) {
      const shorter = saying('e2', { t3: 'y', t4: null }, later);
      expect(one(before, shorter)).toEqual(shorter);
    }
    expect(one(huge, saying('e2', { t3: 'y'.repeat(51), new: 1 }, later))).toMatchObject({
      traits: {},
      traitsLeftOut: ['t3', 'new'],
    });
  });

  it('counts what it takes of one activity when it looks at the next', () => {
    const taken = withRoomFor(fold([saying('e0', named(most - 2))]), [
      saying('e1', { a: 1 }),
      saying('e2', { a: 2, b: 2 }),
      saying('e3', { c: 3 }),
    ]);
    expect(taken.map(({ traitsLeftOut }) => traitsLeftOut)).toEqual([undefined, undefined, ['c']]);
  });

  const trait = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', 'é'.repeat(9));
  const value = fc.oneof(fc.constant(null), fc.string({ maxLength: 40 }), fc.integer());
  const day = fc.integer({ min: 1, max: 5 }).map((each) => `2026-03-0${each}T12:00:00.000Z`);
  const telling = fc
    .record({ traits: fc.dictionary(trait, value), occurredAt: day, eventId: fc.constantFrom('e1', 'e2', 'e3') })
    .map(({ eventId, traits, occurredAt }) => saying(eventId, traits, { occurredAt }));

  it('knows how long it is, whatever it was told in which order, and the order does not matter while there is room', () => {
    fc.assert(
      fc.property(fc.uniqueArray(telling, { selector: ({ eventId }) => eventId }), (activities) => {
        const there = fold(withRoomFor(empty, activities));
        const back = fold(withRoomFor(empty, activities.toReversed()));
        expect(there.profileBytes).toBe(profileBytesOf(there.profile));
        expect(JSON.stringify([...there.profile].sort())).toBe(JSON.stringify([...back.profile].sort()));
      }),
    );
  });

  it('is never larger than it may be, whatever it is told, and a retry still says the same', () => {
    const large = fc.record({
      from: fc.integer({ min: 0, max: 700 }),
      count: fc.integer({ min: 0, max: 300 }),
      length: fc.integer({ min: 0, max: 200 }),
      occurredAt: day,
    });
    fc.assert(
      fc.property(fc.array(large, { maxLength: 12 }), (all) => {
        const told = all.map(({ from, count, length, occurredAt }, place) =>
          saying(
            `e${place}`,
            named(count, () => 'x'.repeat(length), from),
            { occurredAt },
          ),
        );
        const taken = withRoomFor(empty, told);
        const after = fold(taken);
        expect(after.profile.size).toBeLessThanOrEqual(most);
        expect(after.profileBytes).toBeLessThanOrEqual(profileBytes);
        for (const [place, each] of taken.entries()) expect(saysTheSame(each, told[place] ?? each)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
