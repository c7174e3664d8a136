import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { missedBy } from '../../domain/routing/response.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { assignmentOf } from './accept-lead.ts';
import { command } from '../../engine/command.ts';

/**
 * Takes a lead from the rep who has it, or from `repId` if that is who has it. It is routed again, and may come back to the
 * same rep unless `exclude` says otherwise.
 */
export const unassignLead = command(lead)({
  name: 'UnassignLead',
  input: z.object({
    projectId: z.string(),
    leadId: z.uuid(),
    reason: z.string(),
    repId: z.string().optional(),
    exclude: z.boolean().optional(),
  }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: (state, { leadId, reason, repId: claimed, exclude = false }, { now }) => {
    const { of } = assignmentOf(state, leadId, claimed);
    const { decision, repId } = of;
    const data = { decision, repId, reason, unassignedAt: now.toISOString(), excludes: exclude };
    return [...missedBy(state.ownership, now), { type: 'LeadUnassigned', data }];
  },
});
