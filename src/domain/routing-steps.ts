import type { Member } from './fitting.ts';
import type { Routable } from './routable.ts';
import type { RosterState } from './roster.ts';
import type { RoutingRule, RoutingTarget, Strategy } from './routing-rules.ts';
import { meets } from './comparison.ts';

/** Whom a decision asks, one after the other. */
export type Step = {
  readonly target: RoutingTarget;
  readonly strategy: Strategy;
  readonly skills: RoutingRule['skills'];
  readonly rule?: string;
  readonly because: string;
};

/** Everybody that a target names, once each; somebody named by itself belongs to the teams it has. */
export const membersOf = ({ teams = [], reps = [] }: RoutingTarget, roster: RosterState): readonly Member[] => {
  const named = new Set(reps);
  return [...roster.reps.values()]
    .filter(({ repId, teamIds }) => named.has(repId) || teamIds.some((id) => teams.includes(id)))
    .map((rep) => ({
      rep,
      teams: rep.teamIds
        .filter((id) => named.has(rep.repId) || teams.includes(id))
        .flatMap((id) => roster.teams.get(id) ?? []),
    }))
    .sort((a, b) => (a.rep.repId < b.rep.repId ? -1 : 1));
};

const applies = ({ when }: RoutingRule, { facts }: Routable): boolean =>
  when.every((condition) => meets(facts, condition.field, condition));

/** The rules that a rule falls back to, in their order, each once. */
const fallbacksOf = (rule: RoutingRule, rules: readonly RoutingRule[], seen: Set<string>): readonly RoutingRule[] => {
  if (seen.has(rule.id)) return [];
  seen.add(rule.id);
  const next = rule.fallback.flatMap((id) => rules.find((each) => each.id === id) ?? []);
  return [rule, ...next.flatMap((each) => fallbacksOf(each, rules, seen))];
};

const stepOf = ({ id, to, strategy, skills }: RoutingRule, first: RoutingRule): Step => ({
  ...{ target: to, strategy, skills, rule: id },
  because: id === first.id ? `rule ${id}, ${strategy}` : `fallback ${id} of rule ${first.id}, ${strategy}`,
});

/** The rule that a lead falls under: the first that applies. */
export const ruleFor = (lead: Routable, { routing }: RosterState): RoutingRule | undefined =>
  routing.rules.rules.find((rule) => applies(rule, lead));

/** Whom a decision asks: whom the rule names, whom its fallbacks name, and the default team. */
export const stepsFor = (rule: RoutingRule | undefined, { routing }: RosterState): readonly Step[] => {
  const { rules, defaultTeam } = routing.rules;
  const steps = rule ? fallbacksOf(rule, rules, new Set()).map((each) => stepOf(each, rule)) : [];
  if (defaultTeam === undefined) return steps;
  const last: Step = { target: { teams: [defaultTeam] }, strategy: 'round-robin', skills: [], because: 'default team' };
  return [...steps, last];
};

/** The approval that a lead needs before it goes on, if it does and has none. */
export const approvalFor = (lead: Routable, roster: RosterState) => {
  const rule = ruleFor(lead, roster);
  const { approval = [] } = rule ?? {};
  if (!rule || lead.approved || approval.length === 0) return undefined;
  if (!approval.every((each) => meets(lead.facts, each.field, each))) return undefined;
  return { rule: rule.id, because: `Rule ${rule.id} asks for approval`, rulesVersion: roster.routing.version };
};
