import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RosterEvent } from '../../src/domain/routing/roster-events.ts';
import { roster } from '../../src/domain/routing/roster.ts';
import { rep } from '../support/facts.ts';

const some = fc.record({
  repId: fc.constantFrom('ada', 'bob', 'cyd', 'constructor'),
  teamIds: fc.array(fc.constantFrom('emea', 'sales', '__proto__'), { maxLength: 3 }),
});

it('The members of each team are who says last that it is in it, once each and by id', () => {
  fc.assert(
    fc.property(fc.array(some, { maxLength: 12 }), (changes) => {
      const facts = changes.map((each): RosterEvent => ({ type: 'RepChanged', data: rep(each) }));
      const { reps, members } = facts.reduce(roster.evolve, roster.initial);
      for (const team of ['emea', 'sales', '__proto__']) {
        const theirs = [...reps.values()].filter(({ teamIds }) => teamIds.includes(team));
        expect(members.get(team, [])).toEqual(theirs.toSorted((a, b) => (a.repId < b.repId ? -1 : 1)));
      }
    }),
  );
});
