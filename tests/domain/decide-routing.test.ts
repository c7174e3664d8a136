import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PoolEvent } from '../../src/domain/routing/pool.ts';
import { pool } from '../../src/domain/routing/pool.ts';
import type { Rep, RosterEvent } from '../../src/domain/routing/roster-events.ts';
import { roster } from '../../src/domain/routing/roster.ts';
import { decideRouting } from '../../src/domain/routing/routing.ts';
import { calendarOf, poolAfter, rosterOf, routed, rule, rules, sceneOf, team } from '../support/decisions.ts';
import { leadFreed, leadPlaced, rep, repAdded, routingRulesPublished, teamAdded } from '../support/facts.ts';

const whoGets = (...args: Parameters<typeof decideRouting>): string | undefined => {
  const decided = decideRouting(...args);
  return decided.kind === 'placed' ? decided.repId : undefined;
};

const reasons = (...args: Parameters<typeof decideRouting>): Readonly<Record<string, string>> =>
  Object.fromEntries(decideRouting(...args).candidates.map(({ repId, reason }) => [repId, reason]));

describe('Who may get a lead', () => {
  const regions = { EMEA: ['DE', 'FR', 'GB'], Americas: ['US', 'CA'] };
  const emea = team({ teamId: 'emea', regions: ['EMEA'] });
  const us = team({ teamId: 'us', regions: ['US'] });
  const both = rules({ rules: [rule({ to: { teams: ['emea', 'us'] } })], regions, defaultTeam: 'emea' });
  const reps = [rep({ repId: 'eve', teamIds: ['emea'] }), rep({ repId: 'uma', teamIds: ['us'] })];

  it.each([
    ['US', 'uma'],
    ['DE', 'eve'],
    ['FR', 'eve'],
    ['JP', undefined],
    [undefined, undefined],
  ])('a lead of %s goes to %s, where teams serve regions', (country, expected) => {
    expect(whoGets(routed({ country }), sceneOf({ teams: [emea, us], reps, rules: both }))).toBe(expected);
  });

  it('a lead from the US never reaches a team that serves EMEA only, whoever is away, full or asked first', () => {
    fc.assert(
      fc.property(
        fc.record({ away: fc.boolean(), full: fc.boolean(), had: fc.constantFrom(undefined, 'eve', 'uma') }),
        ({ away, full, had }) => {
          const [eve, uma] = [
            rep({ repId: 'eve', teamIds: ['emea'], weight: 100 }),
            rep({ repId: 'uma', teamIds: ['us'], status: away ? 'away' : 'active', capacity: full ? 0 : 1 }),
          ];
          const lead = routed({ country: 'US', domain: 'example.com', previous: had });
          const facts = [leadPlaced({ leadId: 'other', repId: 'eve', teamId: 'emea', domain: 'example.com' })];
          const scene = sceneOf({ teams: [emea, us], reps: [eve, uma], rules: both, pool: facts });
          expect(whoGets(lead, scene)).toBe(away || full ? undefined : 'uma');
        },
      ),
    );
  });

  const ann = (data: Partial<Rep>) => rep({ repId: 'ann', ...data });
  it.each<[string, Partial<Rep>, Parameters<typeof routed>[0], string]>([
    ['is away', { status: 'away' }, {}, 'away'],
    ['has left', { status: 'left' }, {}, 'left'],
    ['declined it', {}, { excluded: ['ann'] }, 'excluded'],
    ['serves another country', { regions: ['FR'] }, { country: 'DE' }, 'region'],
    ['serves one country, and nobody knows that of the lead', { regions: ['FR'] }, {}, 'region'],
    ['speaks another language', { languages: ['fr'] }, { language: 'de' }, 'language'],
    ['knows another industry', { industries: ['Banks'] }, { industry: 'mines' }, 'industry'],
    ['has no room', { capacity: 0 }, {}, 'at capacity'],
    ['may get none a day', { perDay: 0 }, {}, "at the day's cap"],
    ['may get none a week', { perWeek: 0 }, {}, "at the week's cap"],
    ['has no weight in the rotation', { weight: 0 }, {}, 'weight 0'],
  ])('somebody who %s does not, and that is said', (_, theirs, lead, reason) => {
    const scene = sceneOf({ reps: [ann(theirs)] });
    expect(decideRouting(routed(lead), scene)).toMatchObject({
      kind: 'failed',
      rule: 'all',
      reason: `Nobody of 1 fits: 1 ${reason}`,
      candidates: [{ repId: 'ann', in: false, reason }],
    });
  });

  it.each<[Partial<Rep>, Parameters<typeof routed>[0]]>([
    [{ regions: ['France'] }, { country: 'FR' }],
    [{ regions: ['FRA'] }, { country: 'FR' }],
    [{ languages: ['iw'] }, { language: 'he' }],
    [{ languages: ['de-AT', 'fr'] }, { language: 'de' }],
    [{ languages: ['fr'] }, {}],
    [{ industries: ['Banks'] }, { industry: 'banks' }],
    [{ perDay: 1, perWeek: 1, capacity: 1 }, {}],
  ])('somebody with %o may have a lead with %o', (theirs, lead) => {
    expect(whoGets(routed(lead), sceneOf({ reps: [ann(theirs)] }))).toBe('ann');
  });

  it('nobody who is off shift does', () => {
    expect(reasons(routed(), sceneOf({ reps: [ann({})], off: ['ann'] }))).toEqual({ ann: 'off shift' });
  });

  it('only who has each skill at its level does', () => {
    const sql = [{ skill: 'SQL', level: 3 }];
    const able = (repId: string, level: number) => rep({ repId, skills: [{ skill: 'sql', level }] });
    const scene = sceneOf({
      reps: [able('ann', 2), able('ben', 3), rep({ repId: 'cat' })],
      rules: rules({ rules: [rule({ skills: sql })] }),
    });
    expect(reasons(routed(), scene)).toEqual({ ann: 'skill: SQL', ben: 'chosen', cat: 'skill: SQL' });
  });
});

describe('Who is asked first', () => {
  const reps = [rep({ repId: 'ann', weight: 100 }), rep({ repId: 'ben' })];
  const ofBen = leadPlaced({ leadId: 'other', repId: 'ben', domain: 'example.com' });

  it('who had the lead before', () => {
    expect(whoGets(routed({ previous: 'ben' }), sceneOf({ reps }))).toBe('ben');
  });
  it('who has leads of the same company', () => {
    expect(whoGets(routed({ domain: 'example.com' }), sceneOf({ reps, pool: [ofBen] }))).toBe('ben');
  });
  it('nobody special where the rules say so', () => {
    const plain = rules({ sticky: { lead: false, domain: false } });
    const lead = routed({ previous: 'ben', domain: 'example.com' });
    expect(whoGets(lead, sceneOf({ reps, rules: plain, pool: [ofBen] }))).toBe('ann');
  });
  it('not who had the lead, when it no longer fits', () => {
    expect(reasons(routed({ previous: 'ben' }), sceneOf({ reps, off: ['ben'] }))).toEqual({
      ann: 'chosen',
      ben: 'off shift',
    });
  });
});

describe('Before there are rules', () => {
  const people = (...reps: readonly Rep[]) => [teamAdded(), ...reps.map((each) => repAdded(each))];
  const sceneWith = (facts: readonly RosterEvent[], ...places: readonly PoolEvent[]) => {
    const known = facts.reduce(roster.evolve, roster.initial);
    return { roster: known, pool: poolAfter(...places), calendar: calendarOf(known) };
  };
  const three = ['ann', 'ben', 'cat'].map((repId) => rep({ repId }));

  /** Who gets so many leads, one after the other, and by which rotation. */
  const given = (facts: readonly RosterEvent[], leads: number, before: readonly PoolEvent[] = []) => {
    const places = [...before];
    const got = Array.from({ length: leads }, () => {
      const [n, scene] = [places.length + 1, sceneWith(facts, ...places)];
      const decided = decideRouting(routed({ leadId: `l${n}` }), scene);
      if (decided.kind !== 'placed' || !decided.rotation) return undefined;
      const rotation = { pool: decided.rotation.pool, shares: [...decided.rotation.shares] };
      places.push(leadPlaced({ leadId: `l${n}`, decision: n, repId: decided.repId, rotation }));
      return decided.repId;
    });
    return { got, places };
  };

  it('all reps are asked in turn, whatever their teams, and the decision says why', () => {
    const alone = [...three, rep({ repId: 'dan', teamIds: [] })];
    expect(given(people(...alone), 8).got).toEqual(['ann', 'ben', 'cat', 'dan', 'ann', 'ben', 'cat', 'dan']);
    expect(decideRouting(routed(), sceneWith(people(...three)))).toMatchObject({
      kind: 'placed',
      repId: 'ann',
      teamId: 'sales',
      strategy: 'round-robin',
      because: 'no rules are published yet: everybody in turn',
    });
  });

  it('who joins takes part in the rotation that there is', () => {
    const { places } = given(people(...three), 2);
    // Cat is owed the next turn, which a rotation that began anew would give to ann.
    expect(given(people(...three, rep({ repId: 'dan' })), 1, places).got).toEqual(['cat']);
  });

  it('weights, regions and what else keeps a rep out hold, and who left is not looked at', () => {
    const all = [
      ...[rep({ repId: 'ann', weight: 2 }), rep({ repId: 'ben' }), rep({ repId: 'away', status: 'away' })],
      ...[rep({ repId: 'left', status: 'left' }), rep({ repId: 'abroad', regions: ['FR'] })],
    ];
    expect(given(people(...all), 6).got.toSorted()).toEqual(['ann', 'ann', 'ann', 'ann', 'ben', 'ben']);
    expect(reasons(routed(), sceneWith(people(...all)))).toEqual({
      ann: 'chosen',
      ben: 'fits',
      away: 'away',
      abroad: 'region',
    });
  });

  it('a lead waits when there is nobody', () => {
    expect(decideRouting(routed(), sceneWith([]))).toMatchObject({ kind: 'failed', reason: 'There is nobody to ask' });
  });

  it('rules that are published hold alone, also when they reach nobody', () => {
    const none = routingRulesPublished({ rules: rules({ rules: [] }) });
    expect(whoGets(routed(), sceneWith([...people(...three), none]))).toBeUndefined();
  });
});

describe('The rules', () => {
  const teams = [team({ teamId: 'big' }), team({ teamId: 'small' }), team({ teamId: 'rest' })];
  const reps = ['big', 'small', 'rest'].map((id) => rep({ repId: `of-${id}`, teamIds: [id] }));
  const large = rule({ id: 'large', when: [{ field: 'profile.size', op: 'gt', value: 100 }], to: { teams: ['big'] } });
  const other = rule({ id: 'other', to: { teams: ['small'] } });
  const its = rules({ rules: [{ ...large, fallback: ['other'] }, other], defaultTeam: 'rest' });
  const big = routed({ facts: { profile: { size: 500 } } });

  it('apply in their order: the first that holds', () => {
    const scene = sceneOf({ teams, reps, rules: its });
    expect(decideRouting(big, scene)).toMatchObject({ repId: 'of-big', teamId: 'big', rule: 'large' });
    expect(decideRouting(routed(), scene)).toMatchObject({ repId: 'of-small', teamId: 'small', rule: 'other' });
  });
  it('go on to the fallbacks, then to the default team, and name all who were asked', () => {
    const fallen = decideRouting(big, sceneOf({ teams, reps, rules: its, off: ['of-big'] }));
    expect(fallen).toMatchObject({
      repId: 'of-small',
      rule: 'other',
      because: 'fallback other of rule large, round-robin',
    });
    const last = decideRouting(big, sceneOf({ teams, reps, rules: its, off: ['of-big', 'of-small'] }));
    expect(last).toMatchObject({ kind: 'placed', repId: 'of-rest', because: 'default team' });
    expect(last.candidates.map(({ repId }) => repId)).toEqual(['of-big', 'of-small', 'of-rest']);
    const failed = decideRouting(big, sceneOf({ teams, reps, rules: its, off: ['of-big', 'of-small', 'of-rest'] }));
    expect(failed).toMatchObject({ kind: 'failed', reason: 'Nobody of 3 fits: 3 off shift' });
  });
  it('end when fallbacks go round in a circle', () => {
    const circle = rules({
      rules: [
        { ...large, fallback: ['other'] },
        { ...other, fallback: ['large'] },
      ],
    });
    const scene = sceneOf({ teams, reps, rules: circle, off: ['of-big', 'of-small'] });
    expect(decideRouting(big, scene).kind).toBe('failed');
  });
  it('give the lead to the least loaded, by capacity, when they say so', () => {
    const reps2 = [rep({ repId: 'ann', capacity: 2 }), rep({ repId: 'ben', capacity: 10 })];
    const held = [leadPlaced({ leadId: 'a', repId: 'ann' }), leadPlaced({ leadId: 'b', repId: 'ben', decision: 2 })];
    const scene = sceneOf({ reps: reps2, pool: held, rules: rules({ rules: [rule({ strategy: 'least-loaded' })] }) });
    expect(whoGets(routed(), scene)).toBe('ben');
  });
  it('give it to the most able, and of those to the least loaded, when they say so', () => {
    const able = (repId: string, level: number) => rep({ repId, skills: [{ skill: 'sql', level }] });
    const reps3 = [able('ann', 4), able('ben', 5), able('cat', 5)];
    const best = rules({ rules: [rule({ strategy: 'best-skill', skills: [{ skill: 'sql', level: 1 }] })] });
    const held = [leadPlaced({ leadId: 'a', repId: 'ben' })];
    expect(whoGets(routed(), sceneOf({ reps: reps3, rules: best }))).toBe('ben');
    expect(whoGets(routed(), sceneOf({ reps: reps3, rules: best, pool: held }))).toBe('cat');
  });
});

describe('A decision', () => {
  const anyRep = (repId: string) =>
    fc
      .record({
        weight: fc.integer({ min: 0, max: 9 }),
        capacity: fc.integer({ min: 0, max: 4 }),
        perDay: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
        teamIds: fc.subarray(['sales', 'rest'], { minLength: 1 }),
        status: fc.constantFrom('active', 'active', 'away'),
      })
      .map(({ perDay, ...more }) => rep({ repId, ...more, ...(perDay !== undefined && { perDay }) }));
  const reps = fc.tuple(...['ann', 'ben', 'cat', 'dan'].map(anyRep));
  const strategy = fc.constantFrom('round-robin', 'least-loaded', 'best-skill');
  const teams = [team(), team({ teamId: 'rest' })];

  it('is the same for the same facts, in whatever order reps and teams came', () => {
    fc.assert(
      fc.property(reps, strategy, fc.integer({ min: 1, max: 30 }), (all, how, leads) => {
        const its = rules({ rules: [rule({ strategy: how })], defaultTeam: 'rest' });
        const runs = [
          { reps: all, teams },
          { reps: all.toReversed(), teams: teams.toReversed() },
        ].map((of) => {
          const roster = rosterOf({ ...of, rules: its });
          const facts: PoolEvent[] = [];
          return Array.from({ length: leads }, (_, n) => {
            const scene = { roster, pool: poolAfter(...facts), calendar: calendarOf(roster) };
            const decided = decideRouting(routed({ leadId: `l${n}` }), scene);
            if (decided.kind === 'placed') {
              const { repId, teamId, rotation } = decided;
              const turn = rotation && { rotation: { pool: rotation.pool, shares: [...rotation.shares] } };
              facts.push(leadPlaced({ leadId: `l${n}`, decision: n + 1, repId, teamId, ...turn }));
            }
            return JSON.stringify(decided);
          });
        });
        expect(runs[1]).toEqual(runs[0]);
      }),
      { numRuns: 50 },
    );
  });

  it('is fair by weight to less than a lead, and owes whoever gave turns back just those', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 });
    const declines = fc.array(fc.boolean(), { minLength: 20, maxLength: 150 });
    const none = declines.map((all) => all.map(() => false));
    fc.assert(
      fc.property(weights, fc.oneof(none, declines), (all, declined) => {
        const roster = rosterOf({ reps: all.map((weight, n) => rep({ repId: `r${n}`, weight, capacity: 1_000 })) });
        const calendar = calendarOf(roster);
        const total = all.reduce((sum, weight) => sum + weight, 0);
        const [kept, given] = [all.map(() => 0), all.map(() => 0)];
        let state = pool.initial;
        for (const [n, no] of declined.entries()) {
          const of = { leadId: `l${n}`, decision: n + 1 };
          const decided = decideRouting(routed(of), { roster, pool: state, calendar });
          if (decided.kind !== 'placed' || !decided.rotation) throw new Error('Somebody fits');
          const { repId, rotation } = decided;
          const turn = { pool: rotation.pool, shares: [...rotation.shares] };
          state = pool.evolve(state, leadPlaced({ ...of, repId, rotation: turn }));
          const count = no ? given : kept;
          const who = Number(repId.slice(1));
          count[who] = (count[who] ?? 0) + 1;
          if (no) state = pool.evolve(state, leadFreed({ ...of, repId, credit: true, rotation: turn.pool }));
          for (const [each, weight] of all.entries()) {
            const behind = (weight / total) * (n + 1) - (kept[each] ?? 0);
            expect(behind).toBeGreaterThan(-1);
            expect(behind).toBeLessThan(1 + given.reduce((sum, times) => sum + times, 0));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
