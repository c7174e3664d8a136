import type { Page, QueryContext, Range } from './queries.ts';
import { viewsOf } from './queries.ts';
import type { RecordedView } from './recorded.ts';
import { recordedView } from './recorded.ts';
import type { Wanted } from './tracing-facts.ts';
import { factsOf } from './tracing-facts.ts';

const isThere = ({ docs, next }: Page<unknown>): boolean => docs.length > 0 || next !== undefined;

/**
 * A page of what was recorded under a correlation id; undefined when nothing was. What is not found is looked for once more
 * when the read models have all that was acknowledged by now.
 */
export const traceOf = async (
  context: QueryContext,
  wanted: Wanted,
  range: Range,
): Promise<Page<RecordedView> | undefined> => {
  const early = await factsOf(context, wanted, range);
  if (isThere(early) || range.after) return viewsOf(early, recordedView);
  await context.caughtUp(wanted.projectId);
  const found = await factsOf(context, wanted, range);
  return isThere(found) ? viewsOf(found, recordedView) : undefined;
};
