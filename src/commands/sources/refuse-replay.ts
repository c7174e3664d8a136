import { z } from 'zod';
import { reject, rejectEvents, rejectStreamId } from '../../domain/sources/reject.ts';
import { command } from '../../engine/command.ts';

/** Says why a reject was refused again. */
export const refuseReplay = command(reject)({
  name: 'RefuseReplay',
  input: rejectEvents.ReplayRefused.omit({ at: true }).extend({ projectId: z.string(), rejectId: z.string() }),
  id: ({ projectId, rejectId }) => rejectStreamId(projectId, rejectId),
  decide: (state, { projectId: _, rejectId: __, ...why }, { now }) => {
    if (state.status !== 'open') return [];
    const { code, detail, pointer } = state.summary;
    const isSame = code === why.code && detail === why.detail && pointer === why.pointer;
    return isSame ? [] : [{ type: 'ReplayRefused', data: { ...why, at: now.toISOString() } }];
  },
});
