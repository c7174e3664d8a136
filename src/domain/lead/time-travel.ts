import type { LeadEvent } from './lead-events.ts';

/** What facts add up to by now, and what those that were there at a time did; undefined while there was none. */
export type Past<S> = { readonly now: S; readonly then: S | undefined };

/**
 * Takes one more fact of a stream, in its order. What is before a fact in its stream was there when the fact was recorded,
 * whatever a clock that jumped says: so `then` is always something that was so. Without a time it is the same as `now`.
 */
export const recordedUntil =
  <S, F extends { readonly recordedAt: Date }>(evolve: (state: S, fact: F) => S, asOf: Date | undefined) =>
  (past: Past<S>, fact: F): Past<S> => {
    const now = evolve(past.now, fact);
    return { now, then: asOf === undefined || fact.recordedAt <= asOf ? now : past.then };
  };

/** A lead's fact without the activities that occurred after a time (as `isoTime`); undefined when nothing is left of it. */
export const occurredUntil = (fact: LeadEvent, time: string): LeadEvent | undefined => {
  if (fact.type === 'ActivityRecorded') return fact.data.occurredAt <= time ? fact : undefined;
  if (fact.type !== 'LeadAbsorbed') return fact;
  const activities = fact.data.activities.filter(({ occurredAt }) => occurredAt <= time);
  return { ...fact, data: { ...fact.data, activities } };
};
