import type { Beginning } from '../lead/activities.ts';
import type { Activity, JsonObject } from '../lead/activity.ts';
import type { Timed } from '../conditions/matching.ts';
import { dayMs, inTime, timed } from '../conditions/matching.ts';
import type { PreparedGroup, PreparedModel, PreparedRule } from './prepared-model.ts';
import { hundredths, prepare } from './prepared-model.ts';
import type { ScoringModel } from './scoring-model.ts';
import type { PublishedModel } from './published-model.ts';

/** What a score is made of. All arithmetic is in hundredths of a point, in integers, so that no order of adding matters. */
export type Scorable = {
  /** The activities of one event type, in any order. */
  readonly activitiesOf: (eventType: string) => Beginning;
  readonly traits: JsonObject;
  /** The address that is known of it, by its identifiers. */
  readonly email?: string | undefined;
};

/** Rule ids and names of adjustments (`group:<name>`, `score:floor`, `score:cap`) with what each brings, in hundredths. */
export type Lines = ReadonlyMap<string, number>;

/** A score in hundredths and the lines it is the sum of. */
export type Tally = {
  readonly score: number;
  readonly fit: number;
  readonly engagement: number;
  readonly lines: Lines;
};

export { hundredths };
/** Hundredths as points. */
export const inPoints = (value: number): number => (value === 0 ? 0 : value / 100);

/** A model made ready: as it was when it came into force, or made ready here. */
export const preparedOf = ({ model, prepared }: PublishedModel): PreparedModel => prepared?.() ?? prepare(model);

type Limit = NonNullable<PreparedRule['limit']>;

const bucketOf = ({ day, month }: Timed, per: Limit['per']): number => {
  if (per === 'lead') return 0;
  if (per === 'day') return day;
  // 1970-01-01 was a Thursday; weeks begin on Monday, UTC.
  return per === 'week' ? Math.floor((day + 3) / 7) : month;
};

/** Hundredths after decay at a time: base * 2^(-age/halfLife), half away from zero; or nothing once expired. No age below 0. */
const decayed = ({ decay, base }: PreparedRule, at: number, asOf: number): number => {
  if (!decay) return base;
  const age = Math.max(0, asOf - at) / dayMs;
  if ('expireAfterDays' in decay) return age < decay.expireAfterDays ? base : 0;
  return Math.sign(base) * Math.round(Math.abs(base) * 2 ** (-age / decay.halfLifeDays));
};

/** What is left of those that count. */
type Counted = { readonly count: number; readonly total: number };

/**
 * Counts and adds up the activities that count: of each bucket the first `times` in the order of activities, so that arrival
 * can't matter. Those of a bucket stand together.
 */
const countWithin = (limit: Limit, matching: readonly Timed[], worth: (each: Timed) => number): Counted => {
  let [bucket, times, count, total] = [NaN, 0, 0, 0];
  for (const each of matching) {
    const own = bucketOf(each, limit.per);
    times = own === bucket ? times + 1 : 1;
    bucket = own;
    if (times > limit.times) continue;
    count += 1;
    total += worth(each);
  }
  return { count, total };
};

const countAll = (rule: PreparedRule, matching: readonly Timed[], asOf: number): Counted => {
  const { base, limit, decay } = rule;
  const count = matching.length;
  if (limit) return countWithin(limit, matching, decay ? ({ at }) => decayed(rule, at, asOf) : () => base);
  if (!decay) return { count, total: base * count };
  let total = 0;
  for (const { at } of matching) total += decayed(rule, at, asOf);
  return { count, total };
};

/** Those that a rule matches, in their order: those of several types are put together. */
const matchingOf = ({ id, eventTypes }: PreparedRule, model: PreparedModel, lead: Scorable): readonly Timed[] => {
  let found: readonly Timed[] = [];
  for (const eventType of eventTypes) {
    const matching = model.matchesOf(eventType, lead.activitiesOf(eventType)).byRule.get(id) ?? [];
    // What is remembered is not to be changed, and both are in order already: that is what sorts fastest.
    if (found.length === 0) found = matching;
    else if (matching.length > 0) found = [...found, ...matching].sort(inTime);
  }
  return found;
};

/** What one engagement rule makes of a lead's activities: those that match, in their order, how many of them count, and their worth. */
export const applyRule = (rule: PreparedRule, model: PreparedModel, lead: Scorable, asOf: number) => {
  const matching = matchingOf(rule, model, lead);
  return { base: rule.base, matching, ...countAll(rule, matching, asOf) };
};

const isBefore = (list: readonly Timed[], place: number, each: Timed): boolean => {
  const there = list[place];
  return there !== undefined && inTime(there, each) < 0;
};

/** How many of a list that is in order come before something. */
const placeIn = (list: readonly Timed[], each: Timed): number => {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isBefore(list, middle, each)) from = middle + 1;
    else to = middle;
  }
  return from;
};

/** Whether an activity that a rule matches is among those that its limit lets count. */
const counts = ({ limit }: PreparedRule, each: Timed, matching: readonly Timed[]): boolean => {
  if (!limit) return true;
  const earliest = matching[placeIn(matching, each) - limit.times];
  // Those of a bucket stand together: when the one so many places before is of another, fewer came before in this one.
  return earliest === undefined || bucketOf(earliest, limit.per) !== bucketOf(each, limit.per);
};

/** What a rule gives for one of a lead's activities of its type, in hundredths. */
export const worthOf = (
  rule: PreparedRule,
  activity: Activity,
  { model, lead }: { readonly model: PreparedModel; readonly lead: Scorable },
  asOf: number,
): number => {
  if (rule.plain) return rule.base;
  if (!rule.matches(activity)) return 0;
  const each = timed(activity);
  return counts(rule, each, rule.limit ? matchingOf(rule, model, lead) : []) ? decayed(rule, each.at, asOf) : 0;
};

const totalOf = (rule: PreparedRule, model: PreparedModel, lead: Scorable, asOf: number): number => {
  if (!rule.plain) return applyRule(rule, model, lead, asOf).total;
  let count = 0;
  for (const eventType of rule.eventTypes) count += lead.activitiesOf(eventType).size;
  return rule.base * count;
};

/** Adds a negative line for each group that is over its cap; resolves to what these lines take away. */
const capGroups = (groups: readonly PreparedGroup[], lines: Map<string, number>): number => {
  let taken = 0;
  for (const { line, cap, members } of groups) {
    let over = -cap;
    for (const id of members) over += lines.get(id) ?? 0;
    if (over <= 0) continue;
    lines.set(line, -over);
    taken += over;
  }
  return taken;
};

/** The score of a lead under a model as of a time (ms since 1970). Pure in the set of activities: order can't matter. */
export const tally = (published: PublishedModel, lead: Scorable, asOf: number): Tally => {
  const prepared = preparedOf(published);
  const lines = new Map<string, number>();
  let [engagement, fit] = [0, 0];
  for (const rule of prepared.rules) {
    const total = totalOf(rule, prepared, lead, asOf);
    if (total === 0) continue;
    lines.set(rule.id, total);
    engagement += total;
  }
  engagement -= capGroups(prepared.groups.engagement, lines);
  for (const { id, base } of prepared.fit.size === 0 ? [] : prepared.fitting(lead)) {
    lines.set(id, base);
    fit += base;
  }
  fit -= capGroups(prepared.groups.fit, lines);
  const raw = engagement + fit;
  const { floor, cap } = published.model;
  const score = Math.min(Math.max(raw, hundredths(floor)), hundredths(cap));
  if (score !== raw) lines.set(score > raw ? 'score:floor' : 'score:cap', score - raw);
  return { score, fit, engagement, lines };
};

/** The one definition of a stage: the highest whose `from` the score (in points) reaches, else the lowest. */
export const stageOf = ({ stages }: ScoringModel, points: number): string =>
  (stages.findLast(({ from }) => points >= from) ?? stages[0])?.name ?? '';
