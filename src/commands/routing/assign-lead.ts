import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import type { LeadEvent } from '../../domain/lead/lead-events.ts';
import type { Ownership } from '../../domain/routing/ownership.ts';
import { assignment, ownershipEvents } from '../../domain/routing/ownership-events.ts';
import { Rejection } from '../../domain/rejection.ts';
import { missedBy } from '../../domain/routing/response.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** For how long a lead has needed somebody; undefined for one that did not. */
const waitedBy = ({ status, since }: Ownership, by: string, assignedAt: string): number | undefined => {
  const needed = (status === 'pending' || status === 'waiting') && since !== '' && by !== 'merge';
  return needed ? Math.max(0, Date.parse(assignedAt) - Date.parse(since)) : undefined;
};

/** Tells a lead whose it is now, and until when a reply is due. An older decision than the last, or a closed lead: nothing. */
export const assignLead = command(lead)({
  name: 'AssignLead',
  input: z.object({
    projectId: z.string(),
    leadId: z.uuid(),
    assignment: z.object(assignment),
    assignedAt: z.string(),
    plan: ownershipEvents.ResponseDue.omit({ decision: true, repId: true, teamId: true }).optional(),
  }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership }, { leadId, assignment: given, assignedAt, plan }) => {
    if (status !== 'lead') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    if (given.decision <= ownership.decision || ownership.status === 'closed') return [];
    const { decision, repId, teamId } = given;
    const waitedMs = waitedBy(ownership, given.by, assignedAt);
    // A rep who keeps what it had of a merged lead has no more time for the reply, and need not accept again.
    const held = ownership.repId === repId ? ownership.held : undefined;
    const assigned: LeadEvent = {
      type: 'LeadAssigned',
      data: {
        ...given,
        settles: [...ownership.workIds],
        assignedAt,
        ...(waitedMs !== undefined && { waitedMs }),
        ...(held && { heldSince: held.since }),
        ...(held?.acceptedAt !== undefined && { acceptedAt: held.acceptedAt }),
      },
    };
    const next = held ? held.plan : plan;
    const due: readonly LeadEvent[] = next ? [{ type: 'ResponseDue', data: { ...next, decision, repId, teamId } }] : [];
    return [...missedBy(ownership, new Date(assignedAt)), assigned, ...due];
  },
});
