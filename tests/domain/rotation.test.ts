import fc from 'fast-check';
import { Map as PersistentMap } from 'immutable';
import { describe, expect, it } from 'vitest';
import type { Rotation, Turn } from '../../src/domain/routing/rotation.ts';
import { advance, giveBack, pickNext } from '../../src/domain/routing/rotation.ts';

const membersOf = (weights: readonly number[]): readonly Turn[] =>
  weights.map((weight, index) => ({ repId: `r${String(index).padStart(2, '0')}`, weight }));

/** Gives so many leads, one after the other. */
const turns = (members: readonly Turn[], count: number, before: Rotation = PersistentMap()) => {
  const picked: string[] = [];
  let rotation = before;
  for (let turn = 0; turn < count; turn++) {
    const next = pickNext(rotation, members) ?? '';
    rotation = advance(rotation, members, next);
    picked.push(next);
  }
  return { picked, rotation };
};

const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 });

describe('A rotation', () => {
  it('gives each in turn where all weigh the same', () => {
    expect(turns(membersOf([1, 1, 1]), 6).picked).toEqual(['r00', 'r01', 'r02', 'r00', 'r01', 'r02']);
  });

  it('spreads the turns of who weighs more', () => {
    expect(turns(membersOf([5, 1, 1]), 7).picked.join()).toBe('r00,r00,r00,r01,r00,r00,r02');
  });

  it('never gives anybody a whole lead more or less than its exact share, however many there were', () => {
    fc.assert(
      fc.property(weights, (each) => {
        const members = membersOf(each);
        const total = each.reduce((sum, weight) => sum + weight, 0);
        const counts = new globalThis.Map<string, number>();
        for (const [index, repId] of turns(members, 3 * total).picked.entries()) {
          counts.set(repId, (counts.get(repId) ?? 0) + 1);
          for (const { repId: other, weight } of members) {
            expect(Math.abs((counts.get(other) ?? 0) - ((index + 1) * weight) / total)).toBeLessThan(1);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('gives nobody two leads more or less than its share between any two moments', () => {
    fc.assert(
      fc.property(weights, fc.nat(200), fc.nat(200), (each, skipped, count) => {
        const members = membersOf(each);
        const total = each.reduce((sum, weight) => sum + weight, 0);
        const { rotation } = turns(members, skipped);
        const { picked } = turns(members, count, rotation);
        for (const { repId, weight } of members) {
          const got = picked.filter((other) => other === repId).length;
          expect(Math.abs(got - (count * weight) / total)).toBeLessThan(2);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('gives nothing to who weighs nothing, and nothing where nobody is', () => {
    expect(turns(membersOf([0, 1]), 3).picked).toEqual(['r01', 'r01', 'r01']);
    expect(pickNext(PersistentMap(), membersOf([0]))).toBe(undefined);
    expect(pickNext(PersistentMap(), [])).toBe(undefined);
  });

  it('does not let anybody catch up on time away', () => {
    const [all, two] = [membersOf([1, 1, 1]), membersOf([1, 1])];
    const { rotation } = turns(two, 20);
    const { picked } = turns(all, 3, rotation);
    expect(picked.toSorted()).toEqual(['r00', 'r01', 'r02']);
  });

  it('gives a turn back before the next', () => {
    const members = membersOf([1, 1, 1]);
    const { rotation } = turns(members, 3);
    expect(turns(members, 3, giveBack(rotation, 'r02')).picked[0]).toBe('r02');
  });

  it('is a function of what was given and to whom', () => {
    fc.assert(
      fc.property(weights, fc.nat(50), (each, count) => {
        const members = membersOf(each);
        expect(turns(members.toReversed(), count).picked).toEqual(turns(members, count).picked);
      }),
      { numRuns: 50 },
    );
  });

  it('knows reps whatever they are called', () => {
    const members = ['constructor', '__proto__'].map((repId) => ({ repId, weight: 1 }));
    expect(new Set(turns(members, 2).picked)).toEqual(new Set(['constructor', '__proto__']));
  });
});
