import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activitiesFrom, overviewOf } from '../../src/domain/lead/activities.ts';
import { activityCondition } from '../../src/domain/lead/context.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { contextIn } from '../../src/domain/lead/overview.ts';
import { scorable } from '../../src/domain/lead/scorable.ts';
import { routable } from '../../src/domain/routing/routable.ts';
import { routingRulesForm } from '../../src/domain/routing/routing-form.ts';
import { noRules } from '../../src/domain/routing/routing-rules.ts';
import { tally } from '../../src/domain/scoring/scoring.ts';
import { activity, activityRecorded, leadCaptured, modelOf } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const campaign = (source: string) => ({ campaign: { source } });

describe('A condition of a scoring rule', () => {
  const from = activityCondition('context.campaign.source', { op: 'eq', value: 'ads' });
  const missing = activityCondition('context.locale', { op: 'exists', value: false });

  it('looks into the context for what is not in the properties', () => {
    expect(from(activity({ context: campaign('ads') }))).toBe(true);
    expect(from(activity({ context: campaign('mail') }))).toBe(false);
    expect(from(activity({ context: { 'campaign.source': 'ads' } }))).toBe(true);
    expect(from(activity())).toBe(false);
    expect(missing(activity())).toBe(true);
    expect(missing(activity({ context: { locale: 'de' } }))).toBe(false);
  });

  it('takes what the properties say under that name before', () => {
    const properties = { context: campaign('ads') };
    expect(from(activity({ properties }))).toBe(true);
    expect(from(activity({ properties, context: campaign('mail') }))).toBe(true);
    expect(from(activity({ properties: { 'context.campaign.source': 'ads' } }))).toBe(true);
    expect(from(activity({ properties: { 'context.campaign.source': null }, context: campaign('ads') }))).toBe(false);
  });

  it('looks nowhere else for another name', () => {
    const plain = activityCondition('campaign.source', { op: 'exists' });
    expect(plain(activity({ context: campaign('ads') }))).toBe(false);
    expect(plain(activity({ properties: campaign('ads'), context: {} }))).toBe(true);
  });

  it('gives points for what came from a campaign', () => {
    const model = modelOf({
      engagement: [
        {
          id: 'ads',
          when: {
            eventType: 'page_view',
            where: [{ property: 'context.campaign.source', op: 'in', value: ['ads', 'tv'] }],
          },
          points: 7,
        },
      ],
    });
    const facts = ['ads', 'mail', 'tv'].map((source, n) =>
      activityRecorded({ eventId: `e${n}`, context: campaign(source) }),
    );
    const state = [leadCaptured(), ...facts, activityRecorded({ eventId: 'e9' })].reduce(lead.evolve, lead.initial);
    expect(tally(model, scorable(state), noon.getTime()).score).toBe(1_400);
  });
});

describe('The context of a lead', () => {
  const days = (day: number) => `2026-03-0${day}T12:00:00.000Z`;
  const told = [
    activity({ eventId: 'a', occurredAt: days(1), context: { ...campaign('ads'), locale: 'de' } }),
    activity({ eventId: 'b', occurredAt: days(3), context: { locale: 'en' } }),
    activity({ eventId: 'c', occurredAt: days(2), context: { ...campaign('mail'), page: { path: '/' } } }),
    activity({ eventId: 'd', occurredAt: days(3), context: { locale: 'fr' } }),
    activity({ eventId: 'e', occurredAt: days(4) }),
  ];

  it('has of each part what the last activity says of it, in whatever order they came', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(told, { minLength: told.length }), (some) => {
        expect(contextIn(overviewOf(activitiesFrom(some)))).toEqual({
          ...campaign('mail'),
          page: { path: '/' },
          locale: 'fr',
        });
      }),
    );
    expect(contextIn(overviewOf(activitiesFrom([])))).toEqual({});
  });

  it('is what the conditions of routing rules look at', () => {
    const facts = told.map((each) => activityRecorded(each));
    const state = [leadCaptured(), ...facts].reduce(lead.evolve, lead.initial);
    expect(routable(state, noRules).facts['context']).toMatchObject(campaign('mail'));
  });

  it('may be asked for by routing rules down to any part of it', () => {
    const rulesOf = (field: string) => ({
      rules: [{ id: 'r', when: [{ field, op: 'eq', value: 'ads' }], to: { reps: ['ada'] } }],
    });
    for (const field of ['context.campaign.source', 'context.locale', 'context.page.path', 'profile.plan'])
      expect({ field, success: routingRulesForm.safeParse(rulesOf(field)).success }).toEqual({ field, success: true });
    for (const field of ['context', 'context.', 'context..source', 'contexts.locale'])
      expect({ field, success: routingRulesForm.safeParse(rulesOf(field)).success }).toEqual({ field, success: false });
  });
});
