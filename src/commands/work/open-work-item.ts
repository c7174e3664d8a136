import { workItem, workItemEvents, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/** Has somebody look at something. Asking again for the same item changes nothing, also when it has ended. */
export const openWorkItem = command(workItem)({
  name: 'OpenWorkItem',
  input: workItemEvents.WorkItemOpened.omit({ openedAt: true }),
  id: workStreamId,
  decide: ({ status }, input, { now }) =>
    status === 'unknown' ? [{ type: 'WorkItemOpened', data: { ...input, openedAt: now.toISOString() } }] : [],
});
