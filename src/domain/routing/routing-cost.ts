import type { Fault } from '../rejection.ts';
import type { RoutingRule, RoutingRules } from './routing-rules.ts';

/** How much there may be in routing rules that are published. Those that were published before may have more, and stay in force. */
export const routingLimits = {
  rules: 200,
  /** Conditions of `when` or `approval` of one rule, skills that it asks for, and rules that it names as its fallback. */
  ofRule: 20,
  /** Conditions of all rules together: each rule is compared with those before it. */
  conditions: 4_000,
  /** Values that the conditions of all rules list together. */
  values: 5_000,
  /** Rules whose reps one decision may ask: those that a rule falls back to, and they to. */
  fallbacks: 20,
  /** Teams, and reps, that one rule names. */
  teams: 100,
  reps: 1_000,
  freeMailDomains: 1_000,
  regions: 200,
  /** Countries of one region. */
  countries: 300,
  /** Bytes of the body that publishes them. */
  bytes: 262_144,
} as const;

type Parts = Pick<RoutingRules, 'rules'>;

const conditionsOf = ({ when, approval = [] }: RoutingRule) => [...when, ...approval];

/** How many rules a decision may go through when it begins with a rule, up to one more than there may be. */
const fallbacksFrom = (first: RoutingRule, byId: ReadonlyMap<string, RoutingRule>): number => {
  const found = new Set([first.id]);
  const open = [...first.fallback];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    if (found.size > routingLimits.fallbacks + 1) break;
    open.push(...(byId.get(id)?.fallback ?? []));
  }
  return found.size - 1;
};

const counted = (what: string, count: number, most: number): readonly Fault[] =>
  count > most ? [{ path: ['rules'], detail: `There are ${count} ${what} in all, ${most} at most` }] : [];

/** What is too much in routing rules, before anything is looked at that costs more than they are long. */
export const excessIn = ({ rules }: Parts): readonly Fault[] => {
  const many = counted('rules', rules.length, routingLimits.rules);
  if (many.length > 0) return many;
  const conditions = rules.flatMap(conditionsOf);
  const values = conditions.reduce((sum, { value }) => sum + (Array.isArray(value) ? value.length : 1), 0);
  const faults = [
    ...counted('conditions', conditions.length, routingLimits.conditions),
    ...counted('values of conditions', values, routingLimits.values),
  ];
  if (faults.length > 0) return faults;
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  return rules.flatMap((rule, at) => {
    if (fallbacksFrom(rule, byId) <= routingLimits.fallbacks) return [];
    const detail = `Leads on to more than ${routingLimits.fallbacks} rules: each decision would ask all their reps`;
    return [{ path: ['rules', at, 'fallback'], detail }];
  });
};
