import { describe, expect, it } from 'vitest';
import type { Activity, Json, JsonObject } from '../../src/domain/lead/activity.ts';
import { explain } from '../../src/domain/scoring/explanation.ts';
import { scoringModelSchema } from '../../src/domain/scoring/scoring-form.ts';
import type { PublishedModel } from '../../src/domain/scoring/published-model.ts';
import { modelSchema } from '../../src/domain/scoring/scoring-model.ts';
import { prepare } from '../../src/domain/scoring/prepared-model.ts';
import { inPoints, stageOf, tally } from '../../src/domain/scoring/scoring.ts';
import { activity, modelOf, standard } from '../support/facts.ts';
import { noon } from '../support/noon.ts';
import { scorableOf } from '../support/scorable.ts';

const asOf = noon.getTime();
const day = 86_400_000;
const ago = (days: number): string => new Date(asOf - days * day).toISOString();

const views = (...times: readonly string[]): readonly Activity[] =>
  times.map((occurredAt, at) => activity({ eventId: `e${at}`, occurredAt }));

const scoreOf = (model: PublishedModel, activities: readonly Activity[], traits: JsonObject = {}, at = asOf): number =>
  inPoints(tally(model, scorableOf(activities, traits), at).score);

/** A model with one rule for page views. */
const viewRule = (rule: object, more: object = {}): PublishedModel =>
  modelOf({ engagement: [{ id: 'views', when: { eventType: 'page_view' }, points: 10, ...rule }], ...more });

const whether = (condition: object, properties: JsonObject): boolean =>
  scoreOf(viewRule({ when: { eventType: 'page_view', where: [condition] } }), [activity({ properties })]) === 10;

describe('A condition', () => {
  it.each<[string, Json | undefined, JsonObject, boolean]>([
    ['eq', 'pro', { p: 'pro' }, true],
    ['eq', 'pro', { p: 'PRO' }, false],
    ['eq', 1, { p: '1' }, false],
    ['eq', null, { p: null }, true],
    ['eq', null, {}, false],
    ['eq', false, { p: false }, true],
    ['ne', 'pro', { p: 'free' }, true],
    ['ne', 'pro', { p: 'pro' }, false],
    ['ne', 'pro', {}, true],
    ['in', ['a', 2], { p: 2 }, true],
    ['in', ['a', 2], { p: '2' }, false],
    ['in', ['a', 2], {}, false],
    ['nin', ['a', 2], { p: 2 }, false],
    ['nin', ['a', 2], { p: 3 }, true],
    ['nin', ['a', 2], {}, true],
    ['gt', 5, { p: 5.01 }, true],
    ['gt', 5, { p: 5 }, false],
    ['gte', 5, { p: 5 }, true],
    ['gte', 5, { p: 4.99 }, false],
    ['lt', 5, { p: 4.99 }, true],
    ['lt', 5, { p: 5 }, false],
    ['lte', 5, { p: 5 }, true],
    ['lte', 5, { p: 5.01 }, false],
    ['gt', 5, { p: '6' }, true],
    ['gt', 5, { p: '5.0' }, false],
    ['gte', 50, { p: ' 250 ' }, true],
    ['gte', '50', { p: 250 }, true],
    ['gte', '50', { p: '9' }, false],
    ['lt', 50, { p: '1e1' }, true],
    ['lt', 50, { p: '-7.5' }, true],
    ['lt', 50, { p: '' }, false],
    ['lt', 50, { p: '7 people' }, false],
    ['lt', 50, { p: '0x10' }, false],
    ['lt', 50, { p: 'Infinity' }, false],
    ['lt', 50, { p: '0'.repeat(33) }, false],
    ['lt', 50, { p: [7] }, false],
    ['lte', 5, {}, false],
    ['lte', 5, { p: null }, false],
    ['gte', '2026-01-01', { p: '2026-01-02' }, true],
    ['gte', '2026-01-01', { p: '2025-12-31' }, false],
    ['contains', 'rice', { p: '/prices' }, true],
    ['contains', 'rice', { p: '/RICE' }, false],
    ['contains', 2, { p: [1, 2] }, true],
    ['contains', 2, { p: ['2'] }, false],
    ['contains', 2, { p: '12' }, false],
    ['contains', null, { p: [null] }, true],
    ['contains', 'x', {}, false],
    ['startsWith', '/docs', { p: '/docs/api' }, true],
    ['startsWith', '/docs', { p: '/Docs' }, false],
    ['startsWith', 'docs', { p: '/docs' }, false],
    ['startsWith', '', { p: 'x' }, true],
    ['startsWith', '1', { p: 12 }, false],
    ['startsWith', 'a', { p: ['a'] }, false],
    ['startsWith', 'a', {}, false],
    ['endsWith', '.edu', { p: 'ada@mit.edu' }, true],
    ['endsWith', '.edu', { p: 'ada@mit.EDU' }, false],
    ['endsWith', '.edu', { p: '.edu.com' }, false],
    ['endsWith', '', { p: 'x' }, true],
    ['endsWith', 'x', { p: null }, false],
    ['exists', undefined, { p: 0 }, true],
    ['exists', undefined, { p: null }, false],
    ['exists', undefined, {}, false],
    ['exists', true, { p: '' }, true],
    ['exists', false, {}, true],
    ['exists', false, { p: 1 }, false],
  ])('%s %j of %j is %s', (op, value, properties, expected) => {
    expect(whether({ property: 'p', op, ...(value !== undefined && { value }) }, properties)).toBe(expected);
  });

  it.each<[string, Json, Json | undefined, boolean]>([
    ['eq', 'Pro', 'PRO', true],
    ['eq', 'Pro', 'pr', false],
    ['eq', 1, 1, true],
    ['ne', 'Pro', 'pRO', false],
    ['ne', 'Pro', undefined, true],
    ['in', ['Pro', 'Free'], 'FREE', true],
    ['nin', ['Pro', 'Free'], 'FREE', false],
    ['in', ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I'], 'i', true],
    ['contains', 'RICE', '/prices', true],
    ['contains', 'RICE', ['rice', 1], true],
    ['contains', 'RICE', ['price'], false],
    ['contains', 'RICE', `${'x'.repeat(70_000)}rice`, false],
    ['startsWith', '/DOCS', '/docs/api', true],
    ['endsWith', '.Edu', 'ADA@MIT.EDU', true],
    ['endsWith', '.Edu', `${'x'.repeat(70_000)}.EDU`, true],
    ['endsWith', '', 'x', true],
    ['eq', 'ÄRZTE', 'ärzte', true],
  ])('that ignores case: %s %j of %j is %s', (op, value, p, expected) => {
    expect(whether({ property: 'p', op, value, ignoreCase: true }, p === undefined ? {} : { p })).toBe(expected);
  });

  it.each<[string, string, Json, Json | undefined, boolean]>([
    ['country', 'eq', 'Germany', 'DE', true],
    ['country', 'eq', 'Turkey', 'Türkiye', true],
    ['country', 'eq', 'US', 'U.S.', true],
    ['country', 'eq', 'US', 'USA', true],
    ['country', 'ne', 'US', 'United States', false],
    ['country', 'ne', 'US', 'Canada', true],
    ['country', 'ne', 'US', undefined, true],
    ['address.country', 'in', ['CZ', 'CIV'], 'Ivory Coast', true],
    ['countryCode', 'in', ['Czech Republic'], 'CZE', true],
    ['country_code', 'nin', ['Russia'], 'Russian Federation', false],
    ['country', 'eq', 'US', 'Mordor', false],
    ['country', 'eq', 'US', 1, false],
    ['country', 'contains', 'Ger', 'Germany', true],
    ['country', 'eq', 1, 1, true],
    ['land', 'eq', 'Germany', 'DE', false],
    ['email', 'eq', 'Ada@Example.com', 'ada@EXAMPLE.com', true],
    ['email', 'endsWith', '@Example.com', 'ada@EXAMPLE.com', true],
  ])('reads what is called %s: %s %j of %j is %s', (property, op, value, actual, expected) => {
    const [name = '', part] = property.split('.');
    const properties = actual === undefined ? {} : { [name]: part === undefined ? actual : { [part]: actual } };
    expect(whether({ property, op, value }, properties)).toBe(expected);
  });

  it('reads as it is told, whatever the name', () => {
    expect(whether({ property: 'land', op: 'eq', value: 'Germany', as: 'country' }, { land: 'DEU' })).toBe(true);
    expect(whether({ property: 'country', op: 'eq', value: 'Mordor', as: 'text' }, { country: 'Mordor' })).toBe(true);
    expect(whether({ property: 'n', op: 'eq', value: 5, as: 'number' }, { n: '5.0' })).toBe(true);
    expect(whether({ property: 'n', op: 'gt', value: '5', as: 'text' }, { n: '49' })).toBe(false);
  });

  it('that was recorded before values were read compares as ever', () => {
    const conditions = [
      [{ property: 'p', op: 'gt', value: 5 }, { p: '6' }],
      [{ property: 'country', op: 'eq', value: 'Germany' }, { country: 'DE' }],
      [{ property: 'email', op: 'eq', value: 'a@example.com' }, { email: 'A@example.com' }],
    ] as const;
    for (const [condition, properties] of conditions) {
      const when = { eventType: 'page_view', where: [condition] };
      const model = modelSchema.parse({ engagement: [{ id: 'views', when, points: 10 }] });
      expect(scoreOf({ version: 2, model }, [activity({ properties })])).toBe(0);
      expect(whether(condition, properties)).toBe(true);
    }
  });

  it.each<[string, JsonObject, boolean]>([
    ['a.b', { a: { b: 1 } }, true],
    ['a.b', { 'a.b': 1 }, true],
    ['a.b.c', { a: { b: { c: 1 } } }, true],
    ['a.b', { 'a.b': 2, a: { b: 1 } }, false],
    ['a.b', { a: 1 }, false],
    ['a.b', { a: null }, false],
    ['a.0', { a: [1] }, false],
    ['a.b', {}, false],
    ['constructor', {}, false],
  ])('finds %s in %j: %s', (property, properties, expected) => {
    expect(whether({ property, op: 'eq', value: 1 }, properties)).toBe(expected);
  });

  it('holds together with all others of its rule', () => {
    const where = [
      { property: 'plan', op: 'eq', value: 'pro' },
      { property: 'seats', op: 'gte', value: 5 },
    ];
    const model = viewRule({ when: { eventType: 'page_view', where } });
    expect(scoreOf(model, [activity({ properties: { plan: 'pro', seats: 5 } })])).toBe(10);
    expect(scoreOf(model, [activity({ properties: { plan: 'pro', seats: 4 } })])).toBe(0);
  });
});

describe('A limit', () => {
  it.each([
    ['lead', ['2025-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'], 1],
    ['day', ['2026-01-31T00:00:00.000Z', '2026-01-31T23:59:59.999Z'], 1],
    ['day', ['2026-01-31T23:59:59.999Z', '2026-02-01T00:00:00.000Z'], 2],
    ['week', ['2026-03-02T00:00:00.000Z', '2026-03-08T23:59:59.999Z'], 1],
    ['week', ['2026-03-08T23:59:59.999Z', '2026-03-09T00:00:00.000Z'], 2],
    ['week', ['2025-12-29T00:00:00.000Z', '2026-01-04T23:59:59.999Z'], 1],
    ['week', ['1969-12-29T00:00:00.000Z', '1970-01-04T23:59:59.999Z'], 1],
    ['week', ['1969-12-28T23:59:59.999Z', '1969-12-29T00:00:00.000Z'], 2],
    ['month', ['2026-02-01T00:00:00.000Z', '2026-02-28T23:59:59.999Z'], 1],
    ['month', ['2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00.000Z'], 2],
    ['month', ['2025-01-15T00:00:00.000Z', '2026-01-15T00:00:00.000Z'], 2],
  ])('of once per %s counts of %j so many: %i', (per, times, counted) => {
    expect(scoreOf(viewRule({ limit: { times: 1, per } }), views(...times))).toBe(10 * counted);
  });

  it('lets the first ones count, by when they occurred and then by event id, in whatever order they came', () => {
    const model = viewRule({ limit: { times: 2, per: 'lead' }, decay: { halfLifeDays: 1 } });
    const three = views(ago(0), ago(2), ago(1));
    expect(scoreOf(model, three)).toBe(7.5);
    expect(scoreOf(model, three.toReversed())).toBe(7.5);
  });

  it('of a rule for several types is of all of them together', () => {
    const when = { eventType: ['page_view', 'signup', 'demo'] };
    const three = [
      activity({ eventId: 'e1', eventType: 'signup', occurredAt: ago(1) }),
      activity({ eventId: 'e2', eventType: 'page_view', occurredAt: ago(2) }),
      activity({ eventId: 'e3', eventType: 'unheard', occurredAt: ago(2) }),
      activity({ eventId: 'e4', eventType: 'demo', occurredAt: ago(0) }),
    ];
    expect(scoreOf(viewRule({ when }), three)).toBe(30);
    expect(scoreOf(viewRule({ when, limit: { times: 2, per: 'lead' } }), three)).toBe(20);
    const halving = viewRule({ when, limit: { times: 2, per: 'lead' }, decay: { halfLifeDays: 1 } });
    expect(scoreOf(halving, three)).toBe(7.5);
    const { contributions } = explain(halving, scorableOf(three), asOf);
    expect(contributions.flatMap(({ eventId }) => eventId ?? [])).toEqual(['e2', 'e1', 'e4']);
    expect(contributions.reduce((sum, { points }) => sum + points, 0)).toBe(7.5);
  });

  it('counts only what meets the rule’s conditions', () => {
    const when = { eventType: 'page_view', where: [{ property: 'p', op: 'exists' }] };
    const model = viewRule({ when, limit: { times: 1, per: 'lead' } });
    expect(scoreOf(model, [activity(), activity({ eventId: 'e2', properties: { p: 1 } })])).toBe(10);
  });
});

describe('Decay', () => {
  it.each([
    [0, 10],
    [0.5, 7.07],
    [1, 5],
    [2, 2.5],
    [3, 1.25],
    [4, 0.63],
    [10, 0.01],
    [20, 0],
    [-1, 10],
  ])('by half each day leaves of 10 points after %d days %d', (days, left) => {
    expect(scoreOf(viewRule({ decay: { halfLifeDays: 1 } }), views(ago(days)))).toBe(left);
  });

  it('of negative points is the same towards zero', () => {
    const model = viewRule({ points: -10, decay: { halfLifeDays: 1 } }, { floor: -100 });
    expect(scoreOf(model, views(ago(4)))).toBe(-0.63);
    expect(scoreOf(model, views(ago(40)))).toBe(0);
  });

  it.each([
    [6.9, 10],
    [7, 0],
    [8, 0],
    [-1, 10],
  ])('by expiry after 7 days leaves after %d days %d', (days, left) => {
    expect(scoreOf(viewRule({ decay: { expireAfterDays: 7 } }), views(ago(days)))).toBe(left);
  });

  it('is rounded for each activity, so that their order and number in a batch can’t matter', () => {
    const model = viewRule({ points: 0.03, decay: { halfLifeDays: 1 } });
    expect(scoreOf(model, views(ago(1), ago(1), ago(1)))).toBe(0.06);
  });

  it('is as of the time that is asked for', () => {
    const model = viewRule({ decay: { halfLifeDays: 1 } });
    expect(scoreOf(model, views(ago(0)), {}, asOf + 3 * day)).toBe(1.25);
  });
});

describe('A score', () => {
  it('adds hundredths exactly', () => {
    const model = viewRule({ points: 0.1 });
    expect(scoreOf(model, views(...Array.from({ length: 3 }, () => ago(0))))).toBe(0.3);
    expect(scoreOf(viewRule({ points: 1.15 }), views(ago(0), ago(0)))).toBe(2.3);
  });

  it('takes rules of no points as they are, and stays at zero', () => {
    expect(Object.is(scoreOf(viewRule({ points: 0 }), views(ago(0))), 0)).toBe(true);
    expect(Object.is(scoreOf(viewRule({ points: -5 }), views(ago(0))), 0)).toBe(true);
    expect(scoreOf(viewRule({}), [])).toBe(0);
  });

  it('stays within the floor and the cap, at the end and not on the way', () => {
    const rules = [
      { id: 'up', when: { eventType: 'page_view' }, points: 100 },
      { id: 'down', when: { eventType: 'unsubscribe' }, points: -60 },
    ];
    const model = modelOf({ engagement: rules, floor: -10, cap: 50 });
    const down = activity({ eventId: 'd', eventType: 'unsubscribe' });
    expect(scoreOf(model, views(ago(0)))).toBe(50);
    expect(scoreOf(model, [...views(ago(0)), down])).toBe(40);
    expect(scoreOf(model, [down])).toBe(-10);
    expect(scoreOf(modelOf({ engagement: rules, floor: 5 }), [])).toBe(5);
  });

  it('caps a group of rules, of engagement and of fit, and nothing else', () => {
    const model = modelOf({
      engagement: [
        { id: 'views', when: { eventType: 'page_view' }, points: 10, group: 'doings' },
        { id: 'signup', when: { eventType: 'signup' }, points: 10, group: 'doings' },
        { id: 'demo', when: { eventType: 'demo' }, points: 7 },
      ],
      fit: [{ id: 'paying', when: { trait: 'plan', op: 'eq', value: 'pro' }, points: 30, group: 'person' }],
      groups: { doings: { cap: 12 }, person: { cap: 20 } },
    });
    const all = ['page_view', 'signup', 'demo'].map((eventType) => activity({ eventId: eventType, eventType }));
    const total = tally(model, scorableOf(all, { plan: 'pro' }), asOf);
    expect({ score: total.score, engagement: total.engagement, fit: total.fit }).toEqual({
      score: 3_900,
      engagement: 1_900,
      fit: 2_000,
    });
    expect(scoreOf(model, all.slice(0, 1))).toBe(10);
  });

  it('holds a group to a cap below zero once, and a group without rules to nothing', () => {
    const groups = { g: { cap: -4 }, empty: { cap: -100 } };
    const model = viewRule({ group: 'g' }, { groups, floor: -50 });
    expect(scoreOf(model, views(ago(0)))).toBe(-4);
    const { contributions } = explain(model, scorableOf(views(ago(0))), asOf);
    expect(contributions.map(({ points }) => points)).toEqual([10, -14]);
  });

  it('counts a fit rule once, by the traits in force', () => {
    const model = modelOf({
      fit: [{ id: 'large', when: { trait: 'company.size', op: 'gt', value: 100 }, points: 12 }],
    });
    expect(scoreOf(model, [], { company: { size: 101 } })).toBe(12);
    expect(scoreOf(model, [], { company: { size: 100 } })).toBe(0);
  });

  it.each<[object, JsonObject, boolean]>([
    [{ all: ['a', 'b'] }, { a: 1, b: 1 }, true],
    [{ all: ['a', 'b'] }, { a: 1 }, false],
    [{ any: ['a', 'b'] }, { b: 1 }, true],
    [{ any: ['a', 'b'] }, { c: 1 }, false],
    [{ any: ['a'] }, { a: 1 }, true],
  ])('counts a fit rule of several conditions: %j of %j is %s', (names, traits, expected) => {
    const when = Object.fromEntries(
      Object.entries(names).map(([how, of]: [string, string[]]) => [how, of.map((trait) => ({ trait, op: 'exists' }))]),
    );
    const model = modelOf({ fit: [{ id: 'fits', when, points: 12 }] });
    expect(scoreOf(model, [], traits)).toBe(expected ? 12 : 0);
    expect(explain(model, scorableOf([], traits), asOf).contributions).toHaveLength(expected ? 1 : 0);
  });

  it('knows the address of a lead whichever way it came', () => {
    const at = (value: string, how: object = {}) =>
      modelOf({ fit: [{ id: 'f', when: { trait: 'email', op: 'endsWith', value, ...how }, points: 7 }] });
    const lead = (traits: JsonObject, email?: string) => ({ ...scorableOf([], traits), email });
    const total = (model: PublishedModel, of: ReturnType<typeof lead>) => inPoints(tally(model, of, asOf).score);
    const acme = at('@acme.com');
    expect(total(acme, lead({}, 'ada@acme.com'))).toBe(7);
    expect(total(acme, lead({ email: 'Ada@ACME.com' }))).toBe(7);
    expect(total(acme, lead({ email: 'ada@home.example' }, 'ada@acme.com'))).toBe(0);
    expect(total(acme, lead({}))).toBe(0);
    expect(total(at('@acme.com', { as: 'text' }), lead({}, 'ada@acme.com'))).toBe(0);
    // The traits stay the same object when an address becomes known.
    const prepared = { ...acme, prepared: () => made };
    const made = prepare(acme.model);
    const traits = {};
    expect(total(prepared, lead(traits))).toBe(0);
    expect(total(prepared, lead(traits, 'ada@acme.com'))).toBe(7);
  });

  it.each([
    ['page_view', 5],
    ['email_open', 10],
    ['form_submit', 20],
    ['demo_request', 50],
    ['contract_signed', 100],
    ['webinar_attendance', 25],
    ['pricing_page_visit', 15],
    ['signup', 30],
    ['download', 15],
    ['unsubscribe', 0],
    ['anything', 0],
  ])('is by the standard model for one %s %i', (eventType, points) => {
    expect(scoreOf(standard, [activity({ eventType })])).toBe(points);
  });
});

describe('A stage', () => {
  it.each([
    [-5, 'cold'],
    [0, 'cold'],
    [10.99, 'cold'],
    [11, 'warm'],
    [30.99, 'warm'],
    [31, 'hot'],
    [59.99, 'hot'],
    [60, 'qualified'],
    [9_999, 'qualified'],
  ])('of a score of %d is %s', (points, stage) => {
    expect(stageOf(standard.model, points)).toBe(stage);
  });
});

describe('An explanation', () => {
  const lines = (model: PublishedModel, activities: readonly Activity[], traits: JsonObject = {}) =>
    explain(model, scorableOf(activities, traits), asOf).contributions.map(({ kind, rule, points, count }) => [
      ...[kind, rule, points],
      ...(count === undefined ? [] : [count]),
    ]);

  it('says who, what and when of each activity', () => {
    expect(explain(standard, scorableOf([activity()]), asOf)).toEqual({
      score: 5,
      fit: 0,
      engagement: 5,
      stage: 'cold',
      model: 1,
      asOf: noon.toISOString(),
      contributions: [
        {
          kind: 'activity',
          rule: 'page_view',
          points: 5,
          eventId: 'e1',
          eventType: 'page_view',
          occurredAt: noon.toISOString(),
        },
      ],
    });
  });

  it('has a line for what a limit leaves out, and for what decay took', () => {
    const model = viewRule({ limit: { times: 2, per: 'lead' }, decay: { halfLifeDays: 1 } });
    expect(lines(model, views(ago(2), ago(1), ago(0)))).toEqual([
      ...[0, 1, 2].map(() => ['activity', 'views', 10]),
      ['limit', 'views', -10, 1],
      ['decay', 'views', -12.5, 2],
    ]);
  });

  it('has a line for a fit, a group’s cap, the floor and the cap', () => {
    const fit = [{ id: 'paying', when: { trait: 'plan', op: 'exists' }, points: 5 }];
    const capped = viewRule({ group: 'g' }, { fit, groups: { g: { cap: 4 } }, cap: 6.5 });
    expect(lines(capped, views(ago(0)), { plan: 'pro' })).toEqual([
      ['activity', 'views', 10],
      ['fit', 'paying', 5],
      ['group_cap', 'group:g', -6],
      ['cap', 'score:cap', -2.5],
    ]);
    expect(lines(viewRule({ points: -3 }), views(ago(0)))).toEqual([
      ['activity', 'views', -3],
      ['floor', 'score:floor', 3],
    ]);
  });

  it('sums up all but the latest 200 activities of a rule', () => {
    const many = Array.from({ length: 205 }, (_, at) => activity({ eventId: `e${at}`, occurredAt: ago(at) }));
    const [older, ...listed] = explain(standard, scorableOf(many), asOf).contributions;
    expect(older).toEqual({ kind: 'activities', rule: 'page_view', points: 25, count: 5 });
    expect(listed).toHaveLength(200);
    expect(listed.at(-1)).toMatchObject({ eventId: 'e0' });
    expect(listed.at(0)).toMatchObject({ eventId: 'e199' });
  });
});

describe('A scoring model', () => {
  const rule = (more: object = {}) => ({ id: 'a', when: { eventType: 'x' }, points: 1, ...more });
  const fit = (when: object, more: object = {}) => ({ id: 'f', when, points: 1, ...more });
  const where = (condition: object) => ({ engagement: [rule({ when: { eventType: 'x', where: [condition] } })] });

  it.each<[string, object]>([
    ['a rule id twice', { engagement: [rule(), rule()] }],
    ['a rule id twice, once as fit', { engagement: [rule()], fit: [fit({ trait: 't', op: 'exists' }, { id: 'a' })] }],
    ['a rule id that an adjustment could have', { engagement: [rule({ id: 'score:cap' })] }],
    ['an unknown operator', where({ property: 'p', op: 'like', value: 1 })],
    ['eq without a value', where({ property: 'p', op: 'eq' })],
    ['eq of a list', where({ property: 'p', op: 'eq', value: [1] })],
    ['in of one value', where({ property: 'p', op: 'in', value: 1 })],
    ['in of nothing', where({ property: 'p', op: 'in', value: [] })],
    ['gt of true', where({ property: 'p', op: 'gt', value: true })],
    ['exists of a text', where({ property: 'p', op: 'exists', value: 'yes' })],
    ['startsWith of a number', where({ property: 'p', op: 'startsWith', value: 1 })],
    ['case ignored where there is none', where({ property: 'p', op: 'gt', value: 1, ignoreCase: true })],
    ['a country nobody knows', where({ property: 'country', op: 'eq', value: 'Mordor' })],
    ['a country nobody knows in a list', where({ property: 'address.country', op: 'in', value: ['DE', 'Atlantis'] })],
    ['a country nobody knows as fit', { fit: [fit({ trait: 'country', op: 'ne', value: 'EMEA' })] }],
    ['a part of a country', where({ property: 'p', op: 'contains', value: 'DE', as: 'country' })],
    ['a number that is none', where({ property: 'p', op: 'gt', value: 'x', as: 'number' })],
    ['a part of a number', where({ property: 'p', op: 'endsWith', value: '1', as: 'number' })],
    ['no event type', { engagement: [rule({ when: { eventType: [] } })] }],
    ['no condition of all', { fit: [fit({ all: [] })] }],
    ['both all and any', { fit: [fit({ all: [{ trait: 't', op: 'exists' }], any: [{ trait: 't', op: 'exists' }] })] }],
    ['three decimals', { engagement: [rule({ points: 0.005 })] }],
    ['points that are no number', { engagement: [rule({ points: '5' })] }],
    ['a group that is not defined', { engagement: [rule({ group: 'g' })] }],
    [
      'a group of both kinds',
      {
        engagement: [rule({ group: 'g' })],
        fit: [fit({ trait: 't', op: 'exists' }, { group: 'g' })],
        groups: { g: { cap: 1 } },
      },
    ],
    ['a floor above the cap', { floor: 2, cap: 1 }],
    [
      'stages that do not rise',
      {
        stages: [
          { name: 'a', from: 1 },
          { name: 'b', from: 1 },
        ],
      },
    ],
    [
      'a stage named twice',
      {
        stages: [
          { name: 'a', from: 1 },
          { name: 'a', from: 2 },
        ],
      },
    ],
    ['no stage', { stages: [] }],
    ['a limit of nothing', { engagement: [rule({ limit: { times: 0, per: 'day' } })] }],
    ['a limit per year', { engagement: [rule({ limit: { times: 1, per: 'year' } })] }],
    ['both kinds of decay', { engagement: [rule({ decay: { halfLifeDays: 1, expireAfterDays: 1 } })] }],
    ['a half-life of nothing', { engagement: [rule({ decay: { halfLifeDays: 0 } })] }],
    ['a field nobody knows', { engagement: [rule({ weight: 1 })] }],
  ])('with %s is refused', (_what, model) => {
    expect(scoringModelSchema.safeParse(model).success).toBe(false);
  });

  it('takes each hundredth of a point', () => {
    for (const points of [0, -0.01, 0.07, 1.1, 4.35, 8.29, -1.15, 9_999.99]) {
      expect(scoringModelSchema.safeParse({ engagement: [rule({ points })] }).success).toBe(true);
    }
  });

  it('is the same when it is read again', () => {
    const model = scoringModelSchema.parse({ ...where({ property: 'p', op: 'exists' }), groups: { g: { cap: 1 } } });
    expect(scoringModelSchema.parse(model)).toEqual(model);
    expect(scoringModelSchema.parse(standard.model)).toEqual(standard.model);
  });
});
