import { z } from 'zod';
import type { Json, JsonObject } from './activity.ts';

export const operators = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'contains', 'exists'] as const;

const comparison = { op: z.enum(operators), value: z.json().optional() };
/** How a value is compared with another one. */
export type Comparison = { readonly op: (typeof operators)[number]; readonly value?: Json | undefined };

const isScalar = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value);
const isOrdered = (value: unknown): value is string | number => typeof value === 'string' || typeof value === 'number';

const expectedValue = ({ op, value }: Comparison): string | undefined => {
  if (op === 'in' || op === 'nin') {
    return Array.isArray(value) && value.length > 0 && value.every(isScalar) ? undefined : 'a list of plain values';
  }
  if (op === 'exists')
    return value === undefined || typeof value === 'boolean' ? undefined : 'true or false, or no value';
  if (op === 'eq' || op === 'ne' || op === 'contains') return isScalar(value) ? undefined : 'a plain value';
  return isOrdered(value) ? undefined : 'a number or a text';
};

/** Complains about a value that its operator does not take. */
export const valueFits = (each: Comparison, context: z.RefinementCtx): void => {
  const expected = expectedValue(each);
  if (expected) context.addIssue({ code: 'custom', path: ['value'], message: `Operator ${each.op} takes ${expected}` });
};

const name = z.string().trim().min(1).max(128);
const ruleId = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'A rule id has 1-64 letters, digits, "_", "." or "-"');
const points = z.number().min(-10_000).max(10_000).multipleOf(0.01);
const count = z.number().int().min(1).max(1_000_000);
const days = z.number().positive().max(36_500);

const propertyCondition = z.strictObject({ property: name, ...comparison }).superRefine(valueFits);
const traitCondition = z.strictObject({ trait: name, ...comparison }).superRefine(valueFits);

const engagementRule = z.strictObject({
  id: ruleId,
  when: z.strictObject({ eventType: name, where: z.array(propertyCondition).max(20).default([]) }),
  points,
  group: ruleId.optional(),
  limit: z.strictObject({ times: count, per: z.enum(['lead', 'day', 'week', 'month']) }).optional(),
  decay: z.union([z.strictObject({ halfLifeDays: days }), z.strictObject({ expireAfterDays: days })]).optional(),
});
export type EngagementRule = Readonly<z.infer<typeof engagementRule>>;

const fitRule = z.strictObject({ id: ruleId, when: traitCondition, points, group: ruleId.optional() });
export type FitRule = Readonly<z.infer<typeof fitRule>>;

const stage = z.strictObject({ name: z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/), from: points });

const standardStages = [
  { name: 'cold', from: 0 },
  { name: 'warm', from: 11 },
  { name: 'hot', from: 31 },
  { name: 'qualified', from: 60 },
];

const duplicatesIn = (values: readonly string[]): readonly string[] =>
  values.filter((value, index) => values.indexOf(value) !== index);

const modelSchema = z.strictObject({
  engagement: z.array(engagementRule).max(500).default([]),
  fit: z.array(fitRule).max(500).default([]),
  groups: z.record(ruleId, z.strictObject({ cap: points })).default({}),
  floor: points.default(0),
  cap: points.default(10_000),
  stages: z.array(stage).min(1).max(20).default(standardStages),
  qualificationThreshold: points.default(60),
});

/** A project's scoring rules, published as a whole. Points have two decimals at most; stages are in rising order. */
export const scoringModelSchema = modelSchema.superRefine((model, context) => {
  const refuse = (path: (string | number)[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  const rules = [...model.engagement, ...model.fit];
  for (const id of duplicatesIn(rules.map((rule) => rule.id))) refuse(['engagement'], `Rule id ${id} is used twice`);
  for (const twice of duplicatesIn(model.stages.map((each) => each.name)))
    refuse(['stages'], `Stage ${twice} is named twice`);
  model.stages.forEach(({ from }, index) => {
    const before = model.stages[index - 1];
    if (before && before.from >= from) refuse(['stages', index, 'from'], 'Stages must be in rising order of "from"');
  });
  for (const { id, group } of rules) {
    if (group && !Object.hasOwn(model.groups, group))
      refuse(['groups'], `Rule ${id} names group ${group}, which is not defined`);
  }
  for (const group of Object.keys(model.groups)) {
    const both = [model.engagement, model.fit].every((kind: readonly { group?: string | undefined }[]) =>
      kind.some((rule) => rule.group === group),
    );
    if (both) refuse(['groups', group], 'A group holds engagement rules or fit rules, not both');
  }
  if (model.floor > model.cap) refuse(['floor'], 'The floor is above the cap');
});
export type ScoringModel = Readonly<z.infer<typeof scoringModelSchema>>;

/** A model as it is in force: with the version it was published as, counted from 1. */
export const publishedModelSchema = z.object({ version: z.number().int().min(1), model: modelSchema });
export type PublishedModel = Readonly<z.infer<typeof publishedModelSchema>>;

const standardPoints = {
  page_view: 5,
  email_open: 10,
  form_submit: 20,
  demo_request: 50,
  contract_signed: 100,
  webinar_attendance: 25,
  pricing_page_visit: 15,
  signup: 30,
  download: 15,
  unsubscribe: -20,
};

/** Version 1 of every project's model. */
export const defaultModel: ScoringModel = scoringModelSchema.parse({
  engagement: Object.entries(standardPoints).map(([eventType, value]) => ({
    id: eventType,
    when: { eventType },
    points: value,
  })),
});

const valueAt = (data: JsonObject, path: string): Json | undefined => {
  if (Object.hasOwn(data, path)) return data[path];
  let value: Json | undefined = data;
  for (const part of path.split('.')) {
    if (value === null || typeof value !== 'object' || Array.isArray(value) || !Object.hasOwn(value, part))
      return undefined;
    value = value[part];
  }
  return value;
};

const compareOrdered = (value: Json | undefined, other: Json | undefined): number => {
  if (typeof value === 'number' && typeof other === 'number') return value - other;
  if (typeof value === 'string' && typeof other === 'string') return value < other ? -1 : value > other ? 1 : 0;
  return NaN;
};

const holds = (actual: Json | undefined, { op, value }: Comparison): boolean => {
  switch (op) {
    case 'eq':
      return actual === value;
    case 'ne':
      return actual !== value;
    case 'in':
      return Array.isArray(value) && actual !== undefined && value.includes(actual);
    case 'nin':
      return Array.isArray(value) && (actual === undefined || !value.includes(actual));
    case 'gt':
      return compareOrdered(actual, value) > 0;
    case 'gte':
      return compareOrdered(actual, value) >= 0;
    case 'lt':
      return compareOrdered(actual, value) < 0;
    case 'lte':
      return compareOrdered(actual, value) <= 0;
    case 'contains':
      if (typeof actual === 'string') return typeof value === 'string' && actual.includes(value);
      return Array.isArray(actual) && value !== undefined && actual.includes(value);
    case 'exists':
      return (actual !== undefined && actual !== null) === (value ?? true);
  }
};

/**
 * Whether data meets a condition. A name is a key, or a path of keys joined by dots. Numbers compare with numbers, texts
 * with texts (by code unit, so ISO dates work); anything else is neither smaller nor greater. What is missing equals nothing.
 */
export const meets = (data: JsonObject, path: string, condition: Comparison): boolean =>
  holds(valueAt(data, path), condition);
