import type { Calendar } from '../../src/domain/routing/calendar.ts';
import type { Scene } from '../../src/domain/routing/fitting.ts';
import type { PoolEvent, PoolState } from '../../src/domain/routing/pool.ts';
import { pool } from '../../src/domain/routing/pool.ts';
import type { Routable } from '../../src/domain/routing/routable.ts';
import type { Rep, RosterEvent, Team } from '../../src/domain/routing/roster-events.ts';
import type { RosterState } from '../../src/domain/routing/roster.ts';
import { roster } from '../../src/domain/routing/roster.ts';
import type { RoutingRule, RoutingRules } from '../../src/domain/routing/routing-rules.ts';
import { noRules } from '../../src/domain/routing/routing-rules.ts';
import { leadId, rep, repAdded, routingRulesPublished, teamAdded } from './facts.ts';

/** A lead as a decision looks at it: one of whom nobody knows anything but the score. */
export const routed = (about: Partial<Routable> = {}): Routable => ({
  leadId,
  score: 60,
  facts: { score: 60 },
  excluded: [],
  approved: false,
  country: undefined,
  region: undefined,
  language: undefined,
  industry: undefined,
  domain: undefined,
  previous: undefined,
  ...about,
});

export const team = (data: Partial<Team> = {}): Team => ({ ...teamAdded().data, ...data });

export const rule = (data: Partial<RoutingRule> = {}): RoutingRule => ({
  id: 'all',
  when: [],
  to: { teams: ['sales'] },
  strategy: 'round-robin',
  skills: [],
  fallback: [],
  ...data,
});

/** Rules by which all leads go to the sales team, unless a test says otherwise. */
export const rules = (data: Partial<RoutingRules> = {}): RoutingRules => ({ ...noRules, rules: [rule()], ...data });

type Roster = { readonly teams?: readonly Team[]; readonly reps?: readonly Rep[]; readonly rules?: RoutingRules };

/** The facts of a roster. */
export const rosterFacts = ({
  teams = [team()],
  reps = [rep()],
  rules: its = rules(),
}: Roster = {}): readonly RosterEvent[] => [
  ...teams.map((each) => teamAdded(each)),
  ...reps.map((each) => repAdded(each)),
  routingRulesPublished({ rules: its }),
];

export const rosterOf = (its: Roster = {}): RosterState => rosterFacts(its).reduce(roster.evolve, roster.initial);

/** What a pool's facts add up to. */
export const poolAfter = (...facts: readonly PoolEvent[]): PoolState => facts.reduce(pool.evolve, pool.initial);

const onShift = { on: true, day: '2026-03-10', week: '2026-W11' };

/** A calendar by which all are on shift on the day of the tests, but those named. */
export const calendarOf = ({ reps }: RosterState, off: readonly string[] = []): Calendar =>
  new Map([...reps.keys()].map((repId) => [repId, { ...onShift, on: !off.includes(repId) }]));

/** What a decision is taken on. */
export const sceneOf = (
  its: Roster & { readonly pool?: readonly PoolEvent[]; readonly off?: readonly string[] } = {},
): Scene => {
  const known = rosterOf(its);
  return { roster: known, pool: poolAfter(...(its.pool ?? [])), calendar: calendarOf(known, its.off) };
};
