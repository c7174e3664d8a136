import { z } from 'zod';
import type { LeadState } from '../../domain/lead/lead.ts';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { missedBy } from '../../domain/routing/response.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** What a rep says of a lead: which, and who says so, when that is told. */
export const fromOwner = z.object({ projectId: z.string(), leadId: z.uuid(), repId: z.string().optional() });

type Assigned = {
  readonly of: { readonly decision: number; readonly repId: string; readonly teamId?: string };
  readonly assignedAt: string;
};

/** The assignment that is in force. Throws a `Rejection` when nobody has the lead, another than who says so, or when it was merged. */
export const assignmentOf = (
  state: Pick<LeadState, 'status' | 'ownership'>,
  leadId: string,
  claimed: string | undefined,
): Assigned => {
  if (state.status === 'merged') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
  const { status, decision, repId, teamId, assignedAt } = state.ownership;
  if (status !== 'assigned' || repId === undefined)
    throw new Rejection(
      'lead-unassigned',
      `Nobody has lead ${leadId}; assign it to a rep, or POST /api/leads/${leadId}/route first`,
    );
  if (claimed !== undefined && claimed !== repId)
    throw new Rejection('lead-of-another', `Lead ${leadId} is ${repId}'s, not ${claimed}'s`);
  return { of: { decision, repId, ...(teamId !== undefined && { teamId }) }, assignedAt };
};

/** The rep who has the lead takes it on. Again changes nothing. */
export const acceptLead = command(lead)({
  name: 'AcceptLead',
  input: fromOwner,
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: (state, { leadId, repId: claimed }, { now }) => {
    const { of, assignedAt } = assignmentOf(state, leadId, claimed);
    const { ownership } = state;
    if (ownership.acceptedAt !== undefined) return [];
    const tookMs = Math.max(0, now.getTime() - Date.parse(assignedAt));
    const settles = [...ownership.workIds];
    const data = { ...of, acceptedAt: now.toISOString(), tookMs, settles };
    return [...missedBy(ownership, now), { type: 'LeadAccepted', data }];
  },
});
