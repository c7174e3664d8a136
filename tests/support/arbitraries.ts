import fc from 'fast-check';
import type { Activity } from '../../src/domain/lead/activity.ts';
import type { PublishedModel } from '../../src/domain/scoring/published-model.ts';
import { activity, modelOf } from './facts.ts';
import { noon } from './noon.ts';

const dayMs = 86_400_000;
const eventTypes = ['page_view', 'signup', 'demo', 'unheard'] as const;
const traits = ['plan', 'size', 'company'] as const;
const plain = fc.constantFrom<string | number | boolean | null>(
  'free',
  'pro',
  'PRO',
  'enterprise',
  '7',
  0,
  1,
  7,
  true,
  null,
);
const points = fc.integer({ min: -5_000, max: 8_000 }).map((value) => value / 100);

/** Some time in the fifty days before noon. Few enough that activities meet in a day, a week and an instant. */
export const occurredAt = fc
  .oneof(
    fc.integer({ min: 0, max: 50 * 24 }).map((hours) => hours * 3_600_000),
    fc.constantFrom(0, dayMs, 7 * dayMs),
  )
  .map((ago) => new Date(noon.getTime() - ago).toISOString());

const fewOf = <T>(keys: readonly string[], value: fc.Arbitrary<T>) =>
  fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 3, noNullPrototype: true });

const properties = fewOf(['plan', 'size', 'a.b', 'a'], fc.oneof(plain, fc.record({ b: plain }), fc.array(plain)));

/** Activities with event ids of their own; those with the same event id are the same. */
export const activities = (maxLength: number): fc.Arbitrary<readonly Activity[]> =>
  fc
    .array(
      fc.record({
        eventType: fc.constantFrom(...eventTypes),
        occurredAt,
        properties,
        traits: fc.option(fewOf(traits, plain), { nil: undefined }),
      }),
      { maxLength },
    )
    .map((all) =>
      all.map(({ traits: said, ...rest }, index) =>
        activity({ ...rest, eventId: `e${index}`, ...(said && { traits: said }) }),
      ),
    );

const condition = fc.oneof(
  fc.record({ op: fc.constantFrom('eq', 'ne', 'contains'), value: plain }),
  fc.record({ op: fc.constantFrom('in', 'nin'), value: fc.array(plain, { minLength: 1, maxLength: 3 }) }),
  fc.record({ op: fc.constantFrom('gt', 'gte', 'lt', 'lte'), value: fc.constantFrom(0, 3, 'free', 'o') }),
  fc.record({ op: fc.constant('exists'), value: fc.boolean() }),
  fc.record({
    op: fc.constantFrom('eq', 'contains', 'startsWith', 'endsWith'),
    value: fc.constantFrom('Pro', 'pr', 'E'),
    ignoreCase: fc.boolean(),
  }),
);

const engagementRule = fc.record(
  {
    eventType: fc.oneof(fc.constantFrom(...eventTypes), fc.subarray([...eventTypes], { minLength: 1 })),
    where: fc.array(fc.tuple(fc.constantFrom('plan', 'size', 'a.b'), condition), { maxLength: 2 }),
    points,
    group: fc.constant('doings'),
    limit: fc.record({ times: fc.integer({ min: 1, max: 3 }), per: fc.constantFrom('lead', 'day', 'week', 'month') }),
    decay: fc.oneof(
      fc.record({ halfLifeDays: fc.constantFrom(0.5, 7, 30) }),
      fc.record({ expireAfterDays: fc.constantFrom(1, 14, 45) }),
    ),
  },
  { requiredKeys: ['eventType', 'where', 'points'] },
);

const traitCondition = fc
  .tuple(fc.constantFrom(...traits), condition)
  .map(([trait, each]): object => ({ trait, ...each }));
const traitConditions = fc.array(traitCondition, { minLength: 1, maxLength: 3 });

const fitRule = fc.record(
  {
    when: fc.oneof(
      traitCondition,
      traitConditions.map((all) => ({ all })),
      traitConditions.map((any) => ({ any })),
    ),
    points,
    group: fc.constant('person'),
  },
  { requiredKeys: ['when', 'points'] },
);

/** Scoring models with rules of every kind. */
export const models: fc.Arbitrary<PublishedModel> = fc
  .record({
    engagement: fc.array(engagementRule, { minLength: 1, maxLength: 6 }),
    fit: fc.array(fitRule, { maxLength: 3 }),
    caps: fc.tuple(points, points),
    floor: fc.constantFrom(0, -50, 5),
    cap: fc.constantFrom(10_000, 60, 31.5),
    threshold: fc.constantFrom(60, 20, 10.01),
  })
  .map(({ engagement, fit, caps: [doings, person], floor, cap, threshold }) =>
    modelOf({
      engagement: engagement.map(({ eventType, where, ...rest }, index) => ({
        id: `r${index}`,
        when: { eventType, where: where.map(([property, each]) => ({ property, ...each })) },
        ...rest,
      })),
      fit: fit.map((each, index) => ({ id: `f${index}`, ...each })),
      groups: { doings: { cap: doings }, person: { cap: person } },
      floor,
      cap,
      qualificationThreshold: threshold,
    }),
  );

/** The values cut into parts of random sizes. */
export const cut = <T>(values: readonly T[]): fc.Arbitrary<readonly (readonly T[])[]> =>
  fc.array(fc.boolean(), { minLength: values.length, maxLength: values.length }).map((ends) => {
    const parts: T[][] = [[]];
    values.forEach((value, index) => {
      parts.at(-1)?.push(value);
      if (ends[index]) parts.push([]);
    });
    return parts.filter((part) => part.length > 0);
  });

/** The values in any order, some of them more than once. */
export const arrivals = <T>(values: readonly T[]): fc.Arbitrary<readonly T[]> =>
  values.length === 0
    ? fc.constant([])
    : fc
        .array(fc.constantFrom(...values), { maxLength: values.length })
        .chain((again) => fc.shuffledSubarray([...values, ...again], { minLength: values.length + again.length }));
