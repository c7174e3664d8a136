import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/**
 * Has a rep found for a lead that nobody was to have. Nothing for one that has a rep or waits for one already; one that is
 * closed has to be reopened. With `qualified` it is left as it is, too, unless its score reaches the threshold.
 */
export const requestRouting = command(lead)({
  name: 'RequestRouting',
  input: z.object({
    projectId: z.string(),
    leadId: z.uuid(),
    reason: z.string(),
    qualified: z.boolean().optional(),
  }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership, qualifications }, { leadId, reason, qualified = false }, { now }) => {
    if (status === 'unused') throw new Rejection('lead-unknown', `There is no lead ${leadId}`);
    if (status === 'merged') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    if (qualified && !qualifications.above) return [];
    if (ownership.status === 'closed' && !qualified)
      throw new Rejection('lead-closed', `Lead ${leadId} is closed as ${ownership.outcome}; reopen it first`);
    if (ownership.status !== 'none') return [];
    return [{ type: 'RoutingRequested', data: { reason, requestedAt: now.toISOString() } }];
  },
});
