import { z } from 'zod';
import { lead } from '../domain/lead.ts';
import { missedBy } from '../domain/response.ts';
import { leadStreamId } from '../domain/streams.ts';
import { assignmentOf } from './accept-lead.ts';
import { command } from './command.ts';

/** Takes a lead from the rep who has it. */
export const unassignLead = command(lead)({
  name: 'UnassignLead',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), reason: z.string() }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: (state, { leadId, reason }, { now }) => {
    const { of } = assignmentOf(state, leadId, undefined);
    const { decision, repId } = of;
    const data = { decision, repId, reason, unassignedAt: now.toISOString() };
    return [...missedBy(state.ownership, now), { type: 'LeadUnassigned', data }];
  },
});
