import type { Activity } from './activity.ts';
import type { Overview } from './overview.ts';
import { newOverview, overview } from './overview.ts';

/**
 * The beginning of a list that is only ever added to: the first `size` of it. Who has it sees the same ones for ever, whatever
 * comes behind them.
 */
export type Beginning = { readonly list: readonly Activity[]; readonly size: number };

/**
 * Where activities are kept: all in the order in which they came, the place of each by its event id, and those of each type; and
 * what the first `size` of them come to, as far as somebody has asked.
 */
type Kept = {
  readonly all: Activity[];
  readonly places: Map<string, number>;
  readonly byType: Map<string, Activity[]>;
  readonly summary: { size: number; readonly overview: Overview };
};

/**
 * A lead's activities, each once by its event id: a value as any other part of its state. To add one to the value that has all
 * that is kept takes no copy, however many there are; to add one to an older value, as after a conflict, copies what that has.
 */
export type Activities = { readonly size: number; readonly kept: Kept };

const nothing: Beginning = { list: [], size: 0 };

const add = ({ all, places, byType }: Kept, activity: Activity): void => {
  places.set(activity.eventId, all.length);
  all.push(activity);
  const ofType = byType.get(activity.eventType);
  if (ofType) ofType.push(activity);
  else byType.set(activity.eventType, [activity]);
};

/** Activities of which no two have one event id. */
export const activitiesFrom = (given: Iterable<Activity>): Activities => {
  const kept: Kept = {
    all: [],
    places: new Map(),
    byType: new Map(),
    summary: { size: 0, overview: newOverview() },
  };
  for (const activity of given) add(kept, activity);
  return { size: kept.all.length, kept };
};

export const noActivities: Activities = activitiesFrom([]);

/** The activities as an array of its own, in the order in which they came. */
export const listOf = ({ kept, size }: Activities): readonly Activity[] => kept.all.slice(0, size);

/** Their event ids, in the same order. */
export const eventIdsOf = (activities: Activities): string[] => listOf(activities).map(({ eventId }) => eventId);

/** The activities with one more, whose event id none of them has. */
export const withOneMore = (activities: Activities, activity: Activity): Activities => {
  const isWhole = activities.size > 0 && activities.size === activities.kept.all.length;
  const { kept } = isWhole ? activities : activitiesFrom(listOf(activities));
  add(kept, activity);
  return { size: kept.all.length, kept };
};

/**
 * What activities come to for routing: to be looked at at once, as it grows with them. It goes on where the last who asked had
 * come to, so that each activity is looked at once.
 */
export const overviewOf = ({ kept, size }: Activities): Readonly<Overview> => {
  const summary = size < kept.summary.size ? { size: 0, overview: newOverview() } : kept.summary;
  for (; summary.size < size; summary.size++) {
    const next = kept.all[summary.size];
    if (next) overview(summary.overview, next);
  }
  return summary.overview;
};

/** The activity with an event id. */
export const activityOf = ({ kept, size }: Activities, eventId: string): Activity | undefined => {
  const place = kept.places.get(eventId);
  return place !== undefined && place < size ? kept.all[place] : undefined;
};

/** How many of a list, whose places in all rise, are among the first `size` of all. */
const countWithin = (list: readonly Activity[], { kept, size }: Activities): number => {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((kept.places.get(list[middle]?.eventId ?? '') ?? size) < size) from = middle + 1;
    else to = middle;
  }
  return from;
};

/** The activities of a type, in the order in which they came. The list is the same one as long as nothing was copied. */
export const activitiesOfType = (activities: Activities, eventType: string): Beginning => {
  const { kept, size } = activities;
  const list = kept.byType.get(eventType);
  if (!list) return nothing;
  return { list, size: size === kept.all.length ? list.length : countWithin(list, activities) };
};
