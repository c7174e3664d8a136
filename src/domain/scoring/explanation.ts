import { z } from 'zod';
import type { PublishedModel } from './published-model.ts';
import type { Scorable } from './scoring.ts';
import { applyRule, inPoints, preparedOf, stageOf, tally } from './scoring.ts';

/** One reason for a score, in points. The sum of all contributions is the score, exactly. */
export const contributionSchema = z.object({
  kind: z.enum(['activity', 'activities', 'fit', 'limit', 'decay', 'group_cap', 'floor', 'cap']),
  rule: z.string(),
  points: z.number(),
  eventId: z.string().optional(),
  eventType: z.string().optional(),
  occurredAt: z.string().optional(),
  /** How many activities a summed-up line stands for. */
  count: z.number().int().optional(),
});
export type Contribution = Readonly<z.infer<typeof contributionSchema>>;

export const explanationSchema = z.object({
  score: z.number(),
  fit: z.number(),
  engagement: z.number(),
  stage: z.string(),
  model: z.number().int(),
  asOf: z.string(),
  contributions: z.array(contributionSchema),
});
export type Explanation = Readonly<z.infer<typeof explanationSchema>>;

/**
 * How many activities are listed one by one, of a rule and of all: the latest of each. Older ones share a line, so that answers
 * stay bounded.
 */
const listed = { ofRule: 200, ofAll: 5_000 };

const kinds: Readonly<Record<string, Contribution['kind']>> = { 'score:floor': 'floor', 'score:cap': 'cap' };

/** Why a lead has its score as of a time (ms since 1970): every contribution in force, with limits, decay and caps as their own lines. */
export const explain = (published: PublishedModel, lead: Scorable, asOf: number): Explanation => {
  const { version, model } = published;
  const prepared = preparedOf(published);
  const total = tally({ version, model, prepared: () => prepared }, lead, asOf);
  const contributions: Contribution[] = [];
  const add = (line: Contribution): void => {
    if (line.points !== 0) contributions.push(line);
  };

  const each = Math.min(listed.ofRule, Math.ceil(listed.ofAll / Math.max(1, prepared.rules.length)));
  for (const rule of prepared.rules) {
    const { base, matching, count, total: worth } = applyRule(rule, prepared, lead, asOf);
    const latest = matching.slice(-each);
    const older = matching.length - latest.length;
    add({ kind: 'activities', rule: rule.id, points: inPoints(base * older), count: older });
    for (const { activity } of latest) {
      const { eventId, eventType, occurredAt } = activity;
      add({ kind: 'activity', rule: rule.id, points: inPoints(base), eventId, eventType, occurredAt });
    }
    const over = matching.length - count;
    add({ kind: 'limit', rule: rule.id, points: inPoints(-base * over), count: over });
    add({ kind: 'decay', rule: rule.id, points: inPoints(worth - base * count), count });
  }
  for (const { id, base } of prepared.fitting(lead)) add({ kind: 'fit', rule: id, points: inPoints(base) });
  for (const [name, value] of total.lines) {
    if (name.includes(':')) add({ kind: kinds[name] ?? 'group_cap', rule: name, points: inPoints(value) });
  }
  const score = inPoints(total.score);
  return {
    score,
    fit: inPoints(total.fit),
    engagement: inPoints(total.engagement),
    stage: stageOf(model, score),
    model: version,
    asOf: new Date(asOf).toISOString(),
    contributions,
  };
};
