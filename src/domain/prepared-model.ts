import type { Activity, JsonObject } from './activity.ts';
import { condition } from './comparison.ts';
import { activityCondition } from './context.ts';
import type { Matches, Matching } from './matching.ts';
import { remembering } from './matching.ts';
import type { EngagementRule, FitRule, ScoringModel } from './scoring-model.ts';

/** Points with two decimals as hundredths. */
export const hundredths = (points: number): number => Math.round(points * 100);

/** An engagement rule made ready: `base` in hundredths. */
export type PreparedRule = Pick<EngagementRule, 'id' | 'limit' | 'decay'> & {
  readonly eventType: string;
  readonly base: number;
  /** It has neither condition, limit nor decay: then counting does, however long the history. */
  readonly plain: boolean;
  readonly matches: (activity: Activity, undotted?: boolean) => boolean;
};

/** A fit rule made ready: `base` in hundredths. */
export type PreparedFit = {
  readonly id: string;
  readonly trait: string;
  readonly base: number;
  readonly fits: (traits: JsonObject) => boolean;
};

/** A group that some rules are in: the name of its line, its cap in hundredths, and the ids of those rules. */
export type PreparedGroup = { readonly line: string; readonly cap: number; readonly members: readonly string[] };

/** What is made of a model once, so that each score costs little. */
export type PreparedModel = {
  readonly rules: readonly PreparedRule[];
  readonly rulesOf: (eventType: string) => readonly PreparedRule[];
  readonly fit: ReadonlyMap<string, PreparedFit>;
  /** The fit rules that bring something to a lead with these traits. Remembered while the traits are in memory. */
  readonly fitting: (traits: JsonObject) => readonly PreparedFit[];
  readonly groups: { readonly engagement: readonly PreparedGroup[]; readonly fit: readonly PreparedGroup[] };
  /** Which of a lead's activities of one type the rules for that type match. Remembered while the activities are in memory. */
  readonly matchesOf: (eventType: string, activities: Matching) => Matches;
};

const preparedRule = ({ id, when, points, limit, decay }: EngagementRule): PreparedRule => {
  const conditions = when.where.map((each) => activityCondition(each.property, each));
  return {
    id,
    eventType: when.eventType,
    base: hundredths(points),
    limit,
    decay,
    plain: conditions.length === 0 && !limit && !decay,
    matches: (activity, undotted) => conditions.every((holds) => holds(activity, undotted)),
  };
};

const preparedFit = ({ id, when, points }: FitRule): PreparedFit => ({
  id,
  trait: when.trait,
  base: hundredths(points),
  fits: condition(when.trait, when),
});

type Grouped = { readonly id: string; readonly group?: string | undefined };

/** The groups that some of these rules are in, in the order of the model. */
const groupsOf = ({ groups }: ScoringModel, rules: readonly Grouped[]): readonly PreparedGroup[] => {
  const members = new Map<string, string[]>();
  for (const { id, group } of rules) {
    if (group === undefined) continue;
    const known = members.get(group);
    if (known) known.push(id);
    else members.set(group, [id]);
  }
  if (members.size === 0) return [];
  return Object.keys(groups).flatMap((name) => {
    const [ids, cap] = [members.get(name), groups[name]?.cap];
    return ids && cap !== undefined ? [{ line: `group:${name}`, cap: hundredths(cap), members: ids }] : [];
  });
};

const fittingOf = (fit: readonly PreparedFit[]): PreparedModel['fitting'] => {
  const telling = fit.filter(({ base }) => base !== 0);
  const known = new WeakMap<JsonObject, readonly PreparedFit[]>();
  return (traits) => {
    const before = known.get(traits);
    if (before) return before;
    const fitting = telling.filter(({ fits }) => fits(traits));
    known.set(traits, fitting);
    return fitting;
  };
};

const none: readonly PreparedRule[] = [];

/** Makes a model ready. Costs as much as the model is long. */
export const prepare = (model: ScoringModel): PreparedModel => {
  const rules = model.engagement.map(preparedRule);
  const byType = Map.groupBy(rules, ({ eventType }) => eventType);
  const fit = model.fit.map(preparedFit);
  const rulesOf = (eventType: string): readonly PreparedRule[] => byType.get(eventType) ?? none;
  return {
    rules,
    rulesOf,
    fit: new Map(fit.map((rule) => [rule.id, rule])),
    fitting: fittingOf(fit),
    groups: { engagement: groupsOf(model, model.engagement), fit: groupsOf(model, model.fit) },
    matchesOf: remembering(rulesOf),
  };
};
