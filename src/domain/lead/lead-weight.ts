import type { Activity, Json } from './activity.ts';
import type { LeadEvent } from './lead-events.ts';

const weightOfJson = (value: Json | undefined): number => {
  if (typeof value === 'string') return 24 + value.length;
  if (typeof value !== 'object' || value === null) return 16;
  return Object.values(value).reduce<number>((sum, part) => sum + weightOfJson(part), 64);
};

/** Texts of an activity and its places in the maps, by what 60,000 activities were seen to take. */
const weightOf = ({ properties, traits, context }: Activity): number =>
  600 + weightOfJson(properties) + weightOfJson(traits) + (context ? weightOfJson(context) : 0);

/** About how much memory a fact adds to the state of a lead, in bytes. */
export const weigh = ({ type, data }: LeadEvent): number => {
  if (type === 'ActivityRecorded') return weightOf(data);
  if (type === 'LeadAbsorbed') return data.activities.reduce((sum, activity) => sum + weightOf(activity), 500);
  return type === 'LeadScored' || type === 'StageChanged' ? 0 : 300;
};
