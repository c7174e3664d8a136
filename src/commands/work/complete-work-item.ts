import { z } from 'zod';
import { Rejection } from '../../domain/rejection.ts';
import { lapsed, mustBeFreeFor, whoAndWhich, why } from '../../domain/work/work-claim.ts';
import { workItem, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/**
 * Ends an item that was seen to. Refused while another has it, for what has to be approved or rejected, and for a lead
 * that waits for an owner: its item is what keeps it from being forgotten.
 */
export const completeWorkItem = command(workItem)({
  name: 'CompleteWorkItem',
  input: z.object({ ...whoAndWhich, reason: why }),
  id: workStreamId,
  decide: (state, { workId, by, reason }, { now }) => {
    mustBeFreeFor(state, workId, by, now);
    if (state.kind === 'approval_required')
      throw new Rejection('work-mismatched', `Work item ${workId} asks for a decision; approve or reject it`);
    if (state.kind === 'routing_failed')
      throw new Rejection('work-unresolved', `Lead ${state.leadId ?? ''} still waits; assign it or close it`);
    const data = { by, resolution: 'done' as const, reason, completedAt: now.toISOString() };
    return [...lapsed(state, now), { type: 'WorkItemCompleted', data }];
  },
});
