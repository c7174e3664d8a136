import { describe, expect, it } from 'vitest';
import { addRep } from '../../src/commands/routing/add-rep.ts';
import { addTeam } from '../../src/commands/routing/add-team.ts';
import { changeRep } from '../../src/commands/routing/change-rep.ts';
import { issueKey } from '../../src/commands/projects/issue-key.ts';
import { publishScoringModel } from '../../src/commands/scoring/publish-scoring-model.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { scorable } from '../../src/domain/lead/scorable.ts';
import { project, projectLimits } from '../../src/domain/projects/project.ts';
import { repForm, rosterLimits } from '../../src/domain/routing/roster-form.ts';
import { routingRulesForm } from '../../src/domain/routing/routing-form.ts';
import { scoringModelSchema } from '../../src/domain/scoring/scoring-form.ts';
import { tally } from '../../src/domain/scoring/scoring.ts';
import {
  activityRecorded,
  keyIssued,
  modelOf,
  projectCreated,
  projectId,
  rep,
  repAdded,
  scoringModelPublished,
  teamAdded,
} from '../support/facts.ts';
import { given } from '../support/given.ts';
import { noon } from '../support/noon.ts';

const many = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const named = <T>(count: number, value: T): Record<string, T> =>
  Object.fromEntries(many(count, (n) => [`g${n}`, value]));

const rule = (n: number, more: object = {}, eventType = `type${n}`) => ({
  id: `r${n}`,
  points: 1,
  when: { eventType },
  ...more,
});
const fit = (n: number, op = 'exists') => ({
  id: `f${n}`,
  points: 1,
  when: { trait: `t${n}`, op, ...(op === 'contains' && { value: 'x' }) },
});
const asking = (conditions: number, more: object = {}) => ({
  engagement: [{ id: 'r', points: 1, when: { eventType: 'v', where: many(conditions, () => more) } }],
});
const listing = (values: number) => asking(1, { property: 'p', op: 'in', value: many(values, (n) => n) });
const comparing = (characters: number) => asking(1, { property: 'p', op: 'eq', value: 'x'.repeat(characters) });

/** Where a schema sees something wrong. */
const places = (schema: typeof scoringModelSchema | typeof routingRulesForm | typeof repForm, body: object) =>
  schema.safeParse(body).error?.issues.map(({ path }) => path.join('/')) ?? [];

describe('A scoring model', () => {
  const halving = (count: number) => ({
    engagement: many(count, (n) => rule(n, { decay: { halfLifeDays: 7 } }, 'page_view')),
  });
  const small = (name: string) => ({ [name]: 'p', op: 'contains', value: 'x', ignoreCase: true });
  const inGermany = { property: 'country', op: 'eq', value: 'DE' };
  const limit = { times: 1, per: 'day' };
  const deep = (levels: number) => asking(20, { property: many(levels, () => 'a').join('.'), op: 'exists' });

  it.each<[string, (count: number) => object, number, string]>([
    ['groups', (count) => ({ groups: named(count, { cap: 1 }) }), 100, 'groups'],
    ['rules', (count) => ({ engagement: many(count, (n) => rule(n)) }), 500, 'engagement'],
    [
      'rules of both kinds',
      (count) => ({ engagement: many(count - 100, (n) => rule(n)), fit: many(100, (n) => fit(n)) }),
      500,
      'fit',
    ],
    ['stages', (count) => ({ stages: many(count, (n) => ({ name: `s${n}`, from: n })) }), 20, 'stages'],
    ['conditions', (count) => asking(count, { property: 'p', op: 'exists' }), 20, 'engagement/0/when/where'],
    ['listed values', listing, 500, 'engagement/0/when/where/0/value'],
    ['characters to compare with', comparing, 256, 'engagement/0/when/where/0/value'],
    [
      'rules for one type',
      (count) => ({ engagement: many(count, (n) => rule(n, {}, 'page_view')) }),
      100,
      'engagement',
    ],
    ['rules that halve, of cost 6', halving, 33, 'engagement'],
    ['levels of 20 paths, of cost 200', deep, 9, 'engagement'],
    [
      'fit rules that look through texts, of cost 600',
      (count) => ({ fit: many(count, (n) => fit(n, 'contains')) }),
      60,
      'fit',
    ],
    [
      'fit conditions of one rule',
      (count) => ({ fit: [{ ...fit(0), when: { all: many(count, () => ({ trait: 't', op: 'exists' })) } }] }),
      20,
      'fit/0/when',
    ],
    [
      'fit conditions that look through texts in small letters, of cost 600',
      (count) => ({ fit: many(count, (n) => ({ ...fit(n), when: { any: many(2, () => small('trait')) } })) }),
      16,
      'fit',
    ],
    [
      'event types of one rule',
      (count) => ({ engagement: [{ ...rule(0), when: { eventType: many(count, (n) => `v${n}`) } }] }),
      20,
      'engagement/0/when/eventType',
    ],
    [
      'rules for one type among several, put in order, of cost 200',
      (count) => ({ engagement: many(count, (n) => rule(n, { when: { eventType: ['v', `t${n}`] }, limit })) }),
      50,
      'engagement',
    ],
    [
      'conditions that look through texts in small letters, of cost 200',
      (count) => asking(count, small('property')),
      19,
      'engagement',
    ],
    [
      'rules that read countries, of cost 200',
      (count) => ({ engagement: many(count, (n) => rule(n, { when: { eventType: 'v', where: [inGermany] } })) }),
      20,
      'engagement',
    ],
  ])('has %s up to its bound, and no more', (_, body, most, place) => {
    expect(places(scoringModelSchema, body(most))).toEqual([]);
    expect(places(scoringModelSchema, body(most + 1))).toEqual([place]);
  });

  it('that is rich is not too dear', () => {
    const where = [
      { property: 'path', op: 'contains', value: '/pricing' },
      { property: 'utm', op: 'eq', value: 'ads' },
    ];
    const decay = (n: number) => (n % 3 === 0 ? { decay: { halfLifeDays: 14 } } : {});
    const views = many(30, (n) => rule(n, { when: { eventType: 'page_view', where }, ...decay(n) }));
    expect(places(scoringModelSchema, { engagement: views })).toEqual([]);
  });

  it('that is too dear is told its cost, the most there may be, and what to do', () => {
    const { error } = scoringModelSchema.safeParse(halving(40));
    expect(error?.issues.map(({ message }) => message)).toEqual([
      'The rules for page_view cost 240, 200 at most: use fewer rules or conditions for it, or less decay by half',
    ]);
  });

  it('of before there were bounds is folded and scores as ever, and fast', () => {
    const old = { ...modelOf({}).model, groups: named(190_000, { cap: 1 }) };
    const engagement = [{ ...rule(0, {}, 'page_view'), when: { eventType: 'page_view', where: [] }, group: 'g189999' }];
    const state = lead.evolve(lead.initial, activityRecorded());
    const begun = process.cpuUsage();
    const folded = many(70, (n) => scoringModelPublished({ version: n + 2, model: { ...old, engagement } })).reduce(
      project.evolve,
      project.initial,
    );
    const totals = many(1_000, () => tally(folded.scoring, scorable(state), noon.getTime()).score);
    expect(new Set(totals)).toEqual(new Set([100]));
    // They are folded in no time; the last is gone through once: a second is for machines that are busy.
    expect(process.cpuUsage(begun).user / 1_000).toBeLessThan(1_000);
  });
});

describe('Routing rules', () => {
  const to = { teams: ['sales'] };
  const chain = (count: number) => ({
    rules: many(count + 1, (n) => ({ id: `r${n}`, to, fallback: n < count ? [`r${n + 1}`] : [] })),
  });
  const one = (more: object) => ({ rules: [{ id: 'a', to, ...more }] });

  it.each<[string, (count: number) => object, number, string]>([
    ['rules', (count) => ({ rules: many(count, (n) => ({ id: `r${n}`, to })) }), 200, 'rules'],
    ['regions', (count) => ({ regions: named(count, ['DE']) }), 200, 'regions'],
    ['countries of a region', (count) => ({ regions: { all: many(count, () => 'DE') } }), 300, 'regions/all'],
    [
      'domains of free mail',
      (count) => ({ freeMailDomains: many(count, () => 'a.example') }),
      1_000,
      'freeMailDomains',
    ],
    [
      'conditions',
      (count) => one({ when: many(count, () => ({ field: 'score', op: 'gt', value: 1 })) }),
      20,
      'rules/0/when',
    ],
    ['values', (count) => one({ when: [{ field: 'score', op: 'in', value: many(count, (n) => n) }] }), 5_000, 'rules'],
    ['teams', (count) => one({ to: { teams: many(count, () => 'sales') } }), 100, 'rules/0/to/teams'],
    ['reps', (count) => one({ to: { reps: many(count, () => 'ada') } }), 1_000, 'rules/0/to/reps'],
    ['rules that one leads on to', chain, 20, 'rules/0/fallback'],
  ])('have %s up to their bound, and no more', (_, body, most, place) => {
    expect(places(routingRulesForm, body(most))).toEqual([]);
    expect(places(routingRulesForm, body(most + 1))).toEqual([place]);
  });
});

describe('A rep', () => {
  it.each<[string, (count: number) => object, number]>([
    ['regions', (count) => ({ regions: many(count, () => 'DE') }), 300],
    ['languages', (count) => ({ languages: many(count, () => 'de') }), 100],
    ['teamIds', (count) => ({ teamIds: many(count, () => 'sales') }), 50],
    ['skills', (count) => ({ skills: many(count, (n) => ({ skill: `s${n}`, level: 1 })) }), 100],
    [
      'timeOff',
      (count) => ({ timeOff: many(count, () => ({ from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })) }),
      400,
    ],
  ])('has %s up to their bound, and no more', (place, body, most) => {
    expect(places(repForm, { name: 'Ada', ...body(most) })).toEqual([]);
    expect(places(repForm, { name: 'Ada', ...body(most + 1) })).toEqual([place]);
  });
});

describe('A project', () => {
  const issuing = { projectId, ...keyIssued({ keyId: 'one more' }).data };
  const keys = (count: number) => many(count, (n) => keyIssued({ keyId: `k${n}` }));

  it('has so many keys that are not taken back, and no more', () => {
    expect(
      given(projectCreated(), ...keys(projectLimits.keys - 1))
        .when(issueKey, issuing)
        .facts(),
    ).toHaveLength(1);
    given(projectCreated(), ...keys(projectLimits.keys))
      .when(issueKey, issuing)
      .rejects('keys-full');
  });

  it('publishes so many versions of its scoring model, and no more', () => {
    const { model } = modelOf({ floor: -1 });
    const { versions } = projectLimits;
    const published = (version: number) => given(projectCreated(), scoringModelPublished({ version }));
    expect(
      published(versions - 1)
        .when(publishScoringModel, { projectId, model })
        .facts(),
    ).toHaveLength(1);
    published(versions).when(publishScoringModel, { projectId, model }).rejects('versions-full');
  });

  const reps = (count: number) => many(count, (n) => repAdded(rep({ repId: `r${n}` })));
  const ada = { projectId, ...repForm.parse({ name: 'Ada' }), repId: 'ada' };

  it('has so many reps who have not left, and no more', () => {
    expect(
      given(...reps(rosterLimits.reps - 1))
        .when(addRep, ada)
        .facts(),
    ).toHaveLength(1);
    given(...reps(rosterLimits.reps))
      .when(addRep, ada)
      .rejects('roster-full');
    const left = { ...ada, status: 'left' as const };
    expect(
      given(...reps(rosterLimits.reps))
        .when(addRep, left)
        .facts(),
    ).toHaveLength(1);
    const back = { projectId, repId: 'bob', changes: { status: 'active' as const } };
    given(...reps(rosterLimits.reps), repAdded(rep({ repId: 'bob', teamIds: [], status: 'left' })))
      .when(changeRep, back)
      .rejects('roster-full');
  });

  it('has so many teams, and so much in the lists of all, and no more', () => {
    const teams = (count: number) => many(count, (n) => teamAdded({ teamId: `t${n}` }));
    const sales = { projectId, teamId: 'one-more', name: 'More', regions: [] };
    expect(
      given(...teams(rosterLimits.teams - 1))
        .when(addTeam, sales)
        .facts(),
    ).toHaveLength(1);
    given(...teams(rosterLimits.teams))
      .when(addTeam, sales)
      .rejects('roster-full');
    const wide = (n: number) => repAdded(rep({ repId: `r${n}`, teamIds: [], regions: many(500, (at) => `c${at}`) }));
    const full = many(rosterLimits.entries / 500, wide);
    given(...full)
      .when(addRep, { ...ada, regions: ['DE'] })
      .rejects('roster-full');
    expect(
      given(...full)
        .when(addRep, ada)
        .facts(),
    ).toHaveLength(1);
  });

  it('lets a rep that is larger than one may be become smaller', () => {
    const huge = repAdded(rep({ repId: 'ada', teamIds: [], regions: many(600, (n) => `${n}`.padEnd(100, 'x')) }));
    const change = (changes: object) => given(huge).when(changeRep, { projectId, repId: 'ada', changes });
    expect(change({ status: 'left' }).facts()).toHaveLength(1);
    change({ languages: ['de'] }).rejects('roster-full');
  });
});
