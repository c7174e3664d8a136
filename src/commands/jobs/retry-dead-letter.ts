import { z } from 'zod';
import { deadLetter } from '../../domain/jobs/dead-letter.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Wants what a dead letter is about tried again. `workId` is what follows the project in its stream's name. */
export const retryDeadLetter = command(deadLetter)({
  name: 'RetryDeadLetter',
  input: z.object({ projectId: z.string(), workId: z.string() }),
  id: ({ projectId, workId }) => `${projectId}.${workId}`,
  decide: ({ status }, { workId }, { now }) => {
    if (status === 'unknown') throw new Rejection('work-unknown', `No work ${workId} was put aside`);
    if (status === 'retrying') return [];
    if (status !== 'waiting') throw new Rejection('work-settled', `Work ${workId} is ${status}`);
    return [{ type: 'WorkRetried', data: { retriedAt: now.toISOString() } }];
  },
});
