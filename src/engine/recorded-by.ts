import type { Event } from '../domain/event.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { States } from './states.ts';

/** How many facts are read at a time: few commands record more. */
const atATime = 32;

/** A command of a stream, and the revisions where its facts may begin. */
type Wanted = { readonly stream: string; readonly commandId: string; readonly revisions: readonly number[] };

/** The facts that a command recorded, if one of the revisions is where they begin, and at which of them a fact of another is instead. */
type Found<E extends Event> = { readonly events: readonly Recorded<E>[]; readonly others: readonly number[] };

/** Looks in the log for what a command recorded. */
export const recordedBy = async <E extends Event>(
  states: Pick<States, 'read'>,
  { stream, commandId, revisions }: Wanted,
): Promise<Found<E>> => {
  const events: Recorded<E>[] = [];
  const others: number[] = [];
  for (const first of revisions) {
    let isAll = false;
    // What a command recorded was one append, so it lies together.
    for (let after = first - 1; !isAll; after = events.at(-1)?.revision ?? after) {
      const page = await states.read<E>(stream, after, atATime);
      const end = page.findIndex(({ metadata }) => metadata.commandId !== commandId);
      events.push(...(end === -1 ? page : page.slice(0, end)));
      isAll = end >= 0 || page.length === 0;
      if (events.length === 0 && page.length > 0) others.push(first);
    }
    if (events.length > 0) break;
  }
  return { events, others };
};
