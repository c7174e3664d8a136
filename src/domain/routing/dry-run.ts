import type { Calendar } from './calendar.ts';
import type { Scene } from './fitting.ts';
import type { PoolState } from './pool.ts';
import { pool } from './pool.ts';
import type { Routable } from './routable.ts';
import type { RosterState } from './roster.ts';
import type { Decided, Placed } from './routing.ts';
import { decideRouting } from './routing.ts';
import { approvalFor } from './routing-steps.ts';

/** What would be decided about a lead. */
export type Trial =
  | (Decided & { readonly leadId: string })
  | { readonly leadId: string; readonly kind: 'approval'; readonly rule: string; readonly because: string };

/** A lead leaves its place, as if it had just qualified. */
const leaving = (state: PoolState, leadId: string): PoolState =>
  pool.evolve(state, {
    type: 'LeadFreed',
    data: { leadId, credit: false, reason: 'dry run', freedAt: '' },
  });

/** The pool when a lead has taken the place that was decided. */
const placed = (state: PoolState, lead: Routable, decided: Placed, { roster, calendar }: Scene): PoolState => {
  const { kind: _, candidates: __, others: ___, rotation, ...chosen } = decided;
  const { day, week } = calendar.get(chosen.repId) ?? { day: '', week: '' };
  const data = {
    leadId: lead.leadId,
    decision: state.decisions + 1,
    by: 'rules' as const,
    ...chosen,
    rulesVersion: roster.routing.version,
    candidates: [],
    day,
    week,
    placedAt: '',
    ...(lead.domain !== undefined && { domain: lead.domain }),
    ...(rotation && { rotation: { pool: rotation.pool, shares: [...rotation.shares] } }),
  };
  return pool.evolve(state, { type: 'LeadPlaced', data });
};

/**
 * Decides about leads, one after the other, as if they all qualified now: each takes a place that the next does not find.
 * Nothing is recorded. A decision about one may take as long as any does, so others should have their turn between them.
 */
export function* dryRun(
  leads: readonly Routable[],
  roster: RosterState,
  before: PoolState,
  calendar: Calendar,
): Generator<Trial> {
  let state = leads.reduce((now, { leadId }) => leaving(now, leadId), before);
  for (const each of leads) {
    // As if nobody ever had it: else its owner answers, and not the rules.
    const lead = { ...each, previous: undefined, excluded: [], approved: false };
    const approval = approvalFor(lead, roster);
    if (approval) {
      yield { leadId: lead.leadId, kind: 'approval', rule: approval.rule, because: approval.because };
      continue;
    }
    const scene: Scene = { roster, pool: state, calendar };
    const decided = decideRouting(lead, scene);
    if (decided.kind === 'placed') state = placed(state, lead, decided, scene);
    yield { leadId: lead.leadId, ...decided };
  }
}
