import { z } from 'zod';
import { mustBeKept, mustNotBeReplaying, reject, rejectStreamId } from '../../domain/sources/reject.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Puts a reject away that nobody wants, and what was sent with it. */
export const discardReject = command(reject)({
  name: 'DiscardReject',
  input: z.object({ projectId: z.string(), rejectId: z.string() }),
  id: ({ projectId, rejectId }) => rejectStreamId(projectId, rejectId),
  decide: (state, { rejectId }, { now }) => {
    const { status, summary } = mustBeKept(state, rejectId);
    if (status === 'replayed') throw new Rejection('reject-settled', `Reject ${rejectId} was replayed`);
    mustNotBeReplaying(state, rejectId, now);
    return status === 'open' ? [{ type: 'RejectDiscarded', data: { ...summary, at: now.toISOString() } }] : [];
  },
});
