import fc from 'fast-check';
import { isCollection, isKeyed } from 'immutable';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Aggregate, Event } from '../../src/domain/event.ts';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import { leadEvents } from '../../src/domain/lead/lead-events.ts';
import { listOf } from '../../src/domain/lead/activities.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { scorable } from '../../src/domain/lead/scorable.ts';
import { pool, poolEvents } from '../../src/domain/routing/pool.ts';
import { project, projectEvents } from '../../src/domain/projects/project.ts';
import { tally } from '../../src/domain/scoring/scoring.ts';
import { allTypes, factOf } from '../support/any-facts.ts';
import { models } from '../support/arbitraries.ts';
import {
  activity,
  activityRecorded,
  email,
  idOf,
  invitationMade,
  leadAbsorbed,
  leadAssigned,
  leadCaptured,
  leadDeclined,
  leadFreed,
  leadHeld,
  leadPlaced,
  leadScored,
  memberAdded,
  responseAtRisk,
  responseDue,
} from '../support/facts.ts';

/** Facts of some types as the log gives them, with numbers that add up. */
const factsOf = (schemas: object) => {
  const types = allTypes.filter((type) => type in schemas);
  const sane = (_: string, value: unknown) =>
    typeof value === 'number' ? Math.max(-1e9, Math.min(1e9, value)) : value;
  const logged = factOf(types).map((fact) => JSON.parse(JSON.stringify(fact), sane) as LeadfoldEvent);
  return fc.array(logged, { maxLength: 30 });
};

const fold = <S>(
  { evolve }: { readonly evolve: (state: S, event: never) => S },
  before: S,
  facts: readonly Event[],
): S => facts.reduce((state, fact) => evolve(state, fact as never), before);

const packed = <S>({ snapshot }: Aggregate<S, never>, state: S): string => JSON.stringify(snapshot?.pack(state));

const unpacked = <S>({ snapshot, initial }: Aggregate<S, never>, text: string): S =>
  snapshot?.unpack(JSON.parse(text)) ?? initial;

/** A state as lists and objects, everything in the order in which it is gone through. */
const plain = (value: unknown): unknown => {
  if (isCollection(value)) return isKeyed(value) ? [...value].map(plain) : [...value.values()].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return [...value].map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
};

const bySnapshot = <S>(aggregate: Aggregate<S, never>, facts: readonly Event[], cut: number): S => {
  const before = fold(aggregate, aggregate.initial, facts.slice(0, cut));
  return fold(aggregate, unpacked(aggregate, packed(aggregate, before)), facts.slice(cut));
};

const cut = fc.nat({ max: 30 });

describe('A state that was packed and unpacked', () => {
  it('goes on as the one of a lead that was folded from all facts, and scores the same', () => {
    fc.assert(
      fc.property(factsOf(leadEvents), cut, models, (facts, at, model) => {
        const [all, state] = [fold(lead, lead.initial, facts), bySnapshot(lead, facts, at)];
        expect(plain(state)).toEqual(plain(all));
        expect(tally(model, scorable(state), 0)).toEqual(tally(model, scorable(all), 0));
      }),
      { numRuns: 500 },
    );
  });

  it('goes on as the one of a pool that was folded from all facts', () => {
    fc.assert(
      fc.property(factsOf(poolEvents), cut, (facts, at) => {
        const [all, state] = [fold(pool, pool.initial, facts), bySnapshot(pool, facts, at)];
        expect(plain(state)).toEqual(plain(all));
      }),
      { numRuns: 500 },
    );
  });

  it('goes on as the one of a project that was folded from all facts', () => {
    fc.assert(
      fc.property(factsOf(projectEvents), cut, (facts, at) => {
        const [all, state] = [fold(project, project.initial, facts), bySnapshot(project, facts, at)];
        // What a model is made ready to is made of it when it is wanted.
        const known = ({ scoring: { version, model }, ...rest }: typeof all) => plain({ ...rest, version, model });
        expect(known(state)).toEqual(known(all));
        expect([...state.keys]).toEqual([...all.keys]);
      }),
      { numRuns: 300 },
    );
  });

  it('has the activities in the order in which they were gone through, however many', () => {
    const types = ['page_view', 'signup', 'demo'];
    const ofMany = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        activityRecorded(activity({ eventId: `e${(index * 7919) % count}`, eventType: types[index % 3] ?? '' })),
      );
    for (const count of [3, 8, 9, 40, 700]) {
      const state = fold(lead, lead.initial, ofMany(count));
      const again = unpacked(lead, packed(lead, state));
      expect(listOf(again.activities)).toEqual(listOf(state.activities));
    }
  });

  it('keeps what people may call things by', () => {
    const names = ['__proto__', 'constructor', 'toString', ''];
    const facts = names.map((name) =>
      activityRecorded(
        activity({
          eventId: `e${name}`,
          eventType: name,
          properties: JSON.parse(`{"${name}":1}`),
          traits: JSON.parse(`{"${name}":{"${name}":null}}`),
        }),
      ),
    );
    const state = fold(lead, lead.initial, facts);
    const text = packed(lead, state);
    expect(packed(lead, unpacked(lead, text))).toBe(text);
    expect(text).toContain('"__proto__":{"__proto__":null}');
  });

  it.each([
    ['nothing', undefined],
    ['something else', { status: 'lead' }],
    ['two activities with one event id', { activities: [activity(), activity()] }],
  ])('is refused when it is %s', (_, damage) => {
    const text = packed(lead, fold(lead, lead.initial, [leadCaptured(), activityRecorded()]));
    const whole = JSON.parse(text) as object;
    expect(() => lead.snapshot?.unpack(damage && 'activities' in damage ? { ...whole, ...damage } : damage)).toThrow();
  });
});

const stored = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${file}`, import.meta.url), 'utf8'));

/** One stored fact of each type, in the order of the types. */
const storedFacts = (types: object): readonly Event[] =>
  readdirSync(new URL('../fixtures/events/', import.meta.url))
    .flatMap((file) => {
      const [, type = ''] = /^([A-Za-z]+)\.v\d+\.json$/.exec(file) ?? [];
      return type in types ? [{ type, data: stored(`events/${file}`) }] : [];
    })
    .toSorted((a, b) => Object.keys(types).indexOf(a.type) - Object.keys(types).indexOf(b.type));

const together: readonly Event[] = [
  activityRecorded(activity({ eventId: 'later', occurredAt: '2026-03-11T00:00:00.000Z', traits: { plan: 'pro' } })),
  activityRecorded(activity({ eventId: 'before', occurredAt: '2026-03-01T00:00:00.000Z', traits: { plan: 'free' } })),
  activityRecorded(activity({ eventId: 'before', eventType: 'signup' })),
  leadAbsorbed({ from: idOf(email()), activities: [activity({ eventId: 'absorbed', eventType: 'signup' })] }),
  leadScored({
    because: [
      { rule: 'page_view', points: 0.1 },
      { rule: 'fit', points: -7.25 },
    ],
  }),
  leadAssigned({ decision: 8, repId: 'ada' }),
  leadDeclined({ decision: 8, repId: 'ada' }),
  leadAssigned({ decision: 9, repId: 'ben' }),
  responseDue({ decision: 9, repId: 'ben' }),
  responseAtRisk({ decision: 9, repId: 'ben' }),
];

const placed: readonly Event[] = [
  ...['ada', 'ben', 'ada'].map((repId, index) =>
    leadPlaced({
      repId,
      leadId: `lead-${index}`,
      decision: 10 + index,
      domain: `${repId}.example.com`,
      rotation: {
        pool: 'sales',
        shares: [
          { repId: 'ada', weight: 2 },
          { repId: 'ben', weight: 1 },
        ],
      },
    }),
  ),
  leadFreed({ leadId: 'lead-2', repId: 'ada', decision: 12, rotation: 'sales', credit: true }),
  leadHeld({ leadId: 'lead-3' }),
  leadHeld({ leadId: 'lead-4', rule: 'large', domain: 'example.com' }),
];

const issued: readonly Event[] = [
  ...['k1', 'k2', 'k3'].map((keyId) => ({
    type: 'KeyIssued',
    data: { keyId, name: `Key ${keyId}`, scopes: ['leads:read'], hash: keyId.padEnd(64, '0') },
  })),
  { type: 'KeyRevoked', data: { keyId: 'k2' } },
];

const joined: readonly Event[] = [memberAdded({ personId: 'p1' }), invitationMade({ personId: 'p2' })];

/** What facts come to, as it is stored, and the name of the file of that. */
const snapshotOf = <S>(aggregate: Aggregate<S, never>, facts: readonly Event[]) => ({
  file: `snapshots/${aggregate.name}.v${aggregate.snapshot?.version}.json`,
  made: JSON.parse(packed(aggregate, fold(aggregate, aggregate.initial, facts))) as unknown,
});

describe('Stored snapshots', () => {
  it.each([
    snapshotOf(lead, [...storedFacts(leadEvents), ...together]),
    snapshotOf(project, [...storedFacts(projectEvents), ...issued, ...joined]),
    snapshotOf(pool, [...storedFacts(poolEvents), ...placed]),
  ])('are what the same facts still come to: $file', ({ file, made }) => {
    const hint = 'What a snapshot says has changed: give its packing the next version, and store a new fixture';
    expect(made, hint).toEqual(stored(file));
  });
});
