import { z } from 'zod';
import { reject, rejectEvents, rejectStreamId } from '../../domain/sources/reject.ts';
import { command } from '../../engine/command.ts';

/** Lets a reject go: an open one to make room, a settled one by its age. */
export const dropReject = command(reject)({
  name: 'DropReject',
  input: rejectEvents.RejectDropped.pick({ reason: true }).extend({ projectId: z.string(), rejectId: z.string() }),
  id: ({ projectId, rejectId }) => rejectStreamId(projectId, rejectId),
  decide: (state, { reason }, { now }) => {
    if (!state.summary) return [];
    const wasOpen = state.status === 'open';
    // What was settled meanwhile takes no room.
    if (wasOpen !== (reason === 'room')) return [];
    const { via, bytes } = state.summary;
    return [{ type: 'RejectDropped', data: { via, bytes, reason, wasOpen, at: now.toISOString() } }];
  },
});
