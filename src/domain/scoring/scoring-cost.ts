import type { Comparison } from '../conditions/comparison.ts';
import type { EngagementRule, FitRule, ScoringModel } from './scoring-model.ts';
import { eventTypesOf, traitConditionsOf } from './scoring-model.ts';

/** What parts of a rule cost, next to one condition. */
const weights = {
  rule: 1,
  condition: 1,
  /** It goes through the text. */
  contains: 2,
  /** What it costs to read a text before it is compared: in small letters, as a number, or as a country that nobody knows. */
  smallLetters: 1,
  number: 2,
  country: 8,
  /** All of a text in small letters, and not only as much as may be the same. */
  allSmallLetters: 8,
  limit: 1,
  /** Those of several types are put in order, unless nothing but their number counts. */
  order: 2,
  expiry: 1,
  /** A power for each activity, whenever the lead is scored. */
  halfLife: 5,
} as const;

/**
 * The most that the rules for one event type may cost. So much takes about 100 ms of one core when a lead
 * with 10,000 activities of that type is scored for the first time, and 10 ms when it does one thing more.
 */
export const mostCost = 200;

/** The most that fit rules may cost together: they are asked of all traits whenever a lead is scored. */
export const mostFitCost = 600;

/** How many rules may be for one event type: as many reasons may be recorded with each such activity. */
export const mostRulesOfType = 100;

const ofReading = ({ op, as, ignoreCase }: Comparison): number => {
  if (as === 'country' || as === 'number') return weights[as];
  if (as !== 'email' && ignoreCase !== true) return 0;
  return op === 'contains' ? weights.allSmallLetters : weights.smallLetters;
};

/** A path costs as much again for each level that it leads down. */
const ofCondition = (each: Comparison & { readonly property: string }): number =>
  (each.op === 'contains' ? weights.contains : weights.condition) +
  ofReading(each) +
  each.property.split('.').length -
  1;

const ofTrait = (each: Comparison): number => (each.op === 'contains' ? 10 : 1) + ofReading(each);

/** What fit rules cost together. Traits may be long texts, and each is looked through anew. */
export const costOfFit = (fit: readonly FitRule[]): number =>
  fit.flatMap(traitConditionsOf).reduce((sum, each) => sum + ofTrait(each), 0);

const ofDecay = (decay: EngagementRule['decay']): number => {
  if (!decay) return 0;
  return 'halfLifeDays' in decay ? weights.halfLife : weights.expiry;
};

/** What an engagement rule costs for each activity of its types. */
export const costOfRule = (rule: EngagementRule): number => {
  const { when, limit, decay } = rule;
  const conditions = when.where.reduce<number>((sum, each) => sum + ofCondition(each), weights.rule);
  const isPlain = when.where.length === 0 && !limit && !decay;
  const order = isPlain || eventTypesOf(rule).length === 1 ? 0 : weights.order;
  return conditions + order + (limit ? weights.limit : 0) + ofDecay(decay);
};

/** What the rules for one event type cost together, and how many they are. */
export type TypeCost = { readonly eventType: string; readonly cost: number; readonly rules: number };

/** What scoring with a model costs at most, by event type. Grows as the number of its rules. */
export const costsOf = ({ engagement }: Pick<ScoringModel, 'engagement'>): readonly TypeCost[] => {
  const byType = new Map<string, TypeCost>();
  for (const rule of engagement) {
    const cost = costOfRule(rule);
    for (const eventType of eventTypesOf(rule)) {
      const before = byType.get(eventType);
      byType.set(eventType, { eventType, cost: (before?.cost ?? 0) + cost, rules: (before?.rules ?? 0) + 1 });
    }
  }
  return [...byType.values()];
};
