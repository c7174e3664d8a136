import { keepReject } from '../commands/sources/keep-reject.ts';
import type { EventsOf } from '../domain/event.ts';
import type { rejectEvents } from '../domain/sources/reject.ts';
import type { Request } from '../engine/handle.ts';
import type { Engine } from './engine.ts';

/** What was refused, and is to be kept. */
export type Refused = Extract<EventsOf<typeof rejectEvents>, { type: 'RejectKept' }>['data'];

/** How many are written together. */
const together = 50;

/** Keeps what was refused of one request. When it resolves, that is durable, up to the position (0 when there is nothing). */
export const keepRejects = async (
  { handle, yieldToOthers }: Pick<Engine, 'handle' | 'yieldToOthers'>,
  projectId: string,
  rejects: readonly Refused[],
  request: Request,
): Promise<number> => {
  let position = 0;
  for (let begin = 0; begin < rejects.length; begin += together) {
    const some = rejects.slice(begin, begin + together);
    const kept = await Promise.all(some.map((reject) => handle(keepReject, { ...reject, projectId }, request)));
    for (const each of kept) position = Math.max(position, each.position);
    await yieldToOthers(projectId);
  }
  return position;
};
