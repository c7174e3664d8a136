import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Has a closed lead worked on again: it is routed anew, to who had it before if possible. */
export const reopenLead = command(lead)({
  name: 'ReopenLead',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), reason: z.string() }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership }, { leadId, reason }, { now }) => {
    if (status === 'merged') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    if (ownership.status !== 'closed') throw new Rejection('lead-open', `Lead ${leadId} is not closed`);
    return [{ type: 'LeadReopened', data: { reason, reopenedAt: now.toISOString() } }];
  },
});
