import { z } from 'zod';
import type { PoolEvent } from '../../domain/routing/pool.ts';
import { pool } from '../../domain/routing/pool.ts';
import { command } from '../../engine/command.ts';

/**
 * Frees the place of a lead, with a `decision` only the one that it gave, with `upTo` no later one; `credit` gives the rep's
 * turn back. Ends the waiting of a lead with one of these work items: it may wait with another by now. Nothing where there is
 * neither.
 */
export const freePlace = command(pool)({
  name: 'FreePlace',
  input: z.object({
    projectId: z.string(),
    leadId: z.string(),
    decision: z.number().int().optional(),
    upTo: z.number().int().optional(),
    workIds: z.array(z.string()).optional(),
    credit: z.boolean(),
    reason: z.string(),
  }),
  id: ({ projectId }) => projectId,
  decide: ({ places, waiting }, { leadId, decision, upTo = Infinity, workIds = [], credit, reason }, { now }) => {
    const freedAt = now.toISOString();
    const facts: PoolEvent[] = [];
    const place = places.get(leadId);
    if (place && place.decision <= upTo && (decision === undefined || place.decision === decision)) {
      const of = { leadId, repId: place.repId, decision: place.decision };
      const turn = credit && place.pool !== undefined ? { rotation: place.pool } : {};
      facts.push({ type: 'LeadFreed', data: { ...of, ...turn, credit, reason, freedAt } });
    }
    if (workIds.includes(waiting.get(leadId)?.workId ?? ''))
      facts.push({ type: 'LeadFreed', data: { leadId, credit: false, reason, freedAt } });
    return facts;
  },
});
