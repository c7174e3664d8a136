import { flowIntent } from '../flows/intent.ts';
import type { LeadId } from '../flows/placements.ts';
import { tellFreed, tellHeld, tellPlaced } from '../flows/placements.ts';
import type { Ownership } from '../domain/routing/ownership.ts';
import { lead } from '../domain/lead/lead.ts';
import { leadStreamId, projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Reactor, ReactorContext } from './reactor.ts';

// What is remembered of a lead may be old, but never ahead of it: who is known to have heard need not be told.
const heardBy = async (context: ReactorContext, { projectId, leadId }: LeadId): Promise<Ownership> =>
  (await context.get(lead, leadStreamId(projectId, leadId))).state.ownership;

/**
 * Tells leads what the pool decided. Usually who had it decided has told them by then; not if its process died before it
 * could.
 */
export const completePlacements: Reactor = {
  name: 'complete-placements',
  streams: [streamsOf('pool')],
  on: {
    LeadPlaced: async ({ stream, data }, context) => {
      const placed = { projectId: projectOfStream(stream), ...data };
      return (await heardBy(context, placed)).decision >= data.decision ? [] : [flowIntent(tellPlaced, placed)];
    },
    LeadHeld: async ({ stream, data }, context) => {
      const held = { projectId: projectOfStream(stream), ...data };
      const { status, workIds } = await heardBy(context, held);
      return status === 'waiting' && workIds.includes(data.workId) ? [] : [flowIntent(tellHeld, held)];
    },
    LeadFreed: ({ stream, data }) => {
      const { leadId, decision, reason } = data;
      return [flowIntent(tellFreed, { projectId: projectOfStream(stream), leadId, decision, reason })];
    },
  },
};
