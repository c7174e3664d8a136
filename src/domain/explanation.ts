import { z } from 'zod';
import { inOrder } from './activity.ts';
import type { PublishedModel } from './scoring-model.ts';
import type { Scorable } from './scoring.ts';
import { applyRule, fits, hundredths, inPoints, stageOf, tally } from './scoring.ts';

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

/** Each rule lists this many of its latest activities one by one; older ones share a line, so that answers stay bounded. */
const listedPerRule = 200;

const kinds: Readonly<Record<string, Contribution['kind']>> = { 'score:floor': 'floor', 'score:cap': 'cap' };

/** Why a lead has its score as of a time (ms since 1970): every contribution in force, with limits, decay and caps as their own lines. */
export const explain = (published: PublishedModel, lead: Scorable, asOf: number): Explanation => {
  const { version, model } = published;
  const total = tally(published, lead, asOf);
  const contributions: Contribution[] = [];
  const add = (line: Contribution): void => {
    if (line.points !== 0) contributions.push(line);
  };

  for (const rule of model.engagement) {
    const { base, matching, counting, total: worth } = applyRule(rule, lead, asOf);
    const listed = matching.toSorted(inOrder).slice(-listedPerRule);
    const older = matching.length - listed.length;
    add({ kind: 'activities', rule: rule.id, points: inPoints(base * older), count: older });
    for (const { eventId, eventType, occurredAt } of listed) {
      add({ kind: 'activity', rule: rule.id, points: inPoints(base), eventId, eventType, occurredAt });
    }
    const over = matching.length - counting.length;
    add({ kind: 'limit', rule: rule.id, points: inPoints(-base * over), count: over });
    add({ kind: 'decay', rule: rule.id, points: inPoints(worth - base * counting.length), count: counting.length });
  }
  for (const rule of model.fit) {
    if (fits(rule, lead.traits)) add({ kind: 'fit', rule: rule.id, points: inPoints(hundredths(rule.points)) });
  }
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
