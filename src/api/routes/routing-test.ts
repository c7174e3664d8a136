import { z } from 'zod';
import { findLead } from '../../flows/resolve.ts';
import type { Trial } from '../../domain/routing/dry-run.ts';
import { dryRun } from '../../domain/routing/dry-run.ts';
import { candidateSchema, othersSchema } from '../../domain/routing/ownership-events.ts';
import { pool } from '../../domain/routing/pool.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Routable } from '../../domain/routing/routable.ts';
import { routable } from '../../domain/routing/routable.ts';
import { roster } from '../../domain/routing/roster.ts';
import type { RoutingRules } from '../../domain/routing/routing-rules.ts';
import { routings } from '../../projections/routings.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';

const trialView = z.object({
  leadId: z.string(),
  outcome: z.enum(['assigned', 'approval', 'failed']),
  repId: z.string().optional(),
  teamId: z.string().optional(),
  rule: z.string().optional(),
  strategy: z.string().optional(),
  because: z.string(),
  candidates: z.array(candidateSchema).describe('Who was looked at; who was chosen comes first when there are others'),
  others: othersSchema.optional().describe('How many more were looked at, by reason'),
});

/** How many leads a test takes at most. */
const most = 100;

const lastQualified = async (
  { readModels }: ApiContext,
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
  { engine: { states } }: ApiContext,
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

/** Says who would get leads, and why. */
export const routingTest: Routes = (app, api) =>
  void app.post(
    '/api/projects/:projectId/routing-rules/test',
    {
      config: { scope: 'leads:read' },
      schema: {
        summary: 'Who would get a lead, or the last qualified ones, and why; nothing is recorded',
        description: 'The last ones are taken one after the other, oldest first, as if all qualified now.',
        tags: ['Routing'],
        params: z.object({ projectId: z.string() }),
        body: z
          .strictObject({
            leadId: z.string().min(1).max(64).optional(),
            last: z.int().min(1).max(most).optional(),
          })
          .refine(({ leadId, last }) => (leadId === undefined) !== (last === undefined), 'Send either leadId or last'),
        response: { 200: z.object({ rulesVersion: z.int(), data: z.array(trialView) }) },
      },
    },
    async ({ params: { projectId }, body: { leadId, last } }) => {
      const { states, calendar, yieldToOthers } = api.engine;
      const { state: current } = await states.refresh(roster, projectId);
      const asked = leadId === undefined ? await lastQualified(api, projectId, last ?? 1) : [leadId];
      const leads = await leadsOf(api, projectId, asked, current.routing.rules);
      if (leadId !== undefined && leads.length === 0)
        throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${leadId}`);
      const { state: places } = await states.refresh(pool, projectId);
      const trials: Trial[] = [];
      for (const trial of dryRun(leads, current, places, calendar(current))) {
        trials.push(trial);
        await yieldToOthers();
      }
      return {
        rulesVersion: current.routing.version,
        data: trials.map((trial): z.infer<typeof trialView> => {
          if (trial.kind === 'approval') {
            const { kind: _, ...asks } = trial;
            return { ...asks, outcome: 'approval', candidates: [] };
          }
          const { leadId: of, candidates, others } = trial;
          const looked = { candidates: [...candidates], ...(others && { others: [...others] }) };
          const rule = trial.rule === undefined ? {} : { rule: trial.rule };
          if (trial.kind === 'failed')
            return { leadId: of, outcome: 'failed', ...rule, because: trial.reason, ...looked };
          const { repId, teamId, strategy, because } = trial;
          const chosen = { repId, teamId, ...rule, ...(strategy && { strategy }) };
          return { leadId: of, outcome: 'assigned', ...chosen, because, ...looked };
        }),
      };
    },
  );
