import { excludes, implies } from '../conditions/condition-logic.ts';
import { regionFaults } from './regions.ts';
import type { Fault } from '../rejection.ts';
import type { RosterState } from './roster.ts';
import { excessIn } from './routing-cost.ts';
import { membersIn } from './routing-steps.ts';
import type { RoutingRule, RoutingRules, RoutingTarget, Strategy } from './routing-rules.ts';

type Place = readonly (string | number)[];

const fault = (path: Place, detail: string): Fault => ({ path, detail });

const unknownIn = ({ teams = [], reps = [] }: RoutingTarget, roster: RosterState, at: Place): readonly Fault[] => [
  ...teams.flatMap((id, index) =>
    roster.teams.has(id) ? [] : [fault([...at, 'teams', index], `There is no team ${id}`)],
  ),
  ...reps.flatMap((id, index) => (roster.reps.has(id) ? [] : [fault([...at, 'reps', index], `There is no rep ${id}`)])),
];

/** A roster, and how those whom a target names are found in it. */
type Staff = { readonly roster: RosterState; readonly membersOf: ReturnType<typeof membersIn> };

/** What is wrong with those whom a rule names. `places` are where the target and its strategy are said. */
const targetFaults = (
  target: RoutingTarget,
  strategy: Strategy,
  { roster, membersOf }: Staff,
  places: { readonly target: Place; readonly strategy: Place },
): readonly Fault[] => {
  const unknown = unknownIn(target, roster, places.target);
  if (unknown.length > 0) return unknown;
  const here = membersOf(target).filter(({ rep }) => rep.status !== 'left');
  if (here.length === 0) return [fault(places.target, 'Nobody is there to get leads: no rep, or only such that left')];
  const turns = strategy !== 'round-robin' || here.some(({ rep }) => rep.weight > 0);
  return turns ? [] : [fault(places.strategy, 'All reps have weight 0: in a rotation nobody has a turn')];
};

/** Whether every lead that falls under one rule falls under an earlier one. */
const isCovered = ({ when }: RoutingRule, earlier: RoutingRule): boolean =>
  earlier.when.every((condition) => when.some((each) => implies(each, condition)));

const contradicts = ({ when }: RoutingRule): boolean =>
  when.some((a, index) => when.some((b, other) => index !== other && excludes(a, b)));

/** Why no lead falls under a rule; undefined when some may. */
const outOfReach = (rule: RoutingRule, earlier: readonly RoutingRule[]): string | undefined => {
  if (contradicts(rule)) return 'No lead meets all of these conditions';
  const covering = earlier.find((each) => isCovered(rule, each));
  return covering && `No lead gets here: rule ${covering.id} takes all that meet these conditions`;
};

type Graph = ReadonlyMap<string, readonly string[]>;

/** Where the fallbacks of each rule lead; of rules with the same id the first counts. */
const graphOf = (rules: readonly RoutingRule[]): Graph =>
  new Map(rules.toReversed().map(({ id, fallback }) => [id, fallback]));

const reachedFrom = (start: readonly string[], graph: Graph): ReadonlySet<string> => {
  const reached = new Set<string>();
  const open = [...start];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    open.push(...(graph.get(id) ?? []));
  }
  return reached;
};

const fallbackFaults = (rules: readonly RoutingRule[]): readonly Fault[] => {
  const graph = graphOf(rules);
  const reached = new Map([...graph].map(([id]) => [id, reachedFrom([id], graph)]));
  return rules.flatMap(({ id, fallback }, at) =>
    fallback.flatMap((next, index) => {
      const place = ['rules', at, 'fallback', index];
      if (!graph.has(next)) return [fault(place, `There is no rule ${next}`)];
      if (next === id) return [fault(place, 'A rule does not fall back to itself')];
      return reached.get(next)?.has(id) ? [fault(place, `Rule ${next} falls back to this one: that is a circle`)] : [];
    }),
  );
};

const reachFaults = (rules: readonly RoutingRule[]): readonly Fault[] => {
  const whys = rules.map((rule, at) => outOfReach(rule, rules.slice(0, at)));
  // A rule that only serves others as a fallback need not be reached by its conditions.
  const reached = reachedFrom(
    rules.flatMap(({ fallback }, at) => (whys[at] === undefined ? fallback : [])),
    graphOf(rules),
  );
  return rules.flatMap(({ id }, at) => {
    const why = whys[at];
    return why === undefined || reached.has(id) ? [] : [fault(['rules', at, 'when'], why)];
  });
};

const repeated = (rules: readonly RoutingRule[]): readonly Fault[] => {
  const firsts = new Map<string, number>();
  return rules.flatMap(({ id }, at) => {
    const first = firsts.get(id);
    if (first !== undefined) return [fault(['rules', at, 'id'], `Rule ${first + 1} has the id ${id} already`)];
    firsts.set(id, at);
    return [];
  });
};

const defaultFaults = (faults: readonly Fault[]): readonly Fault[] =>
  faults.map(({ detail }) => fault(['defaultTeam'], detail));

/**
 * Everything that is wrong with rules on a roster: there are too many, whom they name is not there, nobody is where they lead,
 * a rule that no lead gets to, fallbacks that lead nowhere or in a circle, an id that is used twice, a region that is missed.
 */
export const routingFaults = (all: RoutingRules, roster: RosterState): readonly Fault[] => {
  const excess = excessIn(all);
  if (excess.length > 0) return excess;
  const { rules, defaultTeam } = all;
  const staff = { roster, membersOf: membersIn(roster) };
  return [
    ...repeated(rules),
    ...rules.flatMap(({ to, strategy }, at) =>
      targetFaults(to, strategy, staff, { target: ['rules', at, 'to'], strategy: ['rules', at, 'strategy'] }),
    ),
    ...fallbackFaults(rules),
    ...reachFaults(rules),
    ...regionFaults(all, roster),
    ...(defaultTeam === undefined
      ? []
      : defaultFaults(targetFaults({ teams: [defaultTeam] }, 'round-robin', staff, { target: [], strategy: [] }))),
  ];
};
