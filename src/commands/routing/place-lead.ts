import { z } from 'zod';
import type { Calendar } from '../../domain/routing/calendar.ts';
import type { Considered } from '../../domain/routing/candidates.ts';
import type { Scene } from '../../domain/routing/fitting.ts';
import type { PoolEvent, PoolState } from '../../domain/routing/pool.ts';
import { pool } from '../../domain/routing/pool.ts';
import type { Routable } from '../../domain/routing/routable.ts';
import type { RosterState } from '../../domain/routing/roster.ts';
import type { Placed } from '../../domain/routing/routing.ts';
import { decideRouting, likenessOf } from '../../domain/routing/routing.ts';
import { command } from '../../engine/command.ts';

/** The day and week that a rep has, by a calendar. */
export const dayOf = (calendar: Calendar, repId: string): { readonly day: string; readonly week: string } => {
  const { day, week } = calendar.get(repId) ?? { day: '', week: '' };
  return { day, week };
};

const placing = (lead: Routable, placed: Placed, scene: Scene, now: Date): PoolEvent => {
  const { kind: _, candidates, others, rotation, ...chosen } = placed;
  return {
    type: 'LeadPlaced',
    data: {
      leadId: lead.leadId,
      decision: scene.pool.decisions + 1,
      by: 'rules',
      ...chosen,
      rulesVersion: scene.roster.routing.version,
      candidates: [...candidates],
      ...(others && { others: [...others] }),
      ...dayOf(scene.calendar, placed.repId),
      ...(lead.domain !== undefined && { domain: lead.domain }),
      ...(rotation && { rotation: { pool: rotation.pool, shares: [...rotation.shares] } }),
      placedAt: now.toISOString(),
    },
  };
};

/** A lead that waits already is only said to wait again when others would fit it: it keeps its place in the line. */
const holding = (
  { lead, workId }: { readonly lead: Routable; readonly workId: string },
  failed: Considered & { readonly reason: string; readonly rule?: string },
  scene: Scene,
  now: Date,
): readonly PoolEvent[] => {
  const likeness = likenessOf(lead, scene.roster);
  const before = scene.pool.waiting.get(lead.leadId);
  const waits = before?.workId === workId ? before : undefined;
  if (waits?.likeness === likeness) return [];
  const { reason, rule, candidates, others } = failed;
  return [
    {
      type: 'LeadHeld',
      data: {
        leadId: lead.leadId,
        reason,
        ...(rule !== undefined && { rule }),
        likeness,
        rulesVersion: scene.roster.routing.version,
        candidates: [...candidates],
        score: lead.score,
        ...(others && { others: [...others] }),
        ...(lead.domain !== undefined && { domain: lead.domain }),
        workId,
        heldAt: waits?.heldAt ?? now.toISOString(),
      },
    },
  ];
};

/** Whether the place that a lead has is news to the one who asks: then the lead only has not heard of it yet. */
const isOnItsWay = ({ places }: PoolState, leadId: string, decision: number): boolean =>
  (places.get(leadId)?.decision ?? 0) > decision;

/**
 * Gives a lead a place with the rep that the rules say, or has it wait. `decision` is the last that the lead has heard of;
 * `keep`: it stays with whom it is when nobody else fits.
 */
export const placeLead = command(pool)({
  name: 'PlaceLead',
  input: z.object({
    projectId: z.string(),
    lead: z.custom<Routable>(),
    decision: z.number().int(),
    workId: z.string(),
    roster: z.custom<RosterState>(),
    calendar: z.custom<Calendar>(),
    keep: z.boolean(),
  }),
  id: ({ projectId }) => projectId,
  decide: (state, { lead, decision, workId, roster, calendar, keep }, { now }) => {
    if (isOnItsWay(state, lead.leadId, decision)) return [];
    if (keep && state.places.get(lead.leadId)?.decision !== decision) return [];
    const scene = { roster, pool: state, calendar };
    const decided = decideRouting(lead, scene);
    if (decided.kind === 'placed') return [placing(lead, decided, scene, now)];
    return keep ? [] : holding({ lead, workId }, decided, scene, now);
  },
});
