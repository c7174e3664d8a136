import { z } from 'zod';
import type { PoolEvent } from '../../domain/routing/pool.ts';
import { pool } from '../../domain/routing/pool.ts';
import { command } from '../../engine/command.ts';

/**
 * Hands the place of a merged lead to the lead that it is part of now. If that has one, or wants none of this rep, the merged
 * lead's is free: a rep whom the lead is not to go to has its turn back.
 */
export const movePlace = command(pool)({
  name: 'MovePlace',
  input: z.object({
    projectId: z.string(),
    from: z.string(),
    into: z.string(),
    rulesVersion: z.number().int(),
    /** Whether the lead is closed, and who declined or lost it. */
    closed: z.boolean(),
    excluded: z.array(z.string()),
  }),
  id: ({ projectId }) => projectId,
  decide: ({ places, waiting, decisions }, { from, into, rulesVersion, closed, excluded }, { now }) => {
    const at = now.toISOString();
    const merged = { leadId: from, credit: false, reason: `merged into ${into}`, freedAt: at };
    const facts: PoolEvent[] = waiting.has(from) ? [{ type: 'LeadFreed', data: merged }] : [];
    const place = places.get(from);
    if (!place) return facts;
    const of = { repId: place.repId, decision: place.decision };
    const refused = excluded.includes(place.repId);
    const turn = refused && place.pool !== undefined ? { rotation: place.pool } : {};
    facts.push({ type: 'LeadFreed', data: { ...merged, ...of, ...turn, credit: refused } });
    if (places.has(into) || closed || refused) return facts;
    const { repId, teamId, day, week } = place;
    return [
      ...facts,
      {
        type: 'LeadPlaced',
        data: {
          leadId: into,
          decision: decisions + 1,
          repId,
          teamId,
          by: 'merge',
          rulesVersion,
          day,
          week,
          because: `${repId} has lead ${from}, which is part of this one`,
          candidates: [{ repId, in: true, reason: 'chosen' }],
          placedAt: at,
        },
      },
    ];
  },
});
