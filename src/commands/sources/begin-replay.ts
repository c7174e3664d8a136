import { z } from 'zod';
import { mustNotBeReplaying, reject, rejectLimits, rejectStreamId, replayingAt } from '../../domain/sources/reject.ts';
import { command } from '../../engine/command.ts';

/**
 * Says that a reject is about to be recorded, before it is: of two who replay it at once with other bodies one is refused. Whoever
 * says the same goes on with it, which records nothing twice. Nothing is said of one that is settled.
 */
export const beginReplay = command(reject)({
  name: 'BeginReplay',
  input: z.object({ projectId: z.string(), rejectId: z.string(), saying: z.string() }),
  id: ({ projectId, rejectId }) => rejectStreamId(projectId, rejectId),
  decide: (state, { rejectId, saying }, { now }) => {
    mustNotBeReplaying(state, rejectId, now, saying);
    if (state.status !== 'open' || replayingAt(state, now)) return [];
    const until = new Date(now.getTime() + rejectLimits.replayingForMs).toISOString();
    return [{ type: 'ReplayBegun', data: { saying, until, at: now.toISOString() } }];
  },
});
