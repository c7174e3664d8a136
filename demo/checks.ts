import type { Findings } from './findings.ts';
import type { Story } from './story.ts';
import { visitors } from './story.ts';
import type { Tally } from './tally.ts';

/** Something that must be so; `found` are the numbers. */
export type Check = { readonly claim: string; readonly holds: boolean; readonly found: string };

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Points have two decimals: only as hundredths are they added exactly. */
const sumOfPoints = (values: readonly number[]): number => sum(values.map((value) => Math.round(value * 100))) / 100;

/** Numbers that must be the same. */
export const same = (claim: string, ...values: readonly number[]): Check => ({
  claim,
  holds: new Set(values).size === 1,
  found: values.join(' = '),
});

/** What must be so when the story was taken in rightly. */
export const checksOf = (story: Story, tally: Tally, { standings, portrait, merged }: Findings): readonly Check[] => {
  const { explanation, lead } = portrait;
  const accepted = tally.count('queued');
  const answered = accepted + tally.count('duplicate') + tally.count('rejected');
  const dashboards = standings.map(({ dashboard }) => dashboard);
  const contributions = sumOfPoints(explanation.contributions.map(({ points }) => points));
  return [
    same('accepted + duplicates + rejected = sent', answered, tally.sent(), story.arrivals.length),
    same('every retry is a duplicate, nothing else is', tally.count('duplicate'), story.retries + story.conflicts),
    same('one id with another content is a conflict', tally.conflicts(), story.conflicts),
    same('only the faulty items are rejected', tally.count('rejected'), story.faulty),
    same('every accepted event is in a history once', sum(dashboards.map(({ totals }) => totals.activities)), accepted),
    same('every visitor is one lead', sum(dashboards.map(({ totals }) => totals.leads)), visitors),
    same('every lead is in one stage', sum(dashboards.flatMap(({ stages }) => Object.values(stages))), visitors),
    same('the contributions sum up to the score', contributions, explanation.score, lead.score),
    same('the link of a shared computer is refused', tally.refused().length, 1),
    same('the id of a merged lead leads to its survivor', merged ? 1 : 0, 1),
  ];
};
