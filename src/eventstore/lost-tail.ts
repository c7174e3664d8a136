import type { Standing } from '../readmodels/checkpoints.ts';
import type { EventStore, Place } from './event-store.ts';

/** The log does not have what a reader has read of it. The message says what is missing, and what to do. */
export class LostTail extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LostTail';
  }
}

/** Whether a stream was truncated beyond a fact. A log that lost its end has the beginnings of its streams. */
const isTruncated = async (store: Pick<EventStore, 'read'>, { stream, revision }: Place): Promise<boolean> => {
  const {
    events: [first],
  } = await store.read(stream, -1, 1);
  return first !== undefined && first.revision > revision;
};

const advice =
  'The log lost its end, or is another one: stop and put back the one that was there, ' +
  'or make what was read again from this one with npm run rebuild -- --all';

const found = (there: Place | undefined, { position }: Place): string => {
  if (there === undefined) return 'there is none now';
  return there.position === position
    ? 'another fact is there now'
    : `that revision is at position ${there.position} now`;
};

/**
 * What the log lacks of what a reader has read, as an error to show; nothing when it has the very fact that the checkpoint
 * stands on. A checkpoint that was saved before facts were kept with it may only not be beyond the log's end.
 */
export const lostTail = async (
  store: Pick<EventStore, 'at' | 'head' | 'read'>,
  { position, fact }: Standing,
): Promise<LostTail | undefined> => {
  const head = await store.head();
  if (position > head) return new LostTail(`It has read up to ${position}, and the log ends at ${head}. ${advice}`);
  if (fact === undefined) return undefined;
  const there = await store.at(fact.stream, fact.revision);
  if (there?.id === fact.id && there.position === fact.position) return undefined;
  if (there === undefined && (await isTruncated(store, fact))) return undefined;
  const read = `It has read fact ${fact.id} at position ${fact.position}, revision ${fact.revision} of ${fact.stream}`;
  return new LostTail(`${read}, and ${found(there, fact)}. ${advice}`);
};
