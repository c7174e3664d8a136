import { z } from 'zod';
import type { PoolEvent } from '../domain/pool.ts';
import { pool } from '../domain/pool.ts';
import { command } from './command.ts';

/** Hands the place of a merged lead to the lead that it is part of now; if that has one, the merged lead's is free. */
export const movePlace = command(pool)({
  name: 'MovePlace',
  input: z.object({
    ...{ projectId: z.string(), from: z.string(), into: z.string(), rulesVersion: z.number().int() },
  }),
  id: ({ projectId }) => projectId,
  decide: ({ places, waiting, decisions }, { from, into, rulesVersion }, { now }) => {
    const place = places.get(from);
    if (!place && !waiting.has(from)) return [];
    const at = now.toISOString();
    const of = place ? { repId: place.repId, decision: place.decision } : {};
    const freed: PoolEvent = {
      type: 'LeadFreed',
      data: { leadId: from, ...of, credit: false, reason: `merged into ${into}`, freedAt: at },
    };
    if (!place || places.has(into)) return [freed];
    const { repId, teamId, day, week } = place;
    return [
      freed,
      {
        type: 'LeadPlaced',
        data: {
          ...{ leadId: into, decision: decisions + 1, repId, teamId, by: 'merge', rulesVersion, day, week },
          ...{ because: `${repId} has lead ${from}, which is part of this one` },
          candidates: [{ repId, in: true, reason: 'chosen' }],
          placedAt: at,
        },
      },
    ];
  },
});
