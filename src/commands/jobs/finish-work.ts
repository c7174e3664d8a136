import { z } from 'zod';
import { parked } from '../../domain/jobs/dead-letter.ts';
import { command } from '../../engine/command.ts';

/** Notes that work which was put aside is done after all. */
export const finishWork = command(parked)({
  name: 'FinishWork',
  input: z.object({ projectId: z.string(), workId: z.string() }),
  id: ({ projectId, workId }) => `${projectId}.${workId}`,
  decide: ({ status }, _, { now }) =>
    status === 'parked' || status === 'retrying' ? [{ type: 'WorkDone', data: { doneAt: now.toISOString() } }] : [],
});
