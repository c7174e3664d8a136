import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Activities } from '../../src/domain/lead/activities.ts';
import {
  activitiesFrom,
  activitiesOfType,
  activityOf,
  listOf,
  noActivities,
  overviewOf,
  withOneMore,
} from '../../src/domain/lead/activities.ts';
import type { Activity } from '../../src/domain/lead/activity.ts';
import { activity } from '../support/facts.ts';

const types = ['page_view', 'signup', 'constructor'];

/** The nth activity that a test makes, of one of a few types. */
const nth = (n: number): Activity =>
  activity({
    eventId: `e${n}`,
    eventType: types[n % types.length] ?? '',
    occurredAt: `2026-03-${10 + ((n * 7) % 20)}T12:00:00.000Z`,
    source: `source-${n % 5}`,
    ...(n % 2 > 0 && { context: { locale: `locale-${n}` } }),
  });

/** All that can be asked of activities. */
const told = (activities: Activities, asked: number) => ({
  size: activities.size,
  all: listOf(activities),
  byId: Array.from({ length: asked }, (_, n) => activityOf(activities, `e${n}`)),
  byType: types.map((type) => {
    const { list, size } = activitiesOfType(activities, type);
    return list.slice(0, size);
  }),
  overview: structuredClone(overviewOf(activities)),
});

it('Activities stay as they are for who has them, whatever is added to them and to older ones', () => {
  // Each step adds an activity to any of the values that were made before, as commands do that are decided anew.
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 30 }), (steps) => {
      const made: { readonly value: Activities; readonly expected: readonly Activity[] }[] = [
        { value: noActivities, expected: [] },
      ];
      for (const [n, step] of steps.entries()) {
        const before = made[step % made.length];
        if (!before) continue;
        made.push({ value: withOneMore(before.value, nth(n)), expected: [...before.expected, nth(n)] });
      }
      for (const { value, expected } of made)
        expect(told(value, steps.length)).toEqual(told(activitiesFrom(expected), steps.length));
    }),
    { numRuns: 300 },
  );
});

it('Nothing is copied when one activity after the other is added', () => {
  let activities = withOneMore(noActivities, nth(0));
  const { kept } = activities;
  for (let n = 1; n < 1_000; n++) activities = withOneMore(activities, nth(n));
  expect([activities.kept === kept, activities.size]).toEqual([true, 1_000]);
});

it('However often it is asked what they come to, each activity is looked at once', () => {
  let looks = 0;
  let activities = noActivities;
  for (let n = 0; n < 1_000; n++) {
    const next = Object.defineProperty({ ...nth(n) }, 'source', {
      get: () => {
        looks += 1;
        return `source-${n % 5}`;
      },
    });
    activities = withOneMore(activities, next);
    expect(overviewOf(activities).sources.size).toBe(Math.min(n + 1, 5));
  }
  expect(looks).toBe(1_000);
});
