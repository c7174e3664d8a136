import { z } from 'zod';
import { workItem, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/** Ends an item whose cause is gone, whoever has it. One that has ended, or that was never opened, is left alone. */
export const closeWorkItem = command(workItem)({
  name: 'CloseWorkItem',
  input: z.object({
    projectId: z.string(),
    workId: z.string(),
    by: z.string(),
    reason: z.string(),
    how: z.enum(['completed', 'cancelled']),
    resolution: z.literal('done').optional(),
  }),
  id: workStreamId,
  decide: ({ status }, { by, reason, how, resolution = 'done' }, { now }) => {
    if (status !== 'open' && status !== 'claimed') return [];
    const at = now.toISOString();
    return how === 'completed'
      ? [{ type: 'WorkItemCompleted', data: { by, resolution, reason, completedAt: at } }]
      : [{ type: 'WorkItemCancelled', data: { by, reason, cancelledAt: at } }];
  },
});
