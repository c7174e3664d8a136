import { z } from 'zod';
import { reject, rejectEvents, rejectStreamId } from '../../domain/sources/reject.ts';
import { command } from '../../engine/command.ts';

/** Says that a reject is recorded. Of two who replay it at once the first one counts. */
export const completeReplay = command(reject)({
  name: 'CompleteReplay',
  input: rejectEvents.RejectReplayed.pick({ status: true, results: true }).extend({
    projectId: z.string(),
    rejectId: z.string(),
  }),
  id: ({ projectId, rejectId }) => rejectStreamId(projectId, rejectId),
  decide: (state, { status, results }, { now }) =>
    state.status === 'open'
      ? [{ type: 'RejectReplayed', data: { ...state.summary, status, results, at: now.toISOString() } }]
      : [],
});
