import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { ownershipEvents } from '../../domain/routing/ownership-events.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Has a lead wait until somebody approves. */
export const requestApproval = command(lead)({
  name: 'RequestApproval',
  input: ownershipEvents.ApprovalRequested.omit({ requestedAt: true }).extend({
    projectId: z.string(),
    leadId: z.uuid(),
  }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership }, { projectId: _, leadId, ...request }, { now }) => {
    if (status !== 'lead') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    const open = ownership.status === 'pending' || ownership.status === 'waiting';
    return open ? [{ type: 'ApprovalRequested', data: { ...request, requestedAt: now.toISOString() } }] : [];
  },
});
