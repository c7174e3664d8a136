import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Lets a lead go on that waited for approval by that work item. */
export const approveLead = command(lead)({
  name: 'ApproveLead',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), workId: z.string(), by: z.string() }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership }, { workId, by }, { now }) =>
    status === 'lead' && ownership.status === 'approval' && ownership.workIds.includes(workId)
      ? [{ type: 'ApprovalGiven', data: { workId, by, approvedAt: now.toISOString() } }]
      : [],
});
