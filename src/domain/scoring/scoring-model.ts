import { z } from 'zod';
import { recordedComparison } from '../conditions/comparison.ts';

/** What an event type, a property or a trait is called. */
export const name = z.string().trim().min(1).max(128);
const ruleId = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'A rule id has 1-64 letters, digits, "_", "." or "-"');
const points = z.number().min(-10_000).max(10_000).multipleOf(0.01);
const count = z.number().int().min(1).max(1_000_000);
const days = z.number().positive().max(36_500);

export const engagementRule = z.strictObject({
  id: ruleId,
  when: z.strictObject({
    /** Of a list any: they are limited together. */
    eventType: z.union([name, z.array(name).min(1)]),
    where: z.array(z.strictObject({ property: name, ...recordedComparison })).default([]),
  }),
  points,
  group: ruleId.optional(),
  limit: z.strictObject({ times: count, per: z.enum(['lead', 'day', 'week', 'month']) }).optional(),
  decay: z.union([z.strictObject({ halfLifeDays: days }), z.strictObject({ expireAfterDays: days })]).optional(),
});
export type EngagementRule = Readonly<z.infer<typeof engagementRule>>;

const traitCondition = z.strictObject({ trait: name, ...recordedComparison });

export const fitRule = z.strictObject({
  id: ruleId,
  when: z.union([
    traitCondition,
    z.strictObject({ all: z.array(traitCondition).min(1) }),
    z.strictObject({ any: z.array(traitCondition).min(1) }),
  ]),
  points,
  group: ruleId.optional(),
});
export type FitRule = Readonly<z.infer<typeof fitRule>>;

/** The types of activities that a rule is for. */
export const eventTypesOf = ({ when: { eventType } }: EngagementRule): readonly string[] =>
  typeof eventType === 'string' ? [eventType] : eventType;

/** The conditions of a fit rule. */
export const traitConditionsOf = ({ when }: FitRule) => {
  if ('all' in when) return when.all;
  return 'any' in when ? when.any : [when];
};

/** The stages of a model that names none. */
export const standardStages = [
  { name: 'cold', from: 0 },
  { name: 'warm', from: 11 },
  { name: 'hot', from: 31 },
  { name: 'qualified', from: 60 },
];

/**
 * A project's scoring rules, as they are recorded: however many there are. How many may be published, `scoring-form.ts` says.
 * Points have two decimals at most; stages are in rising order.
 */
export const modelSchema = z.strictObject({
  engagement: z.array(engagementRule).default([]),
  fit: z.array(fitRule).default([]),
  groups: z.record(ruleId, z.strictObject({ cap: points })).default({}),
  floor: points.default(0),
  cap: points.default(10_000),
  stages: z
    .array(z.strictObject({ name: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/), from: points }))
    .min(1)
    .default(standardStages),
  qualificationThreshold: points.default(60),
});
export type ScoringModel = Readonly<z.infer<typeof modelSchema>>;
