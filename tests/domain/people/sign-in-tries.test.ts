import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TriedBy, Tries } from '../../../src/domain/people/sign-in-tries.ts';
import {
  keptUntil,
  mayTryFrom,
  noTries,
  triedBy,
  tryLimits,
  withoutTry,
  withTry,
} from '../../../src/domain/people/sign-in-tries.ts';

const [minute, hour] = [60_000, 3_600_000];

/** Tries again each time as soon as that is allowed, `count` times, all of which fail; gives when each was and what is known then. */
const tryingOn = (by: TriedBy, count: number): { readonly at: readonly number[]; readonly tries: Tries } => {
  const at: number[] = [];
  let [tries, now] = [noTries, 0];
  for (let left = count; left > 0; left--) {
    now = Math.max(now, mayTryFrom(by, tries, now));
    at.push(now);
    tries = withTry(by, tries, now);
  }
  return { at, tries };
};

describe('Tries to sign in that fail', () => {
  it('are five of an account from an address in 15 minutes, then locked for an hour after ten and a day after twenty', () => {
    const { at } = tryingOn('accountAndAddress', 23);
    const quarter = 15 * minute;
    const [third, day] = [quarter + hour, 24 * hour];
    expect(at.slice(0, 11)).toEqual([0, 0, 0, 0, 0, ...Array(5).fill(quarter), third]);
    expect(at.slice(15, 20)).toEqual(Array(5).fill(third + quarter));
    expect(at.slice(20)).toEqual([1, 2, 3].map((days) => third + quarter + days * day));
  });

  it.each([
    ['account', 10],
    ['address', 20],
  ] as const)('of one %s are %d in 15 minutes, and never locked for longer', (by, failures) => {
    const { at } = tryingOn(by, failures * 5);
    expect(at).toEqual(Array.from({ length: failures * 5 }, (_, n) => Math.floor(n / failures) * 15 * minute));
  });

  it('are never more in any 15 minutes than is allowed, whenever they come', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 10 * minute }), { maxLength: 80 });
    fc.assert(
      fc.property(fc.constantFrom(...triedBy), gaps, (by, all) => {
        let [tries, now] = [noTries, 0];
        const taken: number[] = [];
        for (const gap of all) {
          now += gap;
          if (mayTryFrom(by, tries, now) > now) continue;
          tries = withTry(by, tries, now);
          taken.push(now);
        }
        for (const at of taken) {
          const within = taken.filter((other) => other >= at && other < at + tryLimits.window);
          expect(within.length).toBeLessThanOrEqual(tryLimits[by].failures);
        }
        expect(tries.times.length).toBeLessThanOrEqual(tryLimits[by].failures + 1);
      }),
    );
  });

  it('leave nothing behind when they are taken back', () => {
    const times = fc.array(fc.integer({ min: 0, max: 60 * minute }), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...triedBy), times, fc.integer({ min: 0, max: minute }), (by, before, later) => {
        const tries = before.toSorted((a, b) => a - b).reduce((all, at) => withTry(by, all, at), noTries);
        const now = (tries.times.at(-1) ?? 0) + later;
        expect(withoutTry(withTry(by, tries, now), now)).toEqual(tries);
      }),
    );
  });

  it('are known again after one that would have locked is taken back', () => {
    const { tries, at } = tryingOn('accountAndAddress', 10);
    const last = at.at(-1) ?? 0;
    expect(mayTryFrom('accountAndAddress', tries, last)).toBe(last + hour);
    expect(mayTryFrom('accountAndAddress', withoutTry(tries, last), last)).toBeLessThanOrEqual(last);
    expect(withoutTry(tries, last + 1)).toEqual(tries);
  });

  it.each(triedBy)('by %s are forgotten some time after the last', (by) => {
    const { tries } = tryingOn(by, 4);
    const end = keptUntil(by, tries);
    expect(withTry(by, tries, end)).toEqual({ times: [end], total: 1 });
    expect(withTry(by, tries, end - 1).total).toBe(5);
  });
});
