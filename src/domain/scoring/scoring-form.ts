import { z } from 'zod';
import { boundedList, boundedMap, repeatedAt } from '../bounded.ts';
import { comparisonLimits } from '../conditions/comparison.ts';
import { asRecorded, comparison, conditionFits } from '../conditions/condition-form.ts';
import { costOfFit, costsOf, mostCost, mostFitCost, mostRulesOfType } from './scoring-cost.ts';
import type { ScoringModel } from './scoring-model.ts';
import { engagementRule, fitRule, modelSchema, name, standardStages } from './scoring-model.ts';

/** How much there may be in a scoring model that is published. One that was published before may have more, and stays in force. */
export const scoringLimits = {
  /** Rules of engagement and fit together. */
  rules: 500,
  /** Conditions of one rule. */
  conditions: 20,
  /** Event types that one rule is for. */
  eventTypes: 20,
  groups: 100,
  stages: 20,
  /** Bytes of the body that publishes it. */
  bytes: 262_144,
} as const;

const { when: engagementWhen } = engagementRule.shape;
const propertyCondition = z
  .strictObject({ property: name, ...comparison })
  .superRefine(conditionFits(comparisonLimits.values, ({ property }) => property))
  .transform((each) => asRecorded(each.property, each));
const traitCondition = z
  .strictObject({ trait: name, ...comparison })
  .superRefine(conditionFits(comparisonLimits.values, ({ trait }) => trait))
  .transform((each) => asRecorded(each.trait, each));

const someOf = <T extends z.ZodType>(item: T, most: number) =>
  boundedList(item, most).refine((given) => given.length > 0, 'Names nothing: leave it out, or say what');

const eventType = z.union([name, someOf(name, scoringLimits.eventTypes).transform((given) => [...new Set(given)])]);
const engagementForm = engagementRule.extend({
  when: engagementWhen.extend({
    eventType,
    where: boundedList(propertyCondition, scoringLimits.conditions).default([]),
  }),
});
const traitConditions = someOf(traitCondition, scoringLimits.conditions);
const fitForm = fitRule.extend({
  when: z.union([traitCondition, z.strictObject({ all: traitConditions }), z.strictObject({ any: traitConditions })]),
});

const { shape } = modelSchema;
const { keyType: groupName, valueType: group } = shape.groups.unwrap();
const stages = shape.stages.unwrap();

type Complain = (path: readonly (string | number)[], message: string) => void;

const checkNames = ({ engagement, fit, stages: named }: ScoringModel, complain: Complain): void => {
  const rules = [...engagement, ...fit];
  for (const at of repeatedAt(rules.map(({ id }) => id)))
    complain(['engagement'], `Rule id ${rules[at]?.id} is used twice`);
  for (const at of repeatedAt(named.map((each) => each.name)))
    complain(['stages'], `Stage ${named[at]?.name} is named twice`);
  named.forEach(({ from }, index) => {
    const before = named[index - 1];
    if (before && before.from >= from) complain(['stages', index, 'from'], 'Stages must be in rising order of "from"');
  });
};

const checkGroups = ({ engagement, fit, groups }: ScoringModel, complain: Complain): void => {
  const names = new Set(Object.keys(groups));
  for (const { id, group: own } of [...engagement, ...fit]) {
    if (own && !names.has(own)) complain(['groups'], `Rule ${id} names group ${own}, which is not defined`);
  }
  const [ofEngagement, ofFit] = [new Set(engagement.map((rule) => rule.group)), new Set(fit.map((rule) => rule.group))];
  for (const name of names) {
    if (ofEngagement.has(name) && ofFit.has(name))
      complain(['groups', name], 'A group holds engagement rules or fit rules, not both');
  }
};

const checkCost = (model: ScoringModel, complain: Complain): void => {
  const { length: count } = [...model.engagement, ...model.fit];
  if (count > scoringLimits.rules)
    complain(['fit'], `There are ${count} rules of engagement and fit, ${scoringLimits.rules} at most`);
  for (const { eventType, cost, rules } of costsOf(model)) {
    if (rules > mostRulesOfType)
      complain(['engagement'], `${rules} rules are for ${eventType}, ${mostRulesOfType} at most; make several one`);
    if (cost > mostCost) {
      const advice = 'use fewer rules or conditions for it, or less decay by half';
      complain(['engagement'], `The rules for ${eventType} cost ${cost}, ${mostCost} at most: ${advice}`);
    }
  }
  const cost = costOfFit(model.fit);
  if (cost > mostFitCost)
    complain(['fit'], `The fit rules cost ${cost}, ${mostFitCost} at most: use fewer, or less "contains"`);
};

/**
 * A scoring model as it is asked for: with what it may have, and not dearer than a model may be. What is left out has a
 * default. Points have two decimals at most; stages are in rising order.
 */
export const scoringModelSchema = z
  .strictObject({
    ...shape,
    engagement: boundedList(engagementForm, scoringLimits.rules).default([]),
    fit: boundedList(fitForm, scoringLimits.rules).default([]),
    groups: boundedMap(groupName, group, scoringLimits.groups).default({}),
    stages: boundedList(stages.element, scoringLimits.stages)
      .refine((given) => given.length > 0, 'A model has a stage at least')
      .default(() => [...shape.stages.parse(undefined)]),
  })
  .superRefine((model, context) => {
    const complain: Complain = (path, message) => context.addIssue({ code: 'custom', path: [...path], message });
    checkNames(model, complain);
    checkGroups(model, complain);
    checkCost(model, complain);
    if (model.floor > model.cap) complain(['floor'], 'The floor is above the cap');
  });

const checkSense = (model: ScoringModel, complain: Complain): void => {
  const { engagement, fit, floor, cap, qualificationThreshold, stages: named } = model;
  if (engagement.length + fit.length === 0)
    complain(['engagement'], 'A model without rules gives nobody a point: add a rule of engagement or fit');
  if (qualificationThreshold > cap)
    complain(
      ['qualificationThreshold'],
      `Above the cap of ${cap}, so nobody would ever qualify: lower it, or raise the cap`,
    );
  const [first] = named;
  // Those that nobody named go with every floor: who is below the first is in it.
  if (first && first.from > floor && JSON.stringify(named) !== JSON.stringify(standardStages))
    complain(['stages', 0, 'from'], `The first stage is where leads begin: at the floor of ${floor} or below`);
};

/** What a model is published with: one that makes sense, and a `note` for those who read its versions. */
export const scoringModelForm = scoringModelSchema
  .safeExtend({ note: z.string().trim().min(1).max(500).optional() })
  .superRefine((model, context) =>
    checkSense(model, (path, message) => context.addIssue({ code: 'custom', path: [...path], message })),
  );
