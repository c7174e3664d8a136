import type { Activity } from '../lead/activity.ts';
import { inOrder } from '../lead/activity.ts';
import { isUndotted } from './comparison.ts';

/** Activities of one type, in any order that stays the same while more are added at the end. */
export type Matching = Iterable<Activity> & { readonly size: number };

/** An activity with when it occurred: in ms, days and months, in UTC. */
export type Timed = {
  readonly activity: Activity;
  readonly at: number;
  readonly day: number;
  readonly month: number;
};

export const dayMs = 86_400_000;

/** An activity with its times, which are read out of the text once. */
export const timed = (activity: Activity): Timed => {
  const { occurredAt } = activity;
  const at = Date.parse(occurredAt);
  const month = Number(occurredAt.slice(0, 4)) * 12 + Number(occurredAt.slice(5, 7));
  return { activity, at, day: Math.floor(at / dayMs), month };
};

/** Activities in their order: all of a type, and by the id of a rule for it those that the rule matches. */
export type Matches = { readonly all: readonly Timed[]; readonly byRule: ReadonlyMap<string, readonly Timed[]> };

type Rule = {
  readonly id: string;
  readonly plain: boolean;
  readonly matches: (activity: Activity, undotted: boolean) => boolean;
};

/** How many places in lists a model remembers at most, of 8 bytes each; then it forgets all and begins again. */
const mostRemembered = 4_000_000;

/** The order of activities. The times of most differ, and numbers compare faster than texts. */
export const inTime = (a: Timed, b: Timed): number => a.at - b.at || inOrder(a.activity, b.activity);

/** What is remembered of the activities of one type of a lead. */
type Remembered = {
  /** The list as it was when it was looked at last. */
  list: Matching | undefined;
  readonly activities: Activity[];
  readonly all: Timed[];
  readonly byRule: Map<string, Timed[]>;
};

const nothingRemembered = (rules: readonly Rule[]): Remembered => {
  const all: Timed[] = [];
  // What a rule without conditions matches is one list for all of them.
  return {
    list: undefined,
    activities: [],
    all,
    byRule: new Map(rules.map(({ id, plain }) => [id, plain ? all : []])),
  };
};

const sortedFrom = (list: Timed[], first: number): void => {
  const [before, next] = [list[first - 1], list[first]];
  const sorted = list.length - first === 1 && (!before || !next || inTime(before, next) <= 0);
  if (!sorted) list.sort(inTime);
};

/** Adds the activities behind those that are known; says by how many places the lists have grown. */
const add = (remembered: Remembered, rules: readonly Rule[], fresh: readonly Activity[]): number => {
  const { activities, all, byRule } = remembered;
  if (fresh.length === 0) return 0;
  const news = fresh.map(timed);
  const first = all.length;
  for (const activity of fresh) activities.push(activity);
  for (const each of news) all.push(each);
  sortedFrom(all, first);
  const demanding = rules.filter(({ plain }) => !plain);
  const undotted = demanding.length === 0 ? [] : fresh.map(({ properties }) => isUndotted(properties));
  let grown = fresh.length * 2;
  for (const { id, matches } of demanding) {
    const list = byRule.get(id);
    if (!list) continue;
    const before = list.length;
    news.forEach((each, index) => {
      if (matches(each.activity, undotted[index] === true)) list.push(each);
    });
    if (list.length > before) sortedFrom(list, before);
    grown += list.length - before;
  }
  return grown;
};

/** The activities behind those that are known; undefined when what is known is not how they begin. */
const behind = (known: readonly Activity[], activities: Matching): readonly Activity[] | undefined => {
  if (activities.size < known.length) return undefined;
  const fresh: Activity[] = [];
  let at = 0;
  for (const activity of activities) {
    if (at >= known.length) fresh.push(activity);
    else if (known[at] !== activity) return undefined;
    at += 1;
  }
  return fresh;
};

/**
 * Finds which activities each rule for their type matches. What was found is remembered by the first activity of the list, as
 * long as that is in memory, so that of a lead that does one thing more only that is looked at. A list that does not begin as
 * the one before is looked at anew.
 */
export const remembering = (rulesOf: (eventType: string) => readonly Rule[]) => {
  let [known, places] = [new WeakMap<Activity, Remembered>(), 0];

  return (eventType: string, activities: Matching): Matches => {
    const rules = rulesOf(eventType);
    const [first] = activities;
    if (!first) return nothingRemembered(rules);
    const before = known.get(first);
    if (before?.list === activities) return before;
    const fresh = before && behind(before.activities, activities);
    const remembered = before && fresh ? before : nothingRemembered(rules);
    places += add(remembered, rules, fresh ?? [...activities]);
    remembered.list = activities;
    if (places > mostRemembered) [known, places] = [new WeakMap<Activity, Remembered>(), 0];
    known.set(first, remembered);
    return remembered;
  };
};
