import { flowIntent } from '../flows/intent.ts';
import type { LeadId } from '../flows/placements.ts';
import { tellFreed, tellHeld, tellPlaced } from '../flows/placements.ts';
import type { Ownership } from '../domain/routing/ownership.ts';
import { lead } from '../domain/lead/lead.ts';
import { leadStreamId, projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Reaction, Reactions, Reactor, ReactorContext } from './reactor.ts';
import { byState } from './reactor.ts';

// What is remembered of a lead may be old, but never ahead of it: who is known to have heard need not be told.
const unlessHeard = (
  context: ReactorContext,
  { projectId, leadId }: LeadId,
  hasHeard: (ownership: Ownership) => boolean,
  tell: Reaction,
): Reactions =>
  byState(context, lead, leadStreamId(projectId, leadId), ({ ownership }) => (hasHeard(ownership) ? [] : [tell]));

/**
 * Tells leads what the pool decided. Usually who had it decided has told them by then; not if its process died before it
 * could.
 */
export const completePlacements: Reactor = {
  name: 'complete-placements',
  streams: [streamsOf('pool')],
  on: {
    LeadPlaced: ({ stream, data }, context) => {
      const placed = { projectId: projectOfStream(stream), ...data };
      const hasHeard = ({ decision }: Ownership): boolean => decision >= data.decision;
      return unlessHeard(context, placed, hasHeard, flowIntent(tellPlaced, placed));
    },
    LeadHeld: ({ stream, data }, context) => {
      const held = { projectId: projectOfStream(stream), ...data };
      const hasHeard = ({ status, workIds }: Ownership): boolean =>
        status === 'waiting' && workIds.includes(data.workId);
      return unlessHeard(context, held, hasHeard, flowIntent(tellHeld, held));
    },
    LeadFreed: ({ stream, data }, context) => {
      const { leadId, decision, reason } = data;
      if (decision === undefined) return [];
      const freed = { projectId: projectOfStream(stream), leadId, decision, reason };
      const hasHeard = ({ status, decision: last }: Ownership): boolean =>
        last > decision || (last === decision && status !== 'assigned');
      return unlessHeard(context, freed, hasHeard, flowIntent(tellFreed, freed));
    },
  },
};
