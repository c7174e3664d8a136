import { z } from 'zod';
import type { Calendar } from '../../domain/routing/calendar.ts';
import { noRoom } from '../../domain/routing/fitting.ts';
import { ownershipStatuses } from '../../domain/routing/ownership-events.ts';
import { pool } from '../../domain/routing/pool.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { RosterState } from '../../domain/routing/roster.ts';
import { command } from '../../engine/command.ts';
import { StaleRevision } from '../../engine/errors.ts';
import { dayOf } from './place-lead.ts';

/** Gives a lead to the rep that somebody chose. Shifts and skills don't matter then, but capacity and caps do. */
export const placeByHand = command(pool)({
  name: 'PlaceByHand',
  input: z.object({
    projectId: z.string(),
    leadId: z.string(),
    repId: z.string(),
    reason: z.string(),
    status: z.enum(ownershipStatuses),
    domain: z.string().optional(),
    /** The lead's revision that the caller saw, and the one it has. */
    ifMatch: z.object({ expected: z.number().int(), revision: z.number().int() }).optional(),
    roster: z.custom<RosterState>(),
    calendar: z.custom<Calendar>(),
  }),
  id: ({ projectId }) => projectId,
  decide: (state, { leadId, repId, reason, status, domain, ifMatch, roster, calendar }, { now }) => {
    if (ifMatch && ifMatch.expected !== ifMatch.revision)
      throw new StaleRevision(`lead ${leadId}`, ifMatch.expected, ifMatch.revision);
    if (status === 'closed') throw new Rejection('lead-closed', `Lead ${leadId} is closed; reopen it first`);
    const rep = roster.reps.get(repId);
    if (!rep || rep.status === 'left') throw new Rejection('rep-unknown', `There is no rep ${repId}, or no longer`);
    if (state.places.get(leadId)?.repId === repId) return [];
    const full = noRoom(rep, { roster, pool: state, calendar }, leadId);
    if (full !== undefined)
      throw new Rejection('rep-full', `Rep ${repId} is ${full}; choose another, or raise the limit`);
    return [
      {
        type: 'LeadPlaced',
        data: {
          leadId,
          decision: state.decisions + 1,
          repId,
          teamId: rep.teamIds[0] ?? '',
          by: 'hand',
          rulesVersion: roster.routing.version,
          because: reason,
          candidates: [{ repId, in: true, reason: 'chosen' }],
          ...dayOf(calendar, repId),
          ...(domain !== undefined && { domain }),
          placedAt: now.toISOString(),
        },
      },
    ];
  },
});
