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

export const nextActions = ['call', 'email', 'invite', 'nurture', 're-engage'] as const;
export type NextAction = (typeof nextActions)[number];

/**
 * What to do next with a lead, by its place among the model's stages (0 is the lowest, 1 the highest) and its risk.
 * `qualified`: it is, and is not closed.
 */
export const nextActionOf = (lead: {
  readonly qualified: boolean;
  readonly height: number;
  readonly risk: Risk;
}): NextAction => {
  if (lead.qualified) return 'call';
  if (lead.risk === 'high') return 're-engage';
  if (lead.height > 0.5) return 'email';
  return lead.height > 0 ? 'invite' : 'nurture';
};

/** Since when activities count for velocity (24 h), and for the two weeks of the trend; ISO 8601. */
export const windowsAt = (now: Date): { readonly day: string; readonly week: string; readonly fortnight: string } => {
  const ago = (days: number): string => new Date(now.getTime() - days * dayMs).toISOString();
  return { day: ago(1), week: ago(7), fortnight: ago(14) };
};

/** How much a lead does: its activities in the 24 h before a time (velocity), and its trend, by when they occurred (`isoTime`). */
export const paceOf = (
  occurredAt: Iterable<string>,
  now: Date,
): { readonly velocity: number; readonly trend: Trend } => {
  const { day, week, fortnight } = windowsAt(now);
  let [velocity, lastWeek, lastTwoWeeks] = [0, 0, 0];
  for (const each of occurredAt) {
    if (each > day) velocity += 1;
    if (each > week) lastWeek += 1;
    if (each > fortnight) lastTwoWeeks += 1;
  }
  return { velocity, trend: trendOf(lastWeek, lastTwoWeeks - lastWeek) };
};
