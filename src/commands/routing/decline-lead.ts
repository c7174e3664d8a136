import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { missedBy } from '../../domain/routing/response.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { assignmentOf, fromOwner } from './accept-lead.ts';
import { command } from '../../engine/command.ts';

/** The rep who has the lead does not want it. */
export const declineLead = command(lead)({
  name: 'DeclineLead',
  input: fromOwner.extend({ reason: z.string() }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: (state, { leadId, repId: claimed, reason }, { now }) => {
    const { of } = assignmentOf(state, leadId, claimed);
    const data = { ...of, reason, declinedAt: now.toISOString() };
    return [...missedBy(state.ownership, now), { type: 'LeadDeclined', data }];
  },
});
