import type { LeadId } from '../flows/placements.ts';
import { tellFreed, tellHeld, tellPlaced } from '../flows/placements.ts';
import type { Ownership } from '../domain/routing/ownership.ts';
import { lead } from '../domain/lead/lead.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Reactor, ReactorContext } from './reactor.ts';

// What is remembered of a lead may be old, but never ahead of it: who is known to have heard need not be told.
const heardBy = async ({ engine: { states } }: ReactorContext, { projectId, leadId }: LeadId): Promise<Ownership> =>
  (await states.get(lead, leadStreamId(projectId, leadId))).state.ownership;

/**
 * Tells leads what the pool decided. Usually who had it decided has told them by then; not if its process died before it
 * could.
 */
export const completePlacements: Reactor = {
  name: 'complete-placements',
  streams: ['pool-'],
  types: ['LeadPlaced', 'LeadHeld', 'LeadFreed'],
  react: async (event, context) => {
    const projectId = event.stream.slice('pool-'.length);
    switch (event.type) {
      case 'LeadPlaced': {
        const { leadId, decision } = event.data;
        if ((await heardBy(context, { projectId, leadId })).decision >= decision) return [];
        return [(engine, request) => tellPlaced(engine, projectId, event.data, request)];
      }
      case 'LeadHeld': {
        const { leadId, workId } = event.data;
        const { status, workIds } = await heardBy(context, { projectId, leadId });
        if (status === 'waiting' && workIds.includes(workId)) return [];
        return [(engine, request) => tellHeld(engine, projectId, event.data, request)];
      }
      case 'LeadFreed':
        return [(engine, request) => tellFreed(engine, projectId, event.data, request)];
      default:
        return [];
    }
  },
};
