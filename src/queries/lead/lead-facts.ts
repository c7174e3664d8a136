import { leadStreamId, streamOf } from '../../domain/streams.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import type { RecordedView } from '../recorded.ts';
import { recordedView } from '../recorded.ts';

/** A page of the facts of a lead's stream, as they were recorded. */
export const leadFactsOf = async (
  { states }: QueryContext,
  projectId: string,
  leadId: string,
  { limit, after = [-1] }: Range,
): Promise<Page<RecordedView>> => {
  const stream = streamOf('lead', leadStreamId(projectId, leadId));
  const facts = await states.read(stream, Number(after[0]), limit);
  const last = facts.at(-1);
  // A page has fewer than were asked for when they are large.
  const more = last && (await states.read(stream, last.revision, 1)).length > 0;
  return { docs: facts.map(recordedView), ...(more && { next: [last.revision] }) };
};
