import { z } from 'zod';
import { boundedList, boundedMap, repeatedAt } from '../bounded.ts';
import { countryOf } from '../conditions/country.ts';
import type { RoutingCondition } from './routing-rules.ts';
import { routingCondition, routingRule, routingRulesSchema, routingTarget } from './routing-rules.ts';
import { excessIn, routingLimits } from './routing-cost.ts';
import { asRecorded, comparison, conditionFits } from '../conditions/condition-form.ts';

/** What there is to look at in a lead, and of which kind it is. Of the profile any trait, and of the context anything, by its name or path. */
const fields: ReadonlyMap<string, 'number' | 'text' | 'list'> = new Map([
  ...(['score', 'fit', 'engagement', 'qualifications'] as const).map((name) => [name, 'number'] as const),
  ...(['stage', 'source'] as const).map((name) => [name, 'text'] as const),
  ...[['sources', 'list'] as const],
  ...(['email', 'emailDomain', 'userId', 'anonymousId'] as const).map(
    (name) => [`identifiers.${name}`, 'text'] as const,
  ),
]);

const known = [...fields.keys(), 'profile.<trait>', 'context.<part>'].join(', ');

/** Whether each value that a condition compares with is of the kind of its field. */
const ofKind = ({ value }: RoutingCondition, kind: 'number' | 'string'): boolean =>
  (Array.isArray(value) ? value : [value]).every((each) => typeof each === kind);

const isByPath = (field: string): boolean => /^(profile|context)(\.[^.]+)+$/.test(field);

const kindFault = (condition: RoutingCondition): readonly ['field' | 'op' | 'value', string] | undefined => {
  const { field, op } = condition;
  const kind = fields.get(field);
  if (kind === undefined) return isByPath(field) ? undefined : ['field', `Not known of leads; there are ${known}`];
  if (op === 'exists') return undefined;
  if (kind === 'list')
    return op === 'contains' ? undefined : ['op', `${field} is a list: ask whether it contains something`];
  if (kind === 'number') {
    if (op === 'contains' || op === 'startsWith' || op === 'endsWith')
      return ['op', `${field} is a number: it has no parts`];
    return ofKind(condition, 'number') ? undefined : ['value', `${field} is a number, and compares with numbers`];
  }
  return ofKind(condition, 'string') ? undefined : ['value', `${field} is a text, and compares with texts`];
};

// How many values all conditions list together is bounded below.
const fits = conditionFits<RoutingCondition>(Infinity, ({ field }) => field);

const condition = z
  .strictObject({ ...routingCondition.shape, ...comparison })
  .superRefine((each, context) => {
    fits(each, context);
    const [path, message] = kindFault(each) ?? [];
    if (path !== undefined && message !== undefined) context.addIssue({ code: 'custom', path: [path], message });
  })
  // What is known of every lead is of one kind, and is read as it is.
  .transform((each) => (fields.has(each.field) ? each : asRecorded(each.field, each)));
const conditions = boundedList(condition, routingLimits.ofRule);

const { teams: target } = routingTarget.shape;
const ids = target.unwrap().element;

const to = z
  .strictObject({
    teams: boundedList(ids, routingLimits.teams).optional(),
    reps: boundedList(ids, routingLimits.reps).optional(),
  })
  .refine(({ teams = [], reps = [] }) => teams.length + reps.length > 0, 'A rule names a team or a rep at least');

const { shape: ruleShape } = routingRule;

const rule = z.strictObject({
  id: ruleShape.id,
  name: ruleShape.name,
  when: conditions.default([]),
  to,
  strategy: ruleShape.strategy.default('round-robin'),
  skills: boundedList(z.strictObject(ruleShape.skills.element.shape), routingLimits.ofRule).default([]),
  approval: conditions.refine((given) => given.length > 0, 'Without conditions leave it out').optional(),
  fallback: boundedList(ruleShape.fallback.element, routingLimits.ofRule).default([]),
});

/** A country by one of its codes or names, as the code that leads have. */
const country = z
  .string()
  .max(128)
  .transform((text, context) => {
    const code = countryOf(text);
    if (code !== undefined) return code;
    context.addIssue({
      code: 'custom',
      message: 'No such country: say its code (ISO 3166), such as DE, or its English name',
    });
    return z.NEVER;
  });

/** The countries of a region; without any it is what leads call their region. */
const countries = boundedList(country, routingLimits.countries);

const domain = z
  .string()
  .max(253)
  .transform((text) => text.trim().toLowerCase().replace(/^@/, ''))
  .refine((text) => /^[^\s@]+\.[^\s@.]+$/.test(text), 'A domain is what follows the @, such as example.com');

const { shape } = routingRulesSchema;

/** What routing rules are asked for with. What is left out has a default. Whether they fit the roster is another question. */
export const routingRulesForm = z
  .strictObject({
    rules: boundedList(rule, routingLimits.rules).default([]),
    sticky: z
      .strictObject({ lead: z.boolean().default(true), domain: z.boolean().default(true) })
      .default({ lead: true, domain: true }),
    freeMailDomains: boundedList(domain, routingLimits.freeMailDomains).default([]),
    regions: boundedMap(shape.regions.keyType, countries, routingLimits.regions).default({}),
    defaultTeam: shape.defaultTeam,
  })
  .superRefine(({ rules, regions }, context) => {
    for (const { path, detail } of excessIn({ rules }))
      context.addIssue({ code: 'custom', path: [...path], message: detail });
    const names = Object.keys(regions);
    for (const at of repeatedAt(names.map((name) => name.trim().toLowerCase())))
      context.addIssue({ code: 'custom', path: ['regions', names[at] ?? ''], message: 'The region is named twice' });
  });
