import type { Activity, JsonObject } from '../../src/domain/lead/activity.ts';
import type { Scorable } from '../../src/domain/scoring/scoring.ts';

/** Something to score that was never a lead. */
export const scorableOf = (activities: readonly Activity[], traits: JsonObject = {}): Scorable => ({
  activitiesOf: (eventType) => {
    const list = activities.filter((each) => each.eventType === eventType);
    return { list, size: list.length };
  },
  traits,
});
