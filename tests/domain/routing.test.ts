import { describe, expect, it } from 'vitest';
import type { Scene } from '../../src/domain/routing/fitting.ts';
import type { Routable } from '../../src/domain/routing/routable.ts';
import type { Rep } from '../../src/domain/routing/roster-events.ts';
import { decideRouting } from '../../src/domain/routing/routing.ts';
import type { RoutingRule, RoutingRules } from '../../src/domain/routing/routing-rules.ts';
import { calendarOf, poolAfter, rosterOf, routed, rule, rules, team } from '../support/decisions.ts';
import { rep } from '../support/facts.ts';

const groups = { emea: ['DE', 'FR', 'GB'], americas: ['US', 'CA'] };
const teams = [
  team({ teamId: 'us', regions: ['US'] }),
  team({ teamId: 'canada', regions: ['CA'] }),
  team({ teamId: 'emea', regions: ['emea'] }),
  team({ teamId: 'world', regions: [] }),
];
const everywhere = teams.map(({ teamId }) => teamId);

/** Two reps of each team, of whom the second is the more attractive by every strategy. */
const staff = teams.flatMap(({ teamId }) => [
  rep({ repId: `${teamId}-1`, teamIds: [teamId], skills: [{ skill: 'sql', level: 3 }] }),
  rep({ repId: `${teamId}-2`, teamIds: [teamId], skills: [{ skill: 'sql', level: 5 }], weight: 9 }),
]);
const strategies = ['round-robin', 'least-loaded', 'best-skill'] as const;

/** How the only rep in reach is out of it, and by which reason. */
const hindrances: readonly (readonly [string, Partial<Rep>, Partial<Routable>])[] = [
  ['away', { status: 'away' }, {}],
  ['left', { status: 'left' }, {}],
  ['excluded', {}, { excluded: ['us-1', 'us-2'] }],
  ['language', { languages: ['fr'] }, { language: 'en' }],
  ['industry', { industries: ['banks'] }, { industry: 'mines' }],
  ['skill: sql', { skills: [{ skill: 'sql', level: 1 }] }, {}],
  ['at capacity', { capacity: 0 }, {}],
  ["at the day's cap", { perDay: 0 }, {}],
  ["at the week's cap", { perWeek: 0 }, {}],
];

describe('A lead from the US', () => {
  const asks = (how: RoutingRule['strategy']): RoutingRules =>
    rules({
      rules: [
        rule({
          id: 'first',
          to: { teams: ['emea', 'us'] },
          strategy: how,
          skills: [{ skill: 'sql', level: 2 }],
          fallback: ['next'],
        }),
        rule({ id: 'next', to: { teams: ['canada', 'emea'], reps: ['emea-1', 'canada-2'] }, strategy: how }),
      ],
      regions: groups,
      defaultTeam: 'emea',
    });

  it.each(strategies.flatMap((how) => ['US', 'CA', 'DE', 'JP', undefined].map((country) => [how, country] as const)))(
    'and from elsewhere reaches by %s only who serves %s',
    (how, country) => {
      const serving = new Map([
        ['US', ['us', 'world']],
        ['CA', ['canada', 'world']],
        ['DE', ['emea', 'world']],
      ]);
      const roster = rosterOf({
        teams,
        reps: staff,
        rules: rules({ rules: [rule({ to: { teams: everywhere }, strategy: how })], regions: groups }),
      });
      const off = new Set<string>();
      for (;;) {
        const scene: Scene = { roster, pool: poolAfter(), calendar: calendarOf(roster, [...off]) };
        const decided = decideRouting(routed({ country }), scene);
        if (decided.kind === 'failed') break;
        expect(serving.get(country ?? '') ?? ['world']).toContain(decided.teamId);
        expect(decided.repId).toBe(`${decided.teamId}-${decided.repId.endsWith('1') ? 1 : 2}`);
        off.add(decided.repId);
      }
      // One after the other went off shift: everybody in reach was asked, and nobody else.
      expect(off.size).toBe((serving.get(country ?? '') ?? ['world']).length * 2);
    },
  );

  it.each(strategies.flatMap((how) => hindrances.map(([reason, theirs, lead]) => ({ how, reason, theirs, lead }))))(
    'waits, rather than to go to another region, when its team is out: $how, $reason',
    ({ how, reason, theirs, lead }) => {
      const reps = staff.map((each) => (each.repId.startsWith('us') ? { ...each, ...theirs } : each));
      const roster = rosterOf({ teams, reps, rules: asks(how) });
      const decided = decideRouting(routed({ country: 'US', ...lead }), {
        roster,
        pool: poolAfter(),
        calendar: calendarOf(roster),
      });
      expect(decided.kind).toBe('failed');
      const told = new Map(decided.candidates.map((each) => [each.repId, each.reason]));
      expect([told.get('us-1'), told.get('emea-1'), told.get('canada-2')]).toEqual([reason, 'region', 'region']);
    },
  );

  it.each([['CA'], ['DE'], ['emea'], ['EMEA '], ['Canada']])('is none of %s because its region says so', (region) => {
    const roster = rosterOf({ teams, reps: staff, rules: asks('round-robin') });
    const scene = { roster, pool: poolAfter(), calendar: calendarOf(roster) };
    expect(decideRouting(routed({ country: 'US', region }), scene)).toMatchObject({ teamId: 'us' });
  });

  it('of whom only the region is known goes where that is served by name, but a text of two letters says nothing', () => {
    const served = [...teams.slice(1), team({ teamId: 'us', regions: ['West Coast'] })];
    const roster = rosterOf({ teams: served, reps: staff, rules: asks('round-robin') });
    const scene = { roster, pool: poolAfter(), calendar: calendarOf(roster) };
    expect(decideRouting(routed({ region: 'west coast' }), scene)).toMatchObject({ teamId: 'us' });
    expect(decideRouting(routed({ region: 'emea' }), scene)).toMatchObject({ teamId: 'emea' });
    expect(decideRouting(routed({ region: 'ca' }), scene).kind).toBe('failed');
    expect(decideRouting(routed({ region: 'de' }), scene).kind).toBe('failed');
  });
});
