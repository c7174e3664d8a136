import type { Activity } from './activity.ts';
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
