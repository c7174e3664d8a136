import { requestRouting } from '../commands/routing/request-routing.ts';
import { hasMoved } from '../flows/step.ts';
import { leads } from '../projections/leads.ts';
import type { JobHandler } from './job-handler.ts';

/** How many leads one step has routed. */
const leadsAStep = 50;

/**
 * Has a rep found for all leads of a project that are qualified and that nobody has, highest score first. Each step takes the
 * first that are left: what is routed leaves the list. What follows from the facts finds the reps.
 */
export const routeQualified: JobHandler = {
  kind: 'route-qualified',
  step: async ({ projectId, done }, { engine, readModels, reached, head, request }) => {
    await reached(await head(), [leads.name]);
    const { docs } = await readModels.find(projectId, leads, {
      where: [{ field: 'unrouted', op: 'eq', value: 1 }],
      sort: [{ field: 'score', direction: 'desc' }],
      limit: leadsAStep,
    });
    let asked = 0;
    for (const { leadId } of docs) {
      await engine.yieldToOthers(projectId);
      const input = { projectId, leadId, reason: 'All that are qualified are to be routed', qualified: true };
      try {
        if ((await engine.handle(requestRouting, input, request)).events.length > 0) asked += 1;
      } catch (error) {
        // It was merged meanwhile, and is part of another lead.
        if (!hasMoved(error)) throw error;
      }
    }
    const soFar = done + asked;
    const complete = asked === 0;
    return { cursor: '', done: soFar, total: soFar, complete, ...(complete && { result: { leads: soFar } }) };
  },
};
