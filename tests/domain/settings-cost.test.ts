import fc from 'fast-check';
import { expect, it } from 'vitest';
import { invalid } from '../../src/api/http/problems.ts';
import { repChanges, repForm, rosterLimits, teamForm } from '../../src/domain/routing/roster-form.ts';
import { roster } from '../../src/domain/routing/roster.ts';
import { routingLimits } from '../../src/domain/routing/routing-cost.ts';
import { routingFaults } from '../../src/domain/routing/routing-faults.ts';
import { routingRulesForm } from '../../src/domain/routing/routing-form.ts';
import { scoringLimits, scoringModelSchema } from '../../src/domain/scoring/scoring-form.ts';

/** The longest that a body of settings may take to be judged, in ms of one core. */
const mostMs = 100;

/** The least of a few times that something takes, in ms of the processor: other work on the machine makes single ones longer. */
const leastTime = (does: () => unknown): number => {
  let least = Infinity;
  for (let n = 0; n < 8 && least > mostMs / 2; n++) {
    const begun = process.cpuUsage();
    does();
    const { user, system } = process.cpuUsage(begun);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
};

const judged = (schema: typeof scoringModelSchema | typeof routingRulesForm | typeof repForm, body: unknown): void => {
  const { error } = schema.safeParse(body);
  if (!error) return;
  expect(invalid(error).errors?.length).toBeLessThanOrEqual(20);
};

/** A value that is wrong in some way, small enough that very many of them fit in a body. */
const scrap = fc.constantFrom<unknown>(null, 0, '', 'x', {}, [], [[]], { a: 0 }, { id: 'a' }, { id: '' }, { op: 'eq' });
const field = fc.constantFrom('property', 'field', 'trait', 'skill');
const condition = fc.record(
  { name: field, op: fc.constantFrom('eq', 'in', 'nin', 'contains', 'gte', 'like'), value: fc.oneof(scrap, fc.nat()) },
  { requiredKeys: ['name'] },
);
const conditions = fc
  .tuple(condition, fc.constantFrom(1, 19, 20, 21, 1_000, 4_000))
  .map(([{ name, ...rest }, count]) => Array.from({ length: count }, (_, n) => ({ [name]: `profile.p${n}`, ...rest })));

const rule = fc.record(
  {
    id: fc.constantFrom('same', ''),
    points: fc.oneof(fc.constant(1), scrap),
    when: fc.oneof(scrap, conditions, fc.record({ eventType: fc.constant('v'), where: conditions })),
    to: fc.oneof(scrap, fc.record({ teams: fc.constant(Array.from({ length: 100 }, () => 't')) })),
    fallback: fc.constantFrom(
      ['same'],
      Array.from({ length: 2_000 }, () => 'same'),
    ),
    decay: scrap,
    group: fc.constant('g'),
    colour: scrap,
  },
  { requiredKeys: [] },
);

/** As many of the same as fit in so many bytes of JSON, up to some number, with ids of their own when they are to be. */
const lists = (item: fc.Arbitrary<unknown>, bytes: number) =>
  fc.tuple(item, fc.constantFrom(1, 100, 200, 500, 501, 200_000), fc.boolean()).map(([each, most, apart]) => {
    const count = Math.min(most, Math.floor(bytes / (JSON.stringify(each).length + 12)) + 1);
    const named = apart && typeof each === 'object' && each !== null && !Array.isArray(each);
    return Array.from({ length: count }, (_, n) => (named ? { ...each, id: `r${n}` } : each));
  });
const maps = fc
  .tuple(scrap, fc.constantFrom(1, 100, 200, 8_000, 15_000))
  .map(([value, count]) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`g${n}`, value])));

/** Bodies with two such members, which together are as large as one may be: what is larger is refused unread. */
const members = (names: readonly string[], bytes: number) =>
  fc.dictionary(
    fc.constantFrom(...names, 'unknown'),
    fc.oneof(scrap, lists(fc.oneof(scrap, rule), bytes / 2), bytes > 100_000 ? maps : scrap),
    { maxKeys: 2 },
  );

it.each([
  ['scoring models', scoringModelSchema, scoringLimits.bytes, ['engagement', 'fit', 'groups', 'stages']],
  ['routing rules', routingRulesForm, routingLimits.bytes, ['rules', 'regions', 'freeMailDomains']],
  ['reps', repForm, rosterLimits.bytes, ['name', 'skills', 'languages', 'regions', 'timeOff', 'hours']],
  ['changes of reps', repChanges, rosterLimits.bytes, ['skills', 'industries', 'teamIds', 'timeOff', 'hours']],
  ['teams', teamForm, rosterLimits.bytes, ['name', 'regions', 'leadRepId']],
] as const)('No %s take long to judge, however large and wrong they are', (_, schema, bytes, names) => {
  fc.assert(
    fc.property(members(names, bytes), (body) => {
      const took = leastTime(() => judged(schema as typeof repForm, body));
      expect(took, JSON.stringify(body).slice(0, 300)).toBeLessThan(mostMs);
    }),
    { numRuns: 60 },
  );
});

it.each([
  ['190,000 groups', scoringModelSchema, { groups: named(190_000) }],
  ['190,000 rules', scoringModelSchema, { engagement: Array.from({ length: 190_000 }, () => ({})) }],
  ['8,000 regions', routingRulesForm, { regions: named(8_000) }],
  ['400,000 values', scoringModelSchema, values(400_000)],
  ['400,000 reps of a rule', routingRulesForm, { rules: [{ id: 'a', to: { reps: Array(400_000).fill('a') } }] }],
  ['400,000 skills', repForm, { name: 'Ada', skills: Array(400_000).fill({}) }],
])('%s of 4 MiB are counted, and looked at no further', (_, schema, body) => {
  expect(leastTime(() => judged(schema as typeof repForm, body))).toBeLessThan(mostMs);
});

function named(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`group${n}`, { cap: 1 }]));
}

function values(count: number): object {
  const where = [{ property: 'p', op: 'in', value: Array.from({ length: count }, (_, n) => n) }];
  return { engagement: [{ id: 'a', points: 1, when: { eventType: 'v', where } }] };
}

it('The most routing rules that there may be are compared in a moment, whatever they ask', () => {
  const limit = fc.record({ op: fc.constantFrom('gte', 'lt', 'ne', 'eq', 'in', 'nin', 'exists'), step: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(limit, { minLength: 20, maxLength: 20 }), fc.boolean(), (limits, chained) => {
      const rules = Array.from({ length: 200 }, (_, n) => ({
        id: `r${n}`,
        to: { teams: ['t'] },
        fallback: chained && n % 20 !== 19 && n < 199 ? [`r${n + 1}`] : [],
        when: limits.map(({ op, step }, at) => {
          const list = op === 'in' || op === 'nin';
          const value = op === 'exists' ? true : list ? [n * step, at] : n * step + at / 100;
          return { field: 'profile.x', op, value };
        }),
      }));
      const { data, error } = routingRulesForm.safeParse({ rules });
      expect(leastTime(() => (data ? routingFaults(data, roster.initial) : error))).toBeLessThan(mostMs);
    }),
    { numRuns: 40 },
  );
});
