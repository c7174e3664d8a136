import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Scene } from '../../src/domain/routing/fitting.ts';
import type { PoolEvent } from '../../src/domain/routing/pool.ts';
import type { Routable } from '../../src/domain/routing/routable.ts';
import type { Rep, Team } from '../../src/domain/routing/roster-events.ts';
import { decideRouting } from '../../src/domain/routing/routing.ts';
import type { RoutingRule } from '../../src/domain/routing/routing-rules.ts';
import { calendarOf, poolAfter, rosterOf, routed, rule, rules, team } from '../support/decisions.ts';
import { leadPlaced, rep } from '../support/facts.ts';

const groups = { emea: ['DE', 'FR', 'GB'], americas: ['US', 'CA'] };
const strategies = ['round-robin', 'least-loaded', 'best-skill'] as const;
const countries = ['US', 'CA', 'DE', 'FR', 'GB', 'JP'];
const served = ['US', 'CA', 'DE', 'emea', 'americas', 'coast', 'France'];
const some = <T>(items: readonly T[]) => fc.subarray([...items], { maxLength: Math.min(2, items.length) });
const mostly = <T>(usual: T, arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });
const maybe = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });

const anyTeam = (teamId: string): fc.Arbitrary<Team> =>
  mostly<string[]>([], some(served)).map((regions) => team({ teamId, regions }));

const anyRep = (repId: string): fc.Arbitrary<Rep> =>
  fc
    .record({
      teamIds: fc.subarray(['t1', 't2', 't3']),
      status: mostly<Rep['status']>('active', fc.constantFrom('away', 'left')),
      regions: mostly<string[]>([], some(served)),
      languages: mostly<string[]>([], some(['de-AT', 'EN', 'fr'])),
      industries: mostly<string[]>([], some(['Banks', 'mines'])),
      skills: some(['SQL', 'sales']).chain((names) =>
        fc.tuple(
          ...names.map((skill) => fc.record({ skill: fc.constant(skill), level: fc.integer({ min: 1, max: 5 }) })),
        ),
      ),
      weight: fc.nat(3),
      capacity: fc.nat(3),
      perDay: fc.option(fc.nat(3)),
      perWeek: fc.option(fc.nat(3)),
    })
    .map(({ perDay, perWeek, ...more }) =>
      rep({ repId, ...more, ...(perDay !== null && { perDay }), ...(perWeek !== null && { perWeek }) }),
    );

const repIds = ['r1', 'r2', 'r3', 'r4', 'r5'];
const ids = ['a', 'b', 'c'];
const anyRule = (id: string): fc.Arbitrary<RoutingRule> =>
  fc
    .record({
      limit: fc.option(fc.integer({ min: 0, max: 100 })),
      to: fc.record({ teams: fc.subarray(['t1', 't2', 't3']), reps: some(repIds) }),
      strategy: fc.constantFrom(...strategies),
      skills: mostly<RoutingRule['skills']>([], fc.constant([{ skill: 'sql', level: 3 }])),
      fallback: some(ids.filter((each) => each > id)),
    })
    .map(({ limit, ...more }) =>
      rule({ id, ...more, when: limit === null ? [] : [{ field: 'score', op: 'gte', value: limit }] }),
    );

const anyLead: fc.Arbitrary<Routable> = fc
  .record({
    score: fc.integer({ min: 0, max: 100 }),
    country: maybe(countries),
    region: maybe(['ca', 'emea', 'coast', 'france']),
    language: maybe(['de', 'en']),
    industry: maybe(['banks', 'mines']),
    domain: maybe(['example.com']),
    previous: maybe(repIds),
    excluded: some(repIds),
  })
  .map((lead) => routed({ ...lead, facts: { score: lead.score } }));

const anyCase = fc.record({
  teams: fc.tuple(anyTeam('t1'), anyTeam('t2'), anyTeam('t3')),
  reps: fc.tuple(...repIds.map(anyRep)),
  rules: fc.record({
    rules: fc.tuple(...ids.map(anyRule)),
    sticky: fc.record({ lead: fc.boolean(), domain: fc.boolean() }),
    defaultTeam: maybe(['t1', 't2']),
  }),
  lead: anyLead,
  off: some(repIds),
  had: fc.array(fc.tuple(fc.constantFrom(...repIds), fc.boolean(), fc.boolean()), { maxLength: 8 }),
});
type Case = typeof anyCase extends fc.Arbitrary<infer C> ? C : never;

/** Leads that reps got before: today or on another day of the week, of the lead's company or not. */
const earlier = ({ had }: Case): readonly PoolEvent[] =>
  had.map(([repId, today, company], n) =>
    leadPlaced({
      leadId: `l${n}`,
      repId,
      decision: n + 1,
      day: today ? '2026-03-10' : '2026-03-09',
      week: '2026-W11',
      ...(company && { domain: 'example.com' }),
    }),
  );

const sceneIn = (each: Case): Scene => {
  const { defaultTeam, ...more } = each.rules;
  const its = rules({ ...more, regions: groups, ...(defaultTeam !== undefined && { defaultTeam }) });
  const roster = rosterOf({ teams: each.teams, reps: each.reps, rules: its });
  return { roster, pool: poolAfter(...earlier(each)), calendar: calendarOf(roster, each.off) };
};

/** The filters once more, as simple as they can be said. */
const mayServe = (regions: readonly string[], { country, region }: Routable): boolean => {
  if (regions.length === 0) return true;
  for (const one of regions) {
    if (one === 'coast' && region === 'coast') return true;
    if (one === 'France' && (country === 'FR' || (country === undefined && region === 'france'))) return true;
    if (one === 'emea' && ['DE', 'FR', 'GB'].includes(country ?? '')) return true;
    if (one === 'emea' && country === undefined && region === 'emea') return true;
    if (one === 'americas' && ['US', 'CA'].includes(country ?? '')) return true;
    if (one.length === 2 && one === country) return true;
  }
  return false;
};

const levelIn = (each: Rep, skill: string): number =>
  Math.max(0, ...each.skills.filter((one) => one.skill.toLowerCase() === skill).map(({ level }) => level));

const openOf = ({ had }: Case, repId: string): number => had.filter(([id]) => id === repId).length;

/** How many of a rep's last day, and of the week, when that day is today. */
const todayOf = ({ had }: Case, repId: string): number => {
  let count = 0;
  let last: boolean | undefined;
  for (const [id, today] of had) {
    if (id !== repId) continue;
    count = today === last ? count + 1 : 1;
    last = today;
  }
  return last === true ? count : 0;
};

const mayHave = (its: Case, each: Rep, through: readonly Team[], skills: RoutingRule['skills']): boolean => {
  const { lead } = its;
  const words = each.languages.map((tag) => tag.toLowerCase().slice(0, 2));
  return [
    each.status === 'active' && !its.off.includes(each.repId) && !lead.excluded.includes(each.repId),
    mayServe(each.regions, lead),
    through.length === 0 || through.some(({ regions }) => mayServe(regions, lead)),
    lead.language === undefined || words.length === 0 || words.includes(lead.language),
    lead.industry === undefined ||
      each.industries.length === 0 ||
      each.industries.some((one) => one.toLowerCase() === lead.industry),
    skills.every(({ skill, level }) => levelIn(each, skill) >= level),
    openOf(its, each.repId) < each.capacity,
    each.perDay === undefined || todayOf(its, each.repId) < each.perDay,
    each.perWeek === undefined || openOf(its, each.repId) < each.perWeek,
  ].every((one) => one);
};

/** The teams of a rep by which a target has it; undefined when it has it not. */
const through = (its: Case, each: Rep, to: RoutingRule['to']): readonly Team[] | undefined => {
  const named = to.reps?.includes(each.repId) === true;
  const own = its.teams.filter(({ teamId }) => each.teamIds.includes(teamId));
  const by = own.filter(({ teamId }) => named || to.teams?.includes(teamId));
  return named || by.length > 0 ? by : undefined;
};

const inReach = (
  its: Case,
  { to, skills, strategy }: Pick<RoutingRule, 'to' | 'skills' | 'strategy'>,
): readonly Rep[] =>
  its.reps.filter((each) => {
    const by = through(its, each, to);
    return by !== undefined && mayHave(its, each, by, skills) && (strategy !== 'round-robin' || each.weight > 0);
  });

/** The rules that are asked: the first that holds, and below it what it falls back to, depth first. */
const asked = ({ rules: its, lead }: Case): readonly RoutingRule[] => {
  const all: RoutingRule[] = [];
  const visit = (each: RoutingRule | undefined): void => {
    if (!each || all.includes(each)) return;
    all.push(each);
    for (const id of each.fallback) visit(its.rules.find((one) => one.id === id));
  };
  visit(its.rules.find(({ when: [limit] }) => limit === undefined || lead.score >= Number(limit.value)));
  return all;
};

/** The owner that comes before all rules, if there is one. */
const owner = (its: Case): string | undefined => {
  const { sticky } = its.rules;
  const last = its.had.findLast(([, , company]) => company)?.[0];
  const [first] = asked(its);
  return [
    ...(sticky.lead ? [its.lead.previous] : []),
    ...(sticky.domain && its.lead.domain !== undefined ? [last] : []),
  ].find(
    (repId) =>
      inReach(its, { to: { reps: [repId ?? ''] }, skills: first?.skills ?? [], strategy: 'best-skill' }).length > 0,
  );
};

const best = (its: Case, { strategy, skills }: RoutingRule, reach: readonly Rep[]): string | undefined => {
  const load = (each: Rep): number => openOf(its, each.repId) / Math.max(1, each.capacity);
  const skill = (each: Rep): number =>
    skills.length > 0
      ? skills.reduce((sum, one) => sum + levelIn(each, one.skill), 0)
      : each.skills.reduce((sum, { level }) => sum + level, 0);
  const ranks = (each: Rep): readonly number[] => [
    strategy === 'best-skill' ? -skill(each) : 0,
    load(each),
    -each.weight,
  ];
  const before = (a: Rep, b: Rep): boolean => {
    const [x, y] = [ranks(a), ranks(b)];
    const at = x.findIndex((value, index) => value !== y[index]);
    return at < 0 ? a.repId < b.repId : (x[at] ?? 0) < (y[at] ?? 0);
  };
  return reach.find((each) => reach.every((other) => other === each || before(each, other)))?.repId;
};

describe('Any decision', () => {
  it('is the same for the same facts', () => {
    fc.assert(
      fc.property(anyCase, (its) => {
        expect(decideRouting({ ...its.lead }, sceneIn(its))).toEqual(decideRouting(its.lead, sceneIn(its)));
      }),
      { numRuns: 200 },
    );
  });

  it('is of who is in reach by every filter, and of those the best: of the first who are asked and have somebody', () => {
    const seen = { owner: 0, rule: 0, default: 0, failed: 0 };
    fc.assert(
      fc.property(anyCase, (its) => {
        const decided = decideRouting(its.lead, sceneIn(its));
        const chosen = decided.kind === 'placed' ? decided.repId : undefined;
        const first = owner(its);
        const ruled = asked(its).find((each) => inReach(its, each).length > 0);
        const { defaultTeam } = its.rules;
        const last = rule({ to: { teams: defaultTeam === undefined ? [] : [defaultTeam] } });
        if (first !== undefined) {
          seen.owner += 1;
          expect(chosen).toBe(first);
        } else if (ruled) {
          seen.rule += 1;
          const reach = inReach(its, ruled);
          expect(decided).toMatchObject({ rule: ruled.id, strategy: ruled.strategy });
          expect(reach.map(({ repId }) => repId)).toContain(chosen);
          if (ruled.strategy !== 'round-robin') expect(chosen).toBe(best(its, ruled, reach));
        } else if (inReach(its, last).length > 0) {
          seen.default += 1;
          expect(inReach(its, last).map(({ repId }) => repId)).toContain(chosen);
        } else {
          seen.failed += 1;
          expect(decided.kind).toBe('failed');
          for (const each of decided.candidates) expect(each.in).toBe(false);
        }
        if (decided.kind !== 'placed') return;
        const by = its.teams.find(({ teamId }) => teamId === decided.teamId);
        if (by) expect(mayServe(by.regions, its.lead)).toBe(true);
        else expect(its.reps.find(({ repId }) => repId === chosen)?.teamIds).toEqual([]);
      }),
      { numRuns: 1_500 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
  });
});
