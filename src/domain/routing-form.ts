import { z } from 'zod';
import { countryOf } from './country.ts';
import { repeatedIn } from './roster-form.ts';
import type { RoutingCondition } from './routing-rules.ts';
import { routingCondition, routingRule, routingRulesSchema, routingTarget } from './routing-rules.ts';
import { valueFits } from './comparison.ts';

/** What there is to look at in a lead, and of which kind it is. Of the profile any trait, by its name or path. */
const fields: ReadonlyMap<string, 'number' | 'text' | 'list'> = new Map([
  ...(['score', 'fit', 'engagement', 'qualifications'] as const).map((name) => [name, 'number'] as const),
  ...(['stage', 'source'] as const).map((name) => [name, 'text'] as const),
  ...[['sources', 'list'] as const],
  ...(['email', 'emailDomain', 'userId', 'anonymousId'] as const).map(
    (name) => [`identifiers.${name}`, 'text'] as const,
  ),
]);

const known = [...fields.keys(), 'profile.<trait>'].join(', ');

/** Whether each value that a condition compares with is of the kind of its field. */
const ofKind = ({ value }: RoutingCondition, kind: 'number' | 'string'): boolean =>
  (Array.isArray(value) ? value : [value]).every((each) => typeof each === kind);

const faultOf = (condition: RoutingCondition): readonly ['field' | 'op' | 'value', string] | undefined => {
  const { field, op } = condition;
  if (/^profile(\.[^.]+)+$/.test(field) || op === 'exists') return undefined;
  const kind = fields.get(field);
  if (kind === 'list')
    return op === 'contains' ? undefined : ['op', `${field} is a list: ask whether it contains something`];
  if (kind === 'number') {
    if (op === 'contains') return ['op', `${field} is a number: it contains nothing`];
    return ofKind(condition, 'number') ? undefined : ['value', `${field} is a number, and compares with numbers`];
  }
  return ofKind(condition, 'string') ? undefined : ['value', `${field} is a text, and compares with texts`];
};

const condition = z.strictObject(routingCondition.shape).superRefine((each, context) => {
  valueFits(each, context);
  const { field } = each;
  if (!fields.has(field) && !/^profile(\.[^.]+)+$/.test(field))
    return void context.addIssue({
      code: 'custom',
      path: ['field'],
      message: `Not known of leads; there are ${known}`,
    });
  const [path, message] = faultOf(each) ?? [];
  if (path !== undefined && message !== undefined) context.addIssue({ code: 'custom', path: [path], message });
});
const conditions = z.array(condition).max(20);

const to = z
  .strictObject(routingTarget.shape)
  .refine(({ teams = [], reps = [] }) => teams.length + reps.length > 0, 'A rule names a team or a rep at least');

const { shape: ruleShape } = routingRule;

const rule = z.strictObject({
  ...{ id: ruleShape.id, name: ruleShape.name, when: conditions.default([]), to },
  strategy: ruleShape.strategy.default('round-robin'),
  skills: z.array(z.strictObject(ruleShape.skills.element.shape)).max(20).default([]),
  approval: conditions.min(1, 'Without conditions leave it out').optional(),
  fallback: ruleShape.fallback.default([]),
});

/** A country by its code or English name, as the code that leads have. */
const country = z
  .string()
  .max(128)
  .transform((text, context) => {
    const code = countryOf(text);
    if (code !== undefined && countryOf(code) === code) return code;
    context.addIssue({ code: 'custom', message: 'A country has a code of two letters (ISO 3166) or its English name' });
    return z.NEVER;
  });

const domain = z
  .string()
  .max(253)
  .transform((text) => text.trim().toLowerCase().replace(/^@/, ''))
  .refine((text) => /^[^\s@]+\.[^\s@.]+$/.test(text), 'A domain is what follows the @, such as example.com');

/** How many values the conditions of all rules may list: each rule is compared with those before it. */
const mostValues = 5_000;

const { shape } = routingRulesSchema;

/** What routing rules are asked for with. What is left out has a default. Whether they fit the roster is another question. */
export const routingRulesForm = z
  .strictObject({
    rules: z.array(rule).max(200).default([]),
    sticky: z
      .strictObject({ lead: z.boolean().default(true), domain: z.boolean().default(true) })
      .default({ lead: true, domain: true }),
    freeMailDomains: z.array(domain).max(1_000).default([]),
    regions: z
      .record(shape.regions.keyType, z.array(country).min(1).max(300))
      .refine((regions) => Object.keys(regions).length <= 200, 'There are 200 regions at most')
      .default({}),
    defaultTeam: shape.defaultTeam,
  })
  .superRefine(({ rules, regions }, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    const listed = rules.flatMap(({ when, approval = [] }) => [...when, ...approval]);
    const values = listed.reduce((sum, { value }) => sum + (Array.isArray(value) ? value.length : 1), 0);
    if (values > mostValues) refuse(['rules'], `All conditions together list ${mostValues} values at most`);
    const names = Object.keys(regions);
    for (const at of repeatedIn(names)) refuse(['regions', names[at] ?? ''], 'The region is named twice');
  });
