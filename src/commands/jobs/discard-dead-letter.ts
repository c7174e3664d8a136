import { z } from 'zod';
import { deadLetter } from '../../domain/jobs/dead-letter.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Gives up a dead letter, and says why. Discarding again changes nothing. */
export const discardDeadLetter = command(deadLetter)({
  name: 'DiscardDeadLetter',
  input: z.object({ projectId: z.string(), workId: z.string(), reason: z.string().trim().min(1).max(1_000) }),
  id: ({ projectId, workId }) => `${projectId}.${workId}`,
  decide: ({ status }, { workId, reason }, { now }) => {
    if (status === 'unknown') throw new Rejection('work-unknown', `No work ${workId} was put aside`);
    if (status === 'discarded') return [];
    if (status === 'done') throw new Rejection('work-settled', `Work ${workId} is done`);
    return [{ type: 'WorkDiscarded', data: { reason, discardedAt: now.toISOString() } }];
  },
});
