import { z } from 'zod';
import { workItem, workItemEvents, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/**
 * Makes an item that is open urgent, and gives it to who is named, whoever has it. One that is so already, that has ended, or
 * that was never opened, is left alone.
 */
export const raiseWorkItem = command(workItem)({
  name: 'RaiseWorkItem',
  input: workItemEvents.WorkItemEscalated.pick({ by: true, reason: true, assignee: true }).extend({
    projectId: z.string(),
    workId: z.string(),
  }),
  id: workStreamId,
  decide: ({ status, priority, assignee: before }, { by, reason, assignee }, { now }) => {
    if (status !== 'open' && status !== 'claimed') return [];
    if (priority === 'urgent' && (assignee === undefined || assignee === before)) return [];
    const to = assignee === undefined ? {} : { assignee };
    return [
      { type: 'WorkItemEscalated', data: { by, reason, priority: 'urgent', ...to, escalatedAt: now.toISOString() } },
    ];
  },
});
