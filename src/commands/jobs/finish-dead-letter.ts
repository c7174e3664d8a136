import { z } from 'zod';
import { deadLetter } from '../../domain/jobs/dead-letter.ts';
import { command } from '../../engine/command.ts';

/** Notes that what a dead letter is about is done after all. */
export const finishDeadLetter = command(deadLetter)({
  name: 'FinishDeadLetter',
  input: z.object({ projectId: z.string(), workId: z.string() }),
  id: ({ projectId, workId }) => `${projectId}.${workId}`,
  decide: ({ status }, _, { now }) =>
    status === 'waiting' || status === 'retrying' ? [{ type: 'WorkDone', data: { doneAt: now.toISOString() } }] : [],
});
