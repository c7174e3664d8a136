import type { Activity } from '../lead/activity.ts';
import type { Beginning } from '../lead/activities.ts';
import { inOrder } from '../lead/activity.ts';
import { isUndotted } from './comparison.ts';

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
  /** How many of the list were looked at. */
  size: number;
  readonly all: Timed[];
  readonly byRule: Map<string, Timed[]>;
};

const nothingRemembered = (rules: readonly Rule[]): Remembered => {
  const all: Timed[] = [];
  // What a rule without conditions matches is one list for all of them.
  return {
    size: 0,
    all,
    byRule: new Map(rules.map(({ id, plain }) => [id, plain ? all : []])),
  };
};

const sortedFrom = (list: Timed[], first: number): void => {
  const [before, next] = [list[first - 1], list[first]];
  const sorted = list.length - first === 1 && (!before || !next || inTime(before, next) <= 0);
  if (!sorted) list.sort(inTime);
};

/** Adds the activities behind those that were looked at; says by how many places the lists have grown. */
const add = (remembered: Remembered, rules: readonly Rule[], fresh: readonly Activity[]): number => {
  const { all, byRule } = remembered;
  if (fresh.length === 0) return 0;
  remembered.size += fresh.length;
  const news = fresh.map(timed);
  const first = all.length;
  for (const each of news) all.push(each);
  sortedFrom(all, first);
  const demanding = rules.filter(({ plain }) => !plain);
  const undotted = demanding.length === 0 ? [] : fresh.map(({ properties }) => isUndotted(properties));
  let grown = fresh.length;
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

/**
 * Finds which activities each rule for their type matches. What was found is remembered by their list as long as that is in
 * memory, so that of a lead that does one thing more only that is looked at. When less of a list is asked for than was looked at,
 * as after a conflict, that is looked at anew.
 */
export const remembering = (rulesOf: (eventType: string) => readonly Rule[]) => {
  let [known, places] = [new WeakMap<readonly Activity[], Remembered>(), 0];

  return (eventType: string, { list, size }: Beginning): Matches => {
    const rules = rulesOf(eventType);
    const before = known.get(list);
    if (before?.size === size) return before;
    const remembered = before && before.size < size ? before : nothingRemembered(rules);
    places += add(remembered, rules, list.slice(remembered.size, size));
    if (places > mostRemembered) [known, places] = [new WeakMap<readonly Activity[], Remembered>(), 0];
    known.set(list, remembered);
    return remembered;
  };
};
