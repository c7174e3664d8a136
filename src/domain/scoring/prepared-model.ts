import type { Beginning } from '../lead/activities.ts';
import type { Activity, JsonObject } from '../lead/activity.ts';
import { condition } from '../conditions/comparison.ts';
import { activityCondition } from '../lead/context.ts';
import type { Matches } from '../conditions/matching.ts';
import { remembering } from '../conditions/matching.ts';
import { withAddress } from '../lead/profile.ts';
import type { EngagementRule, FitRule, ScoringModel } from './scoring-model.ts';
import { eventTypesOf, traitConditionsOf } from './scoring-model.ts';

/** Points with two decimals as hundredths. */
export const hundredths = (points: number): number => Math.round(points * 100);

/** An engagement rule made ready: `base` in hundredths. */
export type PreparedRule = Pick<EngagementRule, 'id' | 'limit' | 'decay'> & {
  readonly eventTypes: readonly string[];
  readonly base: number;
  /** It has neither condition, limit nor decay: then counting does, however long the history. */
  readonly plain: boolean;
  readonly matches: (activity: Activity, undotted?: boolean) => boolean;
};

/** A fit rule made ready: `base` in hundredths. */
export type PreparedFit = {
  readonly id: string;
  readonly traits: readonly string[];
  readonly base: number;
  readonly fits: (traits: JsonObject) => boolean;
};

/** What fit rules look at: traits, and the address by the lead's identifiers. */
export type Described = { readonly traits: JsonObject; readonly email?: string | undefined };

/** A group that some rules are in: the name of its line, its cap in hundredths, and the ids of those rules. */
export type PreparedGroup = { readonly line: string; readonly cap: number; readonly members: readonly string[] };

/** What is made of a model once, so that each score costs little. */
export type PreparedModel = {
  readonly rules: readonly PreparedRule[];
  readonly rulesOf: (eventType: string) => readonly PreparedRule[];
  readonly fit: ReadonlyMap<string, PreparedFit>;
  /** The fit rules that bring something to a lead. Remembered while its traits are in memory. */
  readonly fitting: (lead: Described) => readonly PreparedFit[];
  readonly groups: { readonly engagement: readonly PreparedGroup[]; readonly fit: readonly PreparedGroup[] };
  /** Which of a lead's activities of one type the rules for that type match. Remembered while the activities are in memory. */
  readonly matchesOf: (eventType: string, activities: Beginning) => Matches;
};

const preparedRule = (rule: EngagementRule): PreparedRule => {
  const { id, when, points, limit, decay } = rule;
  const conditions = when.where.map((each) => activityCondition(each.property, each));
  return {
    id,
    eventTypes: eventTypesOf(rule),
    base: hundredths(points),
    limit,
    decay,
    plain: conditions.length === 0 && !limit && !decay,
    matches: (activity, undotted) => conditions.every((holds) => holds(activity, undotted)),
  };
};

const preparedFit = (rule: FitRule): PreparedFit => {
  const { id, when, points } = rule;
  const conditions = traitConditionsOf(rule);
  const tests = conditions.map((each) => condition(each.trait, each));
  const fits =
    'any' in when
      ? (traits: JsonObject) => tests.some((holds) => holds(traits))
      : (traits: JsonObject) => tests.every((holds) => holds(traits));
  return { id, traits: conditions.map(({ trait }) => trait), base: hundredths(points), fits };
};

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

/** Whether a rule asks for the address of a lead whichever way it came. */
const asksForAddress = (rule: FitRule): boolean =>
  traitConditionsOf(rule).some(({ trait, as }) => trait === 'email' && as === 'email');

const fittingOf = (rules: readonly FitRule[], fit: readonly PreparedFit[]): PreparedModel['fitting'] => {
  const telling = fit.filter(({ base }) => base !== 0);
  const addressed = rules.some(asksForAddress);
  type Found = { readonly email: string | undefined; readonly fitting: readonly PreparedFit[] };
  const known = new WeakMap<JsonObject, Found>();
  return (lead) => {
    const email = addressed ? lead.email : undefined;
    const before = known.get(lead.traits);
    if (before && before.email === email) return before.fitting;
    const traits = withAddress(lead.traits, email);
    const fitting = telling.filter(({ fits }) => fits(traits));
    known.set(lead.traits, { email, fitting });
    return fitting;
  };
};

const none: readonly PreparedRule[] = [];

/** Makes a model ready. Costs as much as the model is long. */
export const prepare = (model: ScoringModel): PreparedModel => {
  const rules = model.engagement.map(preparedRule);
  const byType = new Map<string, PreparedRule[]>();
  for (const rule of rules)
    for (const eventType of rule.eventTypes) {
      const known = byType.get(eventType);
      if (known) known.push(rule);
      else byType.set(eventType, [rule]);
    }
  const fit = model.fit.map(preparedFit);
  const rulesOf = (eventType: string): readonly PreparedRule[] => byType.get(eventType) ?? none;
  return {
    rules,
    rulesOf,
    fit: new Map(fit.map((rule) => [rule.id, rule])),
    fitting: fittingOf(model.fit, fit),
    groups: { engagement: groupsOf(model, model.engagement), fit: groupsOf(model, model.fit) },
    matchesOf: remembering(rulesOf),
  };
};
