import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/domain/lead/activity.ts';
import { excludes, implies } from '../../src/domain/conditions/condition-logic.ts';
import type { RosterEvent } from '../../src/domain/routing/roster-events.ts';
import { roster } from '../../src/domain/routing/roster.ts';
import { routingFaults } from '../../src/domain/routing/routing-faults.ts';
import { routingRulesForm } from '../../src/domain/routing/routing-form.ts';
import type { RoutingCondition, RoutingRules, RoutingTarget } from '../../src/domain/routing/routing-rules.ts';
import { meets } from '../../src/domain/conditions/comparison.ts';
import { rep } from '../support/facts.ts';

const team = (teamId: string) => ({ teamId, name: teamId, regions: [] });

const facts: readonly RosterEvent[] = [
  ...['sales', 'emea', 'empty', 'gone', 'idle'].map((id): RosterEvent => ({ type: 'TeamAdded', data: team(id) })),
  ...[
    rep({ repId: 'ada', teamIds: ['sales', 'emea'] }),
    rep({ repId: 'bob', teamIds: ['gone'], status: 'left' }),
    rep({ repId: 'cleo', teamIds: ['idle'], weight: 0 }),
    rep({ repId: 'dan', teamIds: [], status: 'away' }),
  ].map((data): RosterEvent => ({ type: 'RepAdded', data })),
];
const staffed = facts.reduce(roster.evolve, roster.initial);

const faultsOf = (rules: object): readonly (readonly [string, string])[] =>
  routingFaults(routingRulesForm.parse(rules), staffed).map(({ path, detail }) => [path.join('/'), detail]);

const sales = { to: { teams: ['sales'] } };
const us = { field: 'profile.country', op: 'eq', value: 'US' };
const hot = { field: 'score', op: 'gte', value: 80 };
const warm = { field: 'score', op: 'gte', value: 50 };

describe('Routing rules', () => {
  it.each([
    [{ rules: [{ id: 'a', to: { teams: ['sales', 'x'], reps: ['y'] } }] }, ['rules/0/to/teams/1', 'rules/0/to/reps/0']],
    [{ rules: [{ id: 'a', to: { teams: ['empty'] } }] }, ['rules/0/to']],
    [{ rules: [{ id: 'a', to: { teams: ['gone'] } }] }, ['rules/0/to']],
    [{ rules: [{ id: 'a', to: { reps: ['bob'] } }] }, ['rules/0/to']],
    [{ rules: [{ id: 'a', to: { teams: ['idle'] } }] }, ['rules/0/strategy']],
    [{ rules: [{ id: 'a', to: { teams: ['idle'] }, strategy: 'least-loaded' }] }, []],
    [{ rules: [{ id: 'a', to: { teams: ['empty'], reps: ['dan'] } }] }, []],
    [
      {
        rules: [
          { id: 'a', ...sales },
          { id: 'b', ...sales },
        ],
      },
      ['rules/1/when'],
    ],
    [
      {
        rules: [
          { id: 'a', when: [us], ...sales },
          { id: 'b', when: [us, hot], ...sales },
        ],
      },
      ['rules/1/when'],
    ],
    [
      {
        rules: [
          { id: 'a', when: [us, hot], ...sales },
          { id: 'b', when: [hot, us], ...sales },
        ],
      },
      ['rules/1/when'],
    ],
    [
      {
        rules: [
          { id: 'a', when: [warm], ...sales },
          { id: 'b', when: [hot], ...sales },
        ],
      },
      ['rules/1/when'],
    ],
    [
      {
        rules: [
          { id: 'a', when: [hot], ...sales },
          { id: 'b', when: [warm], ...sales },
        ],
      },
      [],
    ],
    [{ rules: [{ id: 'a', when: [us, { ...us, value: 'DE' }], ...sales }] }, ['rules/0/when']],
    [{ rules: [{ id: 'a', when: [hot, { ...hot, op: 'lt' }], ...sales }] }, ['rules/0/when']],
    [
      {
        rules: [
          { id: 'a', ...sales, fallback: ['b'] },
          { id: 'b', ...sales },
        ],
      },
      [],
    ],
    [{ rules: [{ id: 'a', ...sales, fallback: ['c', 'a'] }] }, ['rules/0/fallback/0', 'rules/0/fallback/1']],
    [
      {
        rules: [
          { id: 'a', when: [us], ...sales, fallback: ['b'] },
          { id: 'b', ...sales, fallback: ['a'] },
        ],
      },
      ['rules/0/fallback/0', 'rules/1/fallback/0'],
    ],
    [
      {
        rules: [
          { id: 'a', when: [us], ...sales },
          { id: 'a', ...sales },
        ],
      },
      ['rules/1/id'],
    ],
    [{ defaultTeam: 'x' }, ['defaultTeam']],
    [{ defaultTeam: 'gone' }, ['defaultTeam']],
    [{ defaultTeam: 'sales' }, []],
    [{}, []],
  ])('are told all that is wrong with them: %j', (rules, places) => {
    expect(faultsOf(rules).map(([place]) => place)).toEqual(places);
  });

  it.each([
    [{ rules: [{ id: 'a', when: [{ field: 'colour', op: 'eq', value: 'red' }], ...sales }] }, 'rules/0/when/0/field'],
    [{ rules: [{ id: 'a', when: [{ field: 'profile', op: 'exists' }], ...sales }] }, 'rules/0/when/0/field'],
    [{ rules: [{ id: 'a', when: [{ field: 'score', op: 'gte', value: '80' }], ...sales }] }, 'rules/0/when/0/value'],
    [{ rules: [{ id: 'a', when: [{ field: 'score', op: 'in', value: [1, 'x'] }], ...sales }] }, 'rules/0/when/0/value'],
    [{ rules: [{ id: 'a', when: [{ field: 'sources', op: 'eq', value: 'api' }], ...sales }] }, 'rules/0/when/0/op'],
    [{ rules: [{ id: 'a', when: [{ field: 'score', op: 'contains', value: 1 }], ...sales }] }, 'rules/0/when/0/op'],
    [{ rules: [{ id: 'a', when: [{ field: 'stage', op: 'eq', value: 1 }], ...sales }] }, 'rules/0/when/0/value'],
    [{ rules: [{ id: 'a', when: [{ field: 'profile.x', op: 'in', value: 1 }], ...sales }] }, 'rules/0/when/0/value'],
    [{ rules: [{ id: 'a', to: {} }] }, 'rules/0/to'],
    [
      { rules: [{ id: 'a', when: [{ field: 'profile.country', op: 'eq', value: 'Mordor' }], ...sales }] },
      'rules/0/when/0/value',
    ],
    [{ rules: [{ id: 'a', when: [{ field: 'score', op: 'startsWith', value: '1' }], ...sales }] }, 'rules/0/when/0/op'],
    [{ rules: [{ id: 'a', when: [{ field: 'colour', op: 'exists' }], ...sales }] }, 'rules/0/when/0/field'],
    [{ rules: [{ id: 'a', ...sales, approval: [] }] }, 'rules/0/approval'],
    [{ regions: { emea: ['Atlantis'] } }, 'regions/emea/0'],
    [{ regions: { emea: ['DE', 'ZZ'] } }, 'regions/emea/1'],
    [{ regions: { emea: ['DE'], EMEA: ['FR'] } }, 'regions/EMEA'],
    [{ freeMailDomains: ['not a domain'] }, 'freeMailDomains/0'],
  ])('say what can be looked at in a lead: %j', (rules, place) => {
    const { error } = routingRulesForm.safeParse(rules);
    expect(error?.issues.map(({ path }) => path.join('/'))).toEqual([place]);
  });

  it('know countries by the codes that leads have, and domains in lower case', () => {
    const { regions, freeMailDomains } = routingRulesForm.parse({
      regions: { emea: ['uk', 'Germany', 'FRA', 'Turkey'], bavaria: [] },
      freeMailDomains: ['@Example.COM '],
    });
    expect({ regions, freeMailDomains }).toEqual({
      regions: { emea: ['GB', 'DE', 'FR', 'TR'], bavaria: [] },
      freeMailDomains: ['example.com'],
    });
  });
});

const values = fc.constantFrom<Json>(
  null,
  true,
  0,
  1,
  2,
  3,
  '',
  'a',
  'A',
  'ab',
  'aB',
  'b',
  'c',
  '2',
  'US',
  'usa',
  'DE',
);
const texts = fc.constantFrom('', 'a', 'A', 'ab', 'AB', 'b', 'US');
const how = fc.record(
  { ignoreCase: fc.boolean(), as: fc.constantFrom('text', 'country', 'number', 'email') },
  { requiredKeys: [] },
);
const ordered = fc.constantFrom<Json>(0, 1, 2, 3, '', 'a', 'ab', 'b');
const plainConditions: fc.Arbitrary<RoutingCondition> = fc.oneof(
  fc.record({ field: fc.constant('profile.x'), op: fc.constantFrom('eq', 'ne', 'contains'), value: values }),
  fc.record({
    field: fc.constant('profile.x'),
    op: fc.constantFrom('in', 'nin'),
    value: fc.array(values, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ field: fc.constant('profile.x'), op: fc.constantFrom('gt', 'gte', 'lt', 'lte'), value: ordered }),
  fc.record({ field: fc.constant('profile.x'), op: fc.constant('exists' as const), value: fc.boolean() }),
  fc.record({
    field: fc.constant('profile.x'),
    op: fc.constantFrom('startsWith', 'endsWith', 'contains'),
    value: texts,
  }),
);
const conditions = fc.oneof(
  plainConditions,
  fc.tuple(plainConditions, how).map(([each, more]): RoutingCondition => ({ ...each, ...more })),
);
const things = fc.oneof(
  values,
  fc.double({ min: -1, max: 4 }),
  fc.array(values, { maxLength: 3 }),
  fc.constant(undefined),
);

const holds = (thing: Json | undefined, condition: RoutingCondition): boolean =>
  meets(thing === undefined ? {} : { profile: { x: thing } }, condition.field, condition);

describe('Two conditions', () => {
  it.each<[Partial<RoutingCondition>, Partial<RoutingCondition>]>([
    [
      { op: 'startsWith', value: '/docs/api' },
      { op: 'startsWith', value: '/docs' },
    ],
    [
      { op: 'endsWith', value: '.ac.uk' },
      { op: 'endsWith', value: '.uk' },
    ],
    [{ op: 'startsWith', value: 'a' }, { op: 'exists' }],
    [
      { op: 'eq', value: 'DE', as: 'country' },
      { op: 'in', value: ['DE', 'FR'], as: 'country' },
    ],
    [
      { op: 'eq', value: 'PRO', ignoreCase: true },
      { op: 'startsWith', value: 'pr', ignoreCase: true },
    ],
    [
      { op: 'gt', value: 100, as: 'number' },
      { op: 'gte', value: 50, as: 'number' },
    ],
    [
      { op: 'gt', value: 100 },
      { op: 'gte', value: 50, as: 'number' },
    ],
  ])('%j leaves nothing to what comes after it than %j', (a, b) => {
    const [one, other] = [a, b].map((each): RoutingCondition => ({ field: 'profile.x', op: 'exists', ...each }));
    if (!one || !other) throw new Error('There are two');
    expect([implies(one, other), implies(other, one)]).toEqual([true, false]);
  });

  it('that begin or end otherwise exclude each other', () => {
    const starts = (value: string, more: object = {}): RoutingCondition => ({
      field: 'profile.x',
      op: 'startsWith',
      value,
      ...more,
    });
    expect(excludes(starts('/docs'), starts('/blog'))).toBe(true);
    expect(excludes(starts('/docs'), starts('/'))).toBe(false);
    expect(excludes(starts('/DOCS'), starts('/docs', { ignoreCase: true }))).toBe(false);
  });
});

describe('Any two conditions', () => {
  it('follow from each other, or exclude each other, only when every lead agrees', () => {
    let found = 0;
    fc.assert(
      fc.property(conditions, conditions, fc.array(things, { minLength: 20, maxLength: 20 }), (a, b, all) => {
        if (implies(a, b)) found += 1;
        for (const thing of all) {
          if (implies(a, b) && holds(thing, a)) expect(holds(thing, b)).toBe(true);
          if (excludes(a, b) || excludes(b, a)) expect(holds(thing, a) && holds(thing, b)).toBe(false);
        }
      }),
      { numRuns: 4_000 },
    );
    expect(found).toBeGreaterThan(100);
  });
});

const ruleIds = fc.constantFrom('r1', 'r2', 'r3', 'r4');
const target = fc.record(
  {
    teams: fc.array(fc.constantFrom('sales', 'emea', 'empty', 'gone', 'nowhere'), { maxLength: 2 }),
    reps: fc.array(fc.constantFrom('ada', 'bob', 'dan', 'nobody'), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const someRules: fc.Arbitrary<RoutingRules> = fc.record({
  rules: fc.array(
    fc.record({
      id: ruleIds,
      when: fc.array(conditions, { maxLength: 2 }),
      to: fc.oneof(
        { weight: 5, arbitrary: fc.constant<RoutingTarget>({ teams: ['sales'] }) },
        { weight: 1, arbitrary: target },
      ),
      strategy: fc.constantFrom('round-robin', 'least-loaded', 'best-skill'),
      skills: fc.constant([]),
      fallback: fc.array(ruleIds, { maxLength: 2 }),
    }),
    { maxLength: 4 },
  ),
  sticky: fc.constant({ lead: true, domain: true }),
  freeMailDomains: fc.constant([]),
  regions: fc.constant({}),
});

describe('Any rules that pass', () => {
  it('name whom there is, reach somebody, and fall back to each rule once', () => {
    let passed = 0;
    fc.assert(
      fc.property(someRules, (all) => {
        if (routingFaults(all, staffed).length > 0) return;
        passed += 1;
        const ids = all.rules.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { to, fallback } of all.rules) {
          const named = to.reps ?? [];
          for (const id of to.teams ?? []) expect(staffed.teams.has(id)).toBe(true);
          for (const id of named) expect(staffed.reps.has(id)).toBe(true);
          const somebody = [...staffed.reps.values()].some(
            ({ repId, teamIds, status }) =>
              status !== 'left' && (named.includes(repId) || teamIds.some((id) => to.teams?.includes(id))),
          );
          expect(somebody).toBe(true);
          // Whoever walks the fallbacks comes to an end.
          const walk = (next: readonly string[], seen: readonly string[]): void => {
            for (const id of next) {
              expect(ids).toContain(id);
              expect(seen).not.toContain(id);
              walk(all.rules.find((each) => each.id === id)?.fallback ?? [], [...seen, id]);
            }
          };
          walk(fallback, [all.rules.find((each) => each.fallback === fallback)?.id ?? '']);
        }
        const open = all.rules.findIndex(({ when }) => when.length === 0);
        const used = all.rules.flatMap((each) => each.fallback);
        if (open >= 0) for (const { id } of all.rules.slice(open + 1)) expect(used).toContain(id);
      }),
      { numRuns: 3_000 },
    );
    expect(passed).toBeGreaterThan(100);
  });
});
