import fc from 'fast-check';
import { expect, it } from 'vitest';
import { activitiesFrom, activitiesOfType } from '../../src/domain/lead/activities.ts';
import type { Activity } from '../../src/domain/lead/activity.ts';
import { explain } from '../../src/domain/scoring/explanation.ts';
import { inForce } from '../../src/domain/scoring/published-model.ts';
import type { Scorable } from '../../src/domain/scoring/scoring.ts';
import { tally, worthOf } from '../../src/domain/scoring/scoring.ts';
import { activities, arrivals, models } from '../support/arbitraries.ts';
import { noon } from '../support/noon.ts';

const asOf = noon.getTime();

/** Something to score whose lists stay the same ones, as those of a lead do. */
const listed = (all: readonly Activity[]): Scorable => {
  const kept = activitiesFrom(all);
  return { activitiesOf: (eventType) => activitiesOfType(kept, eventType), traits: {} };
};

const distinct = (all: readonly Activity[]): readonly Activity[] => [
  ...new Map(all.map((each) => [each.eventId, each])).values(),
];

it('What a model remembers of activities changes no score and no explanation, whatever it was asked of before', () => {
  // Beginnings of two orders in which the same activities may have come, asked about in any order: as after a conflict.
  const told = activities(16).chain((all) =>
    fc.record({
      orders: fc.tuple(arrivals(all), arrivals(all)),
      asked: fc.array(fc.tuple(fc.nat(1), fc.nat(40)), { minLength: 1, maxLength: 12 }),
    }),
  );
  fc.assert(
    fc.property(told, models, ({ orders, asked }, { version, model }) => {
      const remembering = inForce(version, model);
      for (const [order, count] of asked) {
        const lead = listed(distinct(orders[order] ?? []).slice(0, count));
        expect(tally(remembering, lead, asOf)).toEqual(tally({ version, model }, lead, asOf));
        expect(explain(remembering, lead, asOf)).toEqual(explain({ version, model }, lead, asOf));
      }
    }),
    { numRuns: 300 },
  );
});

it('What a rule gives for each activity adds up to what it gives for all of them', () => {
  fc.assert(
    fc.property(activities(16), models, (all, { version, model }) => {
      const lead = listed(distinct(all));
      const published = inForce(version, { ...model, groups: {} });
      const prepared = published.prepared?.();
      if (!prepared) throw new Error('A model in force is made ready');
      const { lines } = tally(published, lead, asOf);
      for (const rule of prepared.rules) {
        const own = rule.eventTypes.flatMap((eventType) => lead.activitiesOf(eventType).list);
        const worth = own.map((activity) => worthOf(rule, activity, { model: prepared, lead }, asOf));
        expect(worth.reduce((sum, each) => sum + each, 0)).toBe(lines.get(rule.id) ?? 0);
      }
    }),
    { numRuns: 300 },
  );
});
