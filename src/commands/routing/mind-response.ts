import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { missedBy, openPlan, stepsBy } from '../../domain/routing/response.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/**
 * Does what is due of the plan for a reply. `taken`: so many of its steps were taken when somebody looked; when another was
 * quicker, nothing. Nothing either when the lead was accepted, or is somebody else's by now.
 */
export const mindResponse = command(lead)({
  name: 'MindResponse',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), decision: z.number().int(), taken: z.number().int() }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership }, { leadId, decision, taken }, { now }) => {
    const plan = openPlan(ownership);
    if (status !== 'lead' || plan?.decision !== decision || plan.taken !== taken) return [];
    return [...missedBy(ownership, now), ...stepsBy(plan, { leadId, workIds: ownership.workIds }, now)];
  },
});
