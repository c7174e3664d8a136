import type { Json } from './activity.ts';
import type { RoutingCondition } from './routing-rules.ts';
import { tester } from './comparison.ts';

/** The only values that meet a condition, when they can be counted. */
const onlyValues = ({ op, value }: RoutingCondition): readonly Json[] | undefined => {
  if (op === 'eq' && value !== undefined) return [value];
  return op === 'in' && Array.isArray(value) ? value : undefined;
};

const isAbove = ({ op }: RoutingCondition): boolean => op === 'gt' || op === 'gte';
const isBelow = ({ op }: RoutingCondition): boolean => op === 'lt' || op === 'lte';
const isStrict = ({ op }: RoutingCondition): boolean => op === 'gt' || op === 'lt';

const beyond = (a: Json | undefined, b: Json | undefined, above: boolean): boolean => {
  if (typeof a === 'number' && typeof b === 'number') return above ? a > b : a < b;
  if (typeof a === 'string' && typeof b === 'string') return above ? a > b : a < b;
  return false;
};

/** Whether what is beyond one limit is beyond another one. */
const reachesAsFar = (a: RoutingCondition, b: RoutingCondition): boolean => {
  const above = isAbove(a) && isAbove(b);
  if (!above && !(isBelow(a) && isBelow(b))) return false;
  return beyond(a.value, b.value, above) || (a.value === b.value && (isStrict(a) || !isStrict(b)));
};

/** Whether one list has all of another one. */
const lists = (all: Json | undefined, some: Json | undefined): boolean => {
  if (!Array.isArray(all) || !Array.isArray(some)) return false;
  const known = new Set(all);
  return some.every((each) => known.has(each));
};

/** Whether everything that meets one condition meets another one; when that can't be told, it does not. */
export const implies = (a: RoutingCondition, b: RoutingCondition): boolean => {
  if (a.field !== b.field) return false;
  if (a.op === b.op && a.value === b.value) return true;
  if (a.op === 'nin' && b.op === 'nin') return lists(a.value, b.value);
  const values = onlyValues(a);
  if (values) return values.every(tester(b));
  if (reachesAsFar(a, b)) return true;
  const wanted = b.op === 'exists' && b.value !== false;
  return wanted && (isAbove(a) || isBelow(a) || a.op === 'contains' || (a.op === 'exists' && a.value !== false));
};

/** Whether nothing meets both conditions; when that can't be told, something does. */
export const excludes = (a: RoutingCondition, b: RoutingCondition): boolean => {
  if (a.field !== b.field) return false;
  const values = onlyValues(a);
  if (values) return !values.some(tester(b));
  if (!isAbove(a) || !isBelow(b)) return false;
  return beyond(a.value, b.value, true) || (a.value === b.value && (isStrict(a) || isStrict(b)));
};
