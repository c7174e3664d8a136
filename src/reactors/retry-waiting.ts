import { unrepeatable } from '../engine/command.ts';
import { retryWaiting } from '../flows/route-lead.ts';
import { projectOfStream } from '../domain/streams.ts';
import type { Reactor } from './reactor.ts';

/** Tries the leads that wait again when a place is free, or when there are other reps or rules. */
export const retryWaitingLeads: Reactor = {
  name: 'retry-waiting',
  streams: ['pool-', 'roster-'],
  types: ['LeadFreed', 'TeamAdded', 'TeamChanged', 'RepAdded', 'RepChanged', 'RoutingRulesPublished'],
  react: async ({ stream }) => {
    const projectId = projectOfStream(stream);
    return [
      async (engine, request) => {
        // What is tried depends on who waits by then: each time is another one.
        const again = { ...request, commandId: unrepeatable(request.commandId) };
        while (await retryWaiting(engine, projectId, again));
      },
    ];
  },
};
