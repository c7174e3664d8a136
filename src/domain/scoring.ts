import type { Activity, JsonObject } from './activity.ts';
import { inOrder } from './activity.ts';
import type { EngagementRule, FitRule, PublishedModel, ScoringModel } from './scoring-model.ts';
import { meets } from './scoring-model.ts';

/** What a score is made of. All arithmetic is in hundredths of a point, in integers, so that no order of adding matters. */
export type Scorable = {
  /** The activities of one event type, in any order. */
  readonly activitiesOf: (eventType: string) => Iterable<Activity> & { readonly size: number };
  readonly traits: JsonObject;
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

/** Points with two decimals as hundredths, and back. */
export const hundredths = (points: number): number => Math.round(points * 100);
export const inPoints = (value: number): number => (value === 0 ? 0 : value / 100);

const dayMs = 86_400_000;

const bucketOf = (occurredAt: string, per: 'lead' | 'day' | 'week' | 'month'): string => {
  if (per === 'lead') return '';
  if (per === 'day') return occurredAt.slice(0, 10);
  if (per === 'month') return occurredAt.slice(0, 7);
  // 1970-01-01 was a Thursday; weeks begin on Monday, UTC.
  return String(Math.floor((Math.floor(Date.parse(occurredAt) / dayMs) + 3) / 7));
};

/** The activities that count: of each bucket the first `times` in the order of activities, so that arrival can't matter. */
const withinLimit = (rule: EngagementRule, matching: readonly Activity[]): readonly Activity[] => {
  const { limit } = rule;
  if (!limit) return matching;
  const taken = new Map<string, number>();
  return matching.toSorted(inOrder).filter(({ occurredAt }) => {
    const bucket = bucketOf(occurredAt, limit.per);
    const times = (taken.get(bucket) ?? 0) + 1;
    taken.set(bucket, times);
    return times <= limit.times;
  });
};

/** Hundredths after decay at a time: base * 2^(-age/halfLife), half away from zero; or nothing once expired. No age below 0. */
const decayed = ({ decay }: EngagementRule, base: number, occurredAt: string, asOf: number): number => {
  if (!decay) return base;
  const age = Math.max(0, asOf - Date.parse(occurredAt)) / dayMs;
  if ('expireAfterDays' in decay) return age < decay.expireAfterDays ? base : 0;
  return Math.sign(base) * Math.round(Math.abs(base) * 2 ** (-age / decay.halfLifeDays));
};

const matches = ({ when }: EngagementRule, activity: Activity): boolean =>
  when.eventType === activity.eventType &&
  when.where.every((condition) => meets(activity.properties, condition.property, condition));

/** What one engagement rule makes of a lead's activities: those that match, those of them that count, and their worth. */
export const applyRule = (rule: EngagementRule, lead: Scorable, asOf: number) => {
  const base = hundredths(rule.points);
  const matching = [...lead.activitiesOf(rule.when.eventType)].filter((activity) => matches(rule, activity));
  const counting = withinLimit(rule, matching);
  const worth = new Map(counting.map(({ eventId, occurredAt }) => [eventId, decayed(rule, base, occurredAt, asOf)]));
  return { base, matching, counting, worth, total: sum(worth.values()) };
};

/** The usual rule has neither condition, limit nor decay: then counting does, however long the history. */
export const isPlain = ({ when, limit, decay }: EngagementRule): boolean => when.where.length === 0 && !limit && !decay;

const totalOf = (rule: EngagementRule, lead: Scorable, asOf: number): number => {
  if (isPlain(rule)) return hundredths(rule.points) * lead.activitiesOf(rule.when.eventType).size;
  return applyRule(rule, lead, asOf).total;
};

export const fits = ({ when }: FitRule, traits: JsonObject): boolean => meets(traits, when.trait, when);

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

type Grouped = { readonly id: string; readonly group?: string | undefined };

/** Adds a negative line for each group of these rules that is over its cap. */
const capGroups = (model: ScoringModel, rules: readonly Grouped[], lines: Map<string, number>): void => {
  for (const [group, { cap }] of Object.entries(model.groups)) {
    const members = rules.filter((rule) => rule.group === group);
    const over = sum(members.map(({ id }) => lines.get(id) ?? 0)) - hundredths(cap);
    if (members.length > 0 && over > 0) lines.set(`group:${group}`, -over);
  }
};

/** The score of a lead under a model as of a time (ms since 1970). Pure in the set of activities: order can't matter. */
export const tally = ({ model }: PublishedModel, lead: Scorable, asOf: number): Tally => {
  const engagement = new Map(model.engagement.map((rule) => [rule.id, totalOf(rule, lead, asOf)]));
  const fit = new Map(model.fit.map((rule) => [rule.id, fits(rule, lead.traits) ? hundredths(rule.points) : 0]));
  capGroups(model, model.engagement, engagement);
  capGroups(model, model.fit, fit);
  const raw = sum(engagement.values()) + sum(fit.values());
  const score = Math.min(Math.max(raw, hundredths(model.floor)), hundredths(model.cap));
  const clamp: readonly [string, number] = [score > raw ? 'score:floor' : 'score:cap', score - raw];
  const lines = new Map([...engagement, ...fit, clamp].filter(([, value]) => value !== 0));
  return { score, fit: sum(fit.values()), engagement: sum(engagement.values()), lines };
};

/** The one definition of a stage: the highest whose `from` the score (in points) reaches, else the lowest. */
export const stageOf = ({ stages }: ScoringModel, points: number): string =>
  (stages.findLast(({ from }) => points >= from) ?? stages[0])?.name ?? '';
