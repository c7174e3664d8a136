import type { Activity, Json, JsonObject } from './activity.ts';
import { inOrder } from './activity.ts';
import type { Comparison } from '../conditions/comparison.ts';
import { finder, tester } from '../conditions/comparison.ts';

const prefix = 'context.';

/**
 * A condition of a scoring rule made ready to be asked of many activities. A name is looked for in the properties; one such as
 * `context.campaign.source` that is not there, in the context. `undotted` is what is known of the properties.
 */
export const activityCondition = (
  name: string,
  compared: Comparison,
): ((activity: Activity, undotted?: boolean) => boolean) => {
  const [inProperties, test] = [finder(name), tester(compared)];
  if (!name.startsWith(prefix)) return ({ properties }, undotted = false) => test(inProperties(properties, undotted));
  const inContext = finder(name.slice(prefix.length));
  return ({ properties, context }, undotted = false) => {
    const said = inProperties(properties, undotted);
    return test(said === undefined && context ? inContext(context, false) : said);
  };
};

/** The context of a lead: each part as the last activity has it that says anything of it, by when it occurred. */
export const contextOf = (activities: Iterable<Activity>): JsonObject => {
  const told = new Map<string, { readonly by: Activity; readonly value: Json }>();
  for (const by of activities) {
    for (const [part, value] of Object.entries(by.context ?? {})) {
      const before = told.get(part);
      if (!before || inOrder(before.by, by) < 0) told.set(part, { by, value });
    }
  }
  return Object.fromEntries([...told].map(([part, { value }]) => [part, value]));
};
