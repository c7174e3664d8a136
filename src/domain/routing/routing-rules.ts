import { z } from 'zod';
import { recordedComparison } from '../conditions/comparison.ts';

const text = z.string().trim().min(1).max(128);
const memberId = z.string().min(1).max(64);
const ruleId = z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, 'A rule id has 1-64 letters, digits, "_", "." or "-"');

/** A condition over what is known of a lead, by a name or a path of names joined by dots, such as `profile.company.size` or `context.campaign.source`. */
export const routingCondition = z.strictObject({ field: text, ...recordedComparison });
export type RoutingCondition = Readonly<z.infer<typeof routingCondition>>;

/** Who may get a lead: everybody of these teams, and these reps. */
export const routingTarget = z.strictObject({
  teams: z.array(memberId).max(100).optional(),
  reps: z.array(memberId).max(1_000).optional(),
});
export type RoutingTarget = Readonly<z.infer<typeof routingTarget>>;

export const strategies = ['round-robin', 'least-loaded', 'best-skill'] as const;
export type Strategy = (typeof strategies)[number];

export const routingRule = z.strictObject({
  id: ruleId,
  name: text.optional(),
  /** All hold; none: every lead. */
  when: z.array(routingCondition).max(20),
  to: routingTarget,
  strategy: z.enum(strategies),
  /** What a rep must be able to, at that level at least. */
  skills: z.array(z.strictObject({ skill: text, level: z.number().int().min(1).max(5) })).max(20),
  /** Somebody must approve when all of these hold. */
  approval: z.array(routingCondition).max(20).optional(),
  /** Other rules whose reps are asked in this order when nobody here fits, whatever their `when` says. */
  fallback: z.array(ruleId).max(20),
});
export type RoutingRule = Readonly<z.infer<typeof routingRule>>;

/** A project's routing rules, published as a whole. */
export const routingRulesSchema = z.strictObject({
  rules: z.array(routingRule).max(200),
  /** Whether who had the lead before, or has another of the same company, is asked first. */
  sticky: z.strictObject({ lead: z.boolean(), domain: z.boolean() }),
  /** Domains of e-mail addresses that say nothing about a company, besides those that are known. */
  freeMailDomains: z.array(text).max(1_000),
  /** Names for groups of countries (ISO 3166, two letters). */
  regions: z.record(text, z.array(z.string().regex(/^[A-Za-z]{2}$/)).max(300)),
  defaultTeam: memberId.optional(),
});
export type RoutingRules = Readonly<z.infer<typeof routingRulesSchema>>;

/** The rules of a project that has published none: its version is 0, and all its reps are asked in turn. */
export const noRules: RoutingRules = {
  rules: [],
  sticky: { lead: true, domain: true },
  freeMailDomains: [],
  regions: {},
};
