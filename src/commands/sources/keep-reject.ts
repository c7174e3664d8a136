import { z } from 'zod';
import { reject, rejectEvents, rejectStreamId } from '../../domain/sources/reject.ts';
import { command } from '../../engine/command.ts';

/** Keeps an item that was refused. The same again is kept once, and one that was settled or went is not back. */
export const keepReject = command(reject)({
  name: 'KeepReject',
  input: rejectEvents.RejectKept.extend({ projectId: z.string() }),
  id: ({ projectId, rejectId }) => rejectStreamId(projectId, rejectId),
  decide: ({ status }, { projectId: _, ...kept }) => (status === 'unknown' ? [{ type: 'RejectKept', data: kept }] : []),
});
