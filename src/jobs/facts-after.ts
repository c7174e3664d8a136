import type { Batch, EventStore, Filter } from '../eventstore/event-store.ts';
import type { JobContext } from './job-handler.ts';

/** The next facts after a position; none when there are no more by now. */
export const factsAfter = async (
  store: Pick<EventStore, 'follow'>,
  position: number,
  { head, signal }: Pick<JobContext, 'head' | 'signal'>,
  filter: Filter,
): Promise<Batch> => {
  if (position >= (await head())) return { events: [], position };
  for await (const batch of store.follow(position, signal, filter)) return batch;
  return { events: [], position };
};
