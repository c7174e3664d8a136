import type { Trial } from '../../domain/routing/dry-run.ts';
import { dryRun } from '../../domain/routing/dry-run.ts';
import type { Candidate } from '../../domain/routing/ownership-events.ts';
import { pool } from '../../domain/routing/pool.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Routable } from '../../domain/routing/routable.ts';
import { routable } from '../../domain/routing/routable.ts';
import { roster } from '../../domain/routing/roster.ts';
import type { RoutingRules } from '../../domain/routing/routing-rules.ts';
import type { Engine } from '../../flows/engine.ts';
import { findLead } from '../../flows/resolve.ts';
import { routings } from '../../projections/routings.ts';
import type { QueryContext } from '../queries.ts';

/** Which leads are tried: one by its id, or the last that qualified, so many of them. */
export type Tried = { readonly leadId: string } | { readonly last: number };

const lastQualified = async (
  { readModels }: QueryContext,
  projectId: string,
  count: number,
): Promise<readonly string[]> => {
  const { docs } = await readModels.find(projectId, routings, {
    where: [{ field: 'type', op: 'eq', value: 'LeadQualified' }],
    sort: [{ field: 'recordedAt', direction: 'desc' }],
    limit: count,
  });
  return [...new Set(docs.map(({ leadId }) => leadId))].reverse();
};

const leadsOf = async (
  { states }: QueryContext,
  projectId: string,
  leadIds: readonly string[],
  rules: RoutingRules,
): Promise<readonly Routable[]> => {
  const leads = new Map<string, Routable>();
  for (const asked of leadIds) {
    const found = await findLead(states, projectId, asked, true);
    if (found) leads.set(found.leadId, routable(found.lead.state, rules));
  }
  return [...leads.values()];
};

const candidateView = (candidate: Candidate): Candidate => ({
  repId: candidate.repId,
  in: candidate.in,
  reason: candidate.reason,
  weight: candidate.weight,
});

const viewOf = (trial: Trial) => {
  const { leadId } = trial;
  if (trial.kind === 'approval') {
    const { rule, because } = trial;
    return { leadId, rule, because, outcome: 'approval' as const, candidates: [] };
  }
  const { rule } = trial;
  const candidates = trial.candidates.map(candidateView);
  const others = trial.others?.map(({ reason, count }) => ({ reason, count }));
  if (trial.kind === 'failed')
    return { leadId, outcome: 'failed' as const, rule, because: trial.reason, candidates, others };
  const { repId, teamId, strategy, because } = trial;
  return { leadId, outcome: 'assigned' as const, repId, teamId, rule, strategy, because, candidates, others };
};

/** Who would get leads, and why, one after the other, as if all qualified now. Throws a `Rejection` when there is no such lead. */
export const routingTrial = async (
  context: QueryContext & Pick<Engine, 'calendar' | 'yieldToOthers'>,
  projectId: string,
  tried: Tried,
) => {
  const { states, calendar, yieldToOthers } = context;
  const { state: current } = await states.refresh(roster, projectId);
  const one = 'leadId' in tried;
  const asked = one ? [tried.leadId] : await lastQualified(context, projectId, tried.last);
  const leads = await leadsOf(context, projectId, asked, current.routing.rules);
  if (one && leads.length === 0)
    throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${tried.leadId}`);
  const { state: places } = await states.refresh(pool, projectId);
  const trials: ReturnType<typeof viewOf>[] = [];
  for (const trial of dryRun(leads, current, places, calendar(current))) {
    trials.push(viewOf(trial));
    await yieldToOthers();
  }
  return { rulesVersion: current.routing.version, data: trials };
};
