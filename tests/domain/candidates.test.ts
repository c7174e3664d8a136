import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidateLimits, recordedOf } from '../../src/domain/routing/candidates.ts';
import type { Rep } from '../../src/domain/routing/roster-events.ts';
import type { Decided } from '../../src/domain/routing/routing.ts';
import { decideRouting } from '../../src/domain/routing/routing.ts';
import { routed, rule, rules, sceneOf } from '../support/decisions.ts';
import { rep } from '../support/facts.ts';

/** As many reps of the sales team, in the order of their names. */
const staff = (count: number, about: (n: number) => Partial<Rep> = () => ({})): readonly Rep[] =>
  Array.from({ length: count }, (_, n) => rep({ repId: `rep-${String(n).padStart(4, '0')}`, ...about(n) }));

const namesOf = (reps: readonly Rep[]): readonly string[] => reps.map(({ repId }) => repId);

const countedIn = ({ others = [] }: Decided): number => others.reduce((sum, { count }) => sum + count, 0);

const decided = (reps: readonly Rep[], off: readonly string[] = []): Decided =>
  decideRouting(routed(), sceneOf({ reps, off }));

describe('A decision about many reps', () => {
  it('of whom 1,000 are out says of 50 why, and of the others how many for each reason', () => {
    const reps = staff(1_000, (n) => (n % 4 === 3 ? { status: 'away' } : n % 10 === 0 ? { capacity: 0 } : {}));
    const failed = decided(
      reps,
      namesOf(reps).filter((_, n) => n % 10 !== 0),
    );
    expect(failed).toMatchObject({
      kind: 'failed',
      reason: 'Nobody of 1000 fits: 650 off shift, 250 away, 100 at capacity',
    });
    expect(failed.candidates.map(({ repId }) => repId)).toEqual(namesOf(reps).slice(0, 50));
    expect(failed.others).toEqual([
      { reason: 'off shift', count: 650 - failed.candidates.filter(({ reason }) => reason === 'off shift').length },
      { reason: 'away', count: 250 - failed.candidates.filter(({ reason }) => reason === 'away').length },
      { reason: 'at capacity', count: 95 },
    ]);
    expect(failed.candidates.length + countedIn(failed)).toBe(1_000);
  });

  it.each([
    [49, 49, undefined],
    [50, 50, undefined],
    [51, 50, [{ reason: 'off shift', count: 1 }]],
  ])('says of %i reps who are off shift all of %i', (count, inFull, others) => {
    const reps = staff(count);
    const failed = decided(reps, namesOf(reps));
    expect(failed.candidates.map(({ repId }) => repId)).toEqual(namesOf(reps).slice(0, inFull));
    expect(failed.others).toEqual(others);
    expect(Object.hasOwn(failed, 'others')).toBe(others !== undefined);
  });

  it('names who was chosen first, then who was in, then who was out', () => {
    const reps = staff(60, (n) => ({ weight: n === 59 ? 9 : 1 }));
    const placed = decided(reps, namesOf(reps).slice(0, 30));
    const names = placed.candidates.map(({ repId }) => repId);
    expect(placed).toMatchObject({ kind: 'placed', repId: 'rep-0059' });
    expect(names).toEqual(['rep-0059', ...namesOf(reps).slice(30, 59), ...namesOf(reps).slice(0, 20)]);
    expect(placed.candidates[0]).toEqual({ repId: 'rep-0059', in: true, reason: 'chosen', weight: 9 });
    expect(placed.others).toEqual([{ reason: 'off shift', count: 10 }]);
  });

  it('names the owner alone, who was asked before the rules', () => {
    const owner = staff(60)[59]?.repId ?? '';
    const sticky = rules({ rules: [rule()], sticky: { lead: true, domain: false } });
    const scene = sceneOf({ reps: staff(60), rules: sticky });
    const placed = decideRouting(routed({ previous: owner }), scene);
    expect(placed.candidates).toEqual([{ repId: owner, in: true, reason: 'sticky' }]);
  });
});

describe('What is recorded of candidates', () => {
  const reason = fc.constantFrom('fits', 'off shift', 'away', 'skill: cobol', 'constructor', '__proto__');
  const candidates = fc
    .array(fc.record({ in: fc.boolean(), reason }), { maxLength: 160, size: 'max' })
    .map((all) => all.map((each, n) => ({ repId: `r${n}`, ...each })));

  it('is all of them, in full or counted, and always who was chosen in full', () => {
    fc.assert(
      fc.property(candidates, fc.nat(), (all, at) => {
        const chosen = all[at % Math.max(1, all.length)];
        const { candidates: full, others = [] } = recordedOf(all, chosen?.repId);
        expect(full.length).toBe(Math.min(all.length, candidateLimits.inFull));
        expect(full).toEqual(expect.arrayContaining(chosen ? [chosen] : []));
        const left = new Map(all.map((each) => [each.repId, each]));
        for (const each of full) expect(left.delete(each.repId)).toBe(true);
        const counts = Map.groupBy(left.values(), (each) => each.reason);
        expect(new Map(others.map((each) => [each.reason, each.count]))).toEqual(
          new Map([...counts].map(([why, those]) => [why, those.length])),
        );
        if (all.length <= candidateLimits.inFull) expect(full).toEqual(all);
        else expect(full[0]).toEqual(chosen);
      }),
    );
  });
});
