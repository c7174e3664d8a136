import type { Candidate, Others } from './ownership-events.ts';

/** How much a decision records of whom it looked at. */
export const candidateLimits = {
  /** How many candidates are recorded in full; of the others only how many there were for each reason. */
  inFull: 50,
} as const;

/** Whom a decision looked at, as it is recorded. */
export type Considered = { readonly candidates: readonly Candidate[]; readonly others?: Others };

/** How many candidates there were for each reason, the most frequent first. */
export const byReason = (candidates: readonly Candidate[]): Others => {
  const counts = new Map<string, number>();
  for (const { reason } of candidates) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
};

/**
 * What is recorded of all who were looked at. Of more than are recorded in full the first is who was chosen; then come those
 * who were in, then those who were out, in the order in which they were asked. The others are counted.
 */
export const recordedOf = (all: readonly Candidate[], chosen?: string): Considered => {
  if (all.length <= candidateLimits.inFull) return { candidates: all };
  const rank = (each: Candidate): number => (each.repId === chosen ? 0 : each.in ? 1 : 2);
  // Who is alike stays in order: sorting is stable.
  const ranked = all.toSorted((a, b) => rank(a) - rank(b));
  return {
    candidates: ranked.slice(0, candidateLimits.inFull),
    others: byReason(ranked.slice(candidateLimits.inFull)),
  };
};
