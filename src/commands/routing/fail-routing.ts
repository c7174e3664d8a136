import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { ownershipEvents } from '../../domain/routing/ownership-events.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Tells a lead that nobody fits it, and which work item it waits with. */
export const failRouting = command(lead)({
  name: 'FailRouting',
  input: ownershipEvents.RoutingFailed.extend({ projectId: z.string(), leadId: z.uuid() }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, ownership }, { projectId: _, leadId, ...failed }) => {
    if (status !== 'lead') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    const waits = ownership.status === 'waiting' && !ownership.workIds.includes(failed.workId);
    return ownership.status === 'pending' || waits ? [{ type: 'RoutingFailed', data: failed }] : [];
  },
});
