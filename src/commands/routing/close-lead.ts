import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { outcomes } from '../../domain/routing/ownership-events.ts';
import { Rejection } from '../../domain/rejection.ts';
import { missedBy } from '../../domain/routing/response.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Says what became of a lead. The same again changes nothing. */
export const closeLead = command(lead)({
  name: 'CloseLead',
  input: z.object({
    projectId: z.string(),
    leadId: z.uuid(),
    outcome: z.enum(outcomes),
    reason: z.string(),
    value: z.number().optional(),
  }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership }, { leadId, outcome, reason, value }, { now }) => {
    if (status === 'unused') throw new Rejection('lead-unknown', `There is no lead ${leadId}`);
    if (status === 'merged') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    if (ownership.status === 'closed') {
      if (ownership.outcome === outcome) return [];
      throw new Rejection('lead-closed', `Lead ${leadId} is closed as ${ownership.outcome}; reopen it first`);
    }
    const { repId, teamId, workIds } = ownership;
    const owner = ownership.status === 'assigned' ? { repId, teamId } : {};
    const said = { outcome, reason, ...owner, ...(value !== undefined && { value }) };
    const data = { ...said, settles: [...workIds], closedAt: now.toISOString() };
    return [...missedBy(ownership, now), { type: 'LeadClosed', data }];
  },
});
