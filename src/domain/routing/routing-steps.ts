import type { Member } from './fitting.ts';
import type { Routable } from './routable.ts';
import type { Rep } from './roster-events.ts';
import type { RosterState } from './roster.ts';
import type { RoutingRule, RoutingTarget, Strategy } from './routing-rules.ts';
import { meets } from '../conditions/comparison.ts';

/** Whom a decision asks, one after the other. */
export type Step = {
  readonly target: RoutingTarget;
  readonly strategy: Strategy;
  readonly skills: RoutingRule['skills'];
  readonly rule?: string;
  /** The name of its rotation, where that is not made of whom it names. */
  readonly rotation?: string;
  readonly because: string;
};

const byId = (a: Rep, b: Rep): number => (a.repId < b.repId ? -1 : 1);

/** Finds everybody that a target names, once each, by id; somebody named by itself belongs to the teams it has. */
export const membersIn =
  (roster: RosterState) =>
  ({ teams = [], reps = [] }: RoutingTarget): readonly Member[] => {
    const [team] = teams;
    if (team !== undefined && teams.length === 1 && reps.length === 0) {
      const through = [roster.teams.get(team) ?? []].flat();
      return (roster.members.get(team) ?? []).map((rep) => ({ rep, teams: through }));
    }
    const [named, asked] = [new Set(reps), new Set(teams)];
    const found = new Set(reps.flatMap((id) => roster.reps.get(id) ?? []));
    for (const id of asked) for (const rep of roster.members.get(id) ?? []) found.add(rep);
    return [...found].sort(byId).map((rep) => ({
      rep,
      teams: rep.teamIds
        .filter((id) => named.has(rep.repId) || asked.has(id))
        .flatMap((id) => roster.teams.get(id) ?? []),
    }));
  };

const applies = ({ when }: RoutingRule, { facts }: Routable): boolean =>
  when.every((condition) => meets(facts, condition.field, condition));

/** The rules that a rule falls back to, in their order, each once. */
const fallbacksOf = (first: RoutingRule, rules: readonly RoutingRule[]): readonly RoutingRule[] => {
  const byId = new Map(rules.toReversed().map((rule) => [rule.id, rule]));
  const found = new Map<string, RoutingRule>();
  const open = [first];
  for (let rule = open.pop(); rule; rule = open.pop()) {
    if (found.has(rule.id)) continue;
    found.set(rule.id, rule);
    open.push(...rule.fallback.toReversed().flatMap((id) => byId.get(id) ?? []));
  }
  return [...found.values()];
};

const stepOf = ({ id, to, strategy, skills }: RoutingRule, first: RoutingRule): Step => ({
  target: to,
  strategy,
  skills,
  rule: id,
  because: id === first.id ? `rule ${id}, ${strategy}` : `fallback ${id} of rule ${first.id}, ${strategy}`,
});

/** The rule that a lead falls under: the first that applies. */
export const ruleFor = (lead: Routable, { routing }: RosterState): RoutingRule | undefined =>
  routing.rules.rules.find((rule) => applies(rule, lead));

/** Until a project has said who gets what, everybody who has not left is asked in turn. */
const beforeRules = ({ reps }: RosterState): Step => {
  const there = [...reps.values()].filter(({ status }) => status !== 'left').map(({ repId }) => repId);
  return {
    target: { reps: there },
    strategy: 'round-robin',
    skills: [],
    // Whoever joins takes part in the same rotation: its name must not be made of theirs.
    rotation: 'everybody',
    because: 'no rules are published yet: everybody in turn',
  };
};

/** Whom a decision asks: whom the rule names, whom its fallbacks name, and the default team; before there are rules, everybody. */
export const stepsFor = (rule: RoutingRule | undefined, roster: RosterState): readonly Step[] => {
  const { version, rules: published } = roster.routing;
  if (version === 0) return [beforeRules(roster)];
  const { rules, defaultTeam } = published;
  const steps = rule ? fallbacksOf(rule, rules).map((each) => stepOf(each, rule)) : [];
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
