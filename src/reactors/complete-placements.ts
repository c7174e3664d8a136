import { tellFreed, tellHeld, tellPlaced } from '../commands/placements.ts';
import type { Reactor } from './reactor.ts';

/** Tells leads what the pool decided, also when the process that had it decided died before it could. */
export const completePlacements: Reactor = {
  name: 'complete-placements',
  streams: ['pool-'],
  types: ['LeadPlaced', 'LeadHeld', 'LeadFreed'],
  react: async (event) => {
    const projectId = event.stream.slice('pool-'.length);
    if (event.type === 'LeadPlaced') return [(engine, request) => tellPlaced(engine, projectId, event.data, request)];
    if (event.type === 'LeadHeld') return [(engine, request) => tellHeld(engine, projectId, event.data, request)];
    if (event.type === 'LeadFreed') return [(engine, request) => tellFreed(engine, projectId, event.data, request)];
    return [];
  },
};
