import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { streamPages } from '../../src/eventstore/page.ts';

/** All facts of a stream with a revision above one. */
export const factsIn = async (
  store: Pick<EventStore, 'read'>,
  stream: string,
  after = -1,
): Promise<readonly Recorded[]> => {
  const facts: Recorded[] = [];
  for await (const page of streamPages(store, stream, after)) facts.push(...page);
  return facts;
};
