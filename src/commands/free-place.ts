import { z } from 'zod';
import { pool } from '../domain/pool.ts';
import { command } from './command.ts';

/**
 * Frees the place of a lead, and its place in the line. With a `decision` only the place that it gave; `credit` gives the
 * rep's turn back. A lead without a place changes nothing.
 */
export const freePlace = command(pool)({
  name: 'FreePlace',
  input: z.object({
    ...{ projectId: z.string(), leadId: z.string(), decision: z.number().int().optional() },
    ...{ credit: z.boolean(), reason: z.string() },
  }),
  id: ({ projectId }) => projectId,
  decide: ({ places, waiting }, { leadId, decision, credit, reason }, { now }) => {
    const place = places.get(leadId);
    const theirs = place && (decision === undefined || place.decision === decision) ? place : undefined;
    if (!theirs && (place || !waiting.has(leadId))) return [];
    const of = theirs ? { repId: theirs.repId, decision: theirs.decision } : {};
    const turn = credit && theirs?.pool !== undefined ? { rotation: theirs.pool } : {};
    return [{ type: 'LeadFreed', data: { leadId, ...of, ...turn, credit, reason, freedAt: now.toISOString() } }];
  },
});
