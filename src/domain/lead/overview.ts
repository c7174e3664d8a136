import type { Activity, Json, JsonObject } from './activity.ts';
import { inOrder } from './activity.ts';

/** What routing looks at in all activities of a lead, which grows with them. */
export type Overview = {
  /** The first, by when it occurred. */
  first: Activity | undefined;
  /** Where they came from. */
  readonly sources: Set<string>;
  /** Each part of the context as the last activity has it that says anything of it, by when it occurred. */
  readonly context: Map<string, { readonly by: Activity; readonly value: Json }>;
};

export const newOverview = (): Overview => ({ first: undefined, sources: new Set(), context: new Map() });

/** Adds one more activity to an overview. The order in which they are added does not matter. */
export const overview = (known: Overview, activity: Activity): void => {
  if (!known.first || inOrder(activity, known.first) < 0) known.first = activity;
  known.sources.add(activity.source);
  for (const [part, value] of Object.entries(activity.context ?? {})) {
    const before = known.context.get(part);
    if (!before || inOrder(before.by, activity) < 0) known.context.set(part, { by: activity, value });
  }
};

/** The context of a lead. */
export const contextIn = ({ context }: Pick<Overview, 'context'>): JsonObject =>
  Object.fromEntries([...context].map(([part, { value }]) => [part, value]));
