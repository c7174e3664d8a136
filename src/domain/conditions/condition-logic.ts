import type { Json } from '../lead/activity.ts';
import type { RoutingCondition } from '../routing/routing-rules.ts';
import { comparisonLimits, tester } from './comparison.ts';
import { readerOf } from './reading.ts';

const readsAsIs = ({ as = 'text', ignoreCase = false }: RoutingCondition): boolean => as === 'text' && !ignoreCase;

/** Whether two conditions read values the same way: then they can be compared by what they read. */
const readAlike = (a: RoutingCondition, b: RoutingCondition): boolean =>
  (readsAsIs(a) && readsAsIs(b)) || (a.as === b.as && (a.ignoreCase ?? false) === (b.ignoreCase ?? false));

/** What a condition compares with, as it reads it. */
const wantedBy = ({ value, as, ignoreCase }: RoutingCondition): Json | undefined => {
  const read = readerOf(as, ignoreCase, comparisonLimits.characters);
  if (!read || value === undefined) return value;
  return Array.isArray(value) ? value.map(read) : read(value);
};

/** The only values that meet a condition, as it reads them, when they can be counted. */
const onlyValues = (each: RoutingCondition): readonly Json[] | undefined => {
  const [{ op }, value] = [each, wantedBy(each)];
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

/** The limits that two conditions name, if they can be compared: a number is one however it is read. */
const limitsOf = (a: RoutingCondition, b: RoutingCondition): readonly [Json | undefined, Json | undefined] => {
  const limits = [wantedBy(a), wantedBy(b)] as const;
  const areNumbers = limits.every((limit) => typeof limit === 'number');
  return readAlike(a, b) || areNumbers ? limits : [undefined, undefined];
};

/** Whether what is beyond one limit is beyond another one. What reads texts as numbers has more that is beyond. */
const reachesAsFar = (a: RoutingCondition, b: RoutingCondition): boolean => {
  const above = isAbove(a) && isAbove(b);
  if (!above && !(isBelow(a) && isBelow(b))) return false;
  if (a.as === 'number' && b.as !== 'number') return false;
  const [limit, other] = limitsOf(a, b);
  return beyond(limit, other, above) || (limit !== undefined && limit === other && (isStrict(a) || !isStrict(b)));
};

/** Whether one list has all of another one. */
const lists = (all: Json | undefined, some: Json | undefined): boolean => {
  if (!Array.isArray(all) || !Array.isArray(some)) return false;
  const known = new Set(all);
  return some.every((each) => known.has(each));
};

const isOfText = ({ op }: RoutingCondition): boolean => op === 'startsWith' || op === 'endsWith';

/** Whether what begins, or ends, as one condition says does so as another one says. */
const goesOn = (a: RoutingCondition, b: RoutingCondition): boolean => {
  const [long, short] = [wantedBy(a), wantedBy(b)];
  if (!readAlike(a, b) || typeof long !== 'string' || typeof short !== 'string') return false;
  if (a.op === 'startsWith' && b.op === 'startsWith') return long.startsWith(short);
  return a.op === 'endsWith' && b.op === 'endsWith' && long.endsWith(short);
};

/** Whether everything that meets one condition meets another one; when that can't be told, it does not. */
export const implies = (a: RoutingCondition, b: RoutingCondition): boolean => {
  if (a.field !== b.field) return false;
  const alike = readAlike(a, b);
  if (alike && a.op === b.op && a.value === b.value) return true;
  if (alike && a.op === 'nin' && b.op === 'nin') return lists(wantedBy(a), wantedBy(b));
  const values = onlyValues(a);
  if (values && (alike || readsAsIs(a) || b.op === 'exists')) return values.every(tester(b));
  if (reachesAsFar(a, b) || goesOn(a, b)) return true;
  const wanted = b.op === 'exists' && b.value !== false;
  const has = isAbove(a) || isBelow(a) || isOfText(a) || a.op === 'contains';
  return wanted && (has || (a.op === 'exists' && a.value !== false));
};

/** Whether nothing meets both conditions; when that can't be told, something does. */
export const excludes = (a: RoutingCondition, b: RoutingCondition): boolean => {
  if (a.field !== b.field) return false;
  const values = onlyValues(a);
  if (values) return (readAlike(a, b) || readsAsIs(a) || b.op === 'exists') && !values.some(tester(b));
  if (isOfText(a) && a.op === b.op && readAlike(a, b)) return !goesOn(a, b) && !goesOn(b, a);
  if (!isAbove(a) || !isBelow(b)) return false;
  const [limit, other] = limitsOf(a, b);
  return beyond(limit, other, true) || (limit !== undefined && limit === other && (isStrict(a) || isStrict(b)));
};
