import { z } from 'zod';

/** Whether an object has more members than so many, without going through all of them. */
const hasMore = (members: object, most: number): boolean => {
  let left = most;
  for (const _ in members) if (left-- === 0) return true;
  return false;
};

/**
 * A list of so many items at most. They are counted before any is looked at: a list that is too long costs nothing more,
 * whatever is in it.
 */
export const boundedList = <T extends z.ZodType>(item: T, most: number) =>
  z.preprocess((given, context) => {
    if (!Array.isArray(given) || given.length <= most) return given;
    context.addIssue({ code: 'custom', message: `Has ${given.length} items, ${most} at most` });
    return z.NEVER;
  }, z.array(item).max(most));

/** A map of so many members at most, counted before any is looked at. */
export const boundedMap = <K extends z.core.$ZodRecordKey, V extends z.ZodType>(key: K, value: V, most: number) =>
  z.preprocess(
    (given, context) => {
      if (typeof given !== 'object' || given === null || !hasMore(given, most)) return given;
      context.addIssue({ code: 'custom', message: `Has more than ${most} members; that is the most` });
      return z.NEVER;
    },
    z.record(key, value),
  );

/** The places of those that are in a list a second time. */
export const repeatedAt = (texts: readonly string[]): readonly number[] => {
  const before = new Set<string>();
  return texts.flatMap((text, at) => {
    if (before.has(text)) return [at];
    before.add(text);
    return [];
  });
};
