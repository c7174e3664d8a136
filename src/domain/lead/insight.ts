/** What can be read off a lead's activity at a time. Each definition stands here, once. */

const dayMs = 86_400_000;

export const risks = ['low', 'medium', 'high'] as const;
export type Risk = (typeof risks)[number];

/** How likely a lead is lost: by whole and part days since its last activity, more than 7 high, more than 3 medium. */
export const riskOf = (lastActivityAt: string, now: Date): Risk => {
  const days = (now.getTime() - Date.parse(lastActivityAt)) / dayMs;
  if (days > 7) return 'high';
  return days > 3 ? 'medium' : 'low';
};

export const trends = ['rising', 'steady', 'falling'] as const;
export type Trend = (typeof trends)[number];

/** Activities of the last seven days against the seven days before. */
export const trendOf = (lastWeek: number, weekBefore: number): Trend => {
  if (lastWeek === weekBefore) return 'steady';
  return lastWeek > weekBefore ? 'rising' : 'falling';
};

export const nextActions = ['call', 'email', 'invite', 'nurture', 're-engage', 'none'] as const;
export type NextAction = (typeof nextActions)[number];

/** What the next action depends on. */
export type Standing = {
  /** It is qualified, and not closed. */
  readonly qualified: boolean;
  /** It asked to hear no more: then nothing is sent to it. */
  readonly unsubscribed: boolean;
  /** Its place among the stages of the model: 0 is the lowest, 1 the highest. */
  readonly height: number;
  readonly risk: Risk;
};

/** What to do next with a lead, and why: the first that applies. */
const nextOf = ({ qualified, unsubscribed, height, risk }: Standing): readonly [NextAction, string] => {
  if (qualified) return ['call', unsubscribed ? 'It is qualified, and asked for no more mail' : 'It is qualified'];
  if (unsubscribed) return ['none', 'It asked to hear no more, and is not qualified'];
  if (risk === 'high') return ['re-engage', 'It is not qualified, and has done nothing for more than 7 days'];
  if (height > 0.5) return ['email', 'It is not qualified, and in the upper half of the stages'];
  if (height > 0) return ['invite', 'It is not qualified, and has left the lowest stage'];
  return ['nurture', 'It is in the lowest stage'];
};

/** What to do next with a lead. */
export const nextActionOf = (lead: Standing): NextAction => nextOf(lead)[0];

/** Activities in the last 24 h, the last 7 days and the 7 days before those. */
export type Pace = { readonly day: number; readonly week: number; readonly weekBefore: number };

const many = (count: number): string => `${count} ${count === 1 ? 'activity' : 'activities'}`;

/** Why a lead's velocity, risk, trend and next action are what they are, each in a sentence with its numbers. */
export const insightBecause = (lead: Standing, { day, week, weekBefore }: Pace, lastActivityAt: string) => ({
  velocity: `${many(day)} in the last 24 hours`,
  risk: `Its last activity was at ${lastActivityAt}; more than 3 days without one are a medium risk, more than 7 a high one`,
  trend: `${many(week)} in the last 7 days, ${weekBefore} in the 7 days before`,
  nextAction: nextOf(lead)[1],
});

/** Since when activities count for velocity (24 h), and for the two weeks of the trend; ISO 8601. */
export const windowsAt = (now: Date): { readonly day: string; readonly week: string; readonly fortnight: string } => {
  const ago = (days: number): string => new Date(now.getTime() - days * dayMs).toISOString();
  return { day: ago(1), week: ago(7), fortnight: ago(14) };
};

/** How much a lead does by a time: counts of its activities by when they occurred (`isoTime`). */
export const paceOf = (occurredAt: Iterable<string>, now: Date): Pace => {
  const { day, week, fortnight } = windowsAt(now);
  let [lastDay, lastWeek, lastTwoWeeks] = [0, 0, 0];
  for (const each of occurredAt) {
    if (each > day) lastDay += 1;
    if (each > week) lastWeek += 1;
    if (each > fortnight) lastTwoWeeks += 1;
  }
  return { day: lastDay, week: lastWeek, weekBefore: lastTwoWeeks - lastWeek };
};
