import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Tells a lead that the place a decision gave it is no longer its own. Nothing if it has heard of another since. */
export const withdrawLead = command(lead)({
  name: 'WithdrawLead',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), decision: z.number().int(), reason: z.string() }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership }, { decision, reason }, { now }) => {
    const { status: has, decision: current, repId } = ownership;
    if (status !== 'lead' || has !== 'assigned' || current !== decision || repId === undefined) return [];
    return [{ type: 'LeadUnassigned', data: { decision, repId, reason, unassignedAt: now.toISOString() } }];
  },
});
