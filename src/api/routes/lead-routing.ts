import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { outcomes, ownershipStatuses } from '../../domain/routing/ownership-events.ts';
import { findLead } from '../../flows/resolve.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { routings } from '../../projections/routings.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { pageOf, paging } from '../http/paging.ts';
import { etag } from '../http/request.ts';

const entry = z.object({
  type: z.string(),
  at: z.string(),
  leadId: z.string().describe('Of which lead it was said: this one, or one that was merged into it'),
  revision: z.int(),
  data: z
    .record(z.string(), z.unknown())
    .describe('Of a decision: `candidates`, and in `others` how many more there were, by reason'),
});

const routingView = z.object({
  leadId: z.string(),
  status: z.enum(ownershipStatuses),
  repId: z.string().optional().describe('Who has it'),
  teamId: z.string().optional(),
  decision: z.int().optional(),
  assignedAt: z.string().optional(),
  acceptedAt: z.string().optional(),
  dueAt: z.string().optional().describe('When the reply is due, or was'),
  outcome: z.enum(outcomes).optional(),
  workIds: z.array(z.string()).describe('Open work items of the lead'),
  history: z.array(entry).describe('All that was decided, newest first, also about leads that were merged into it'),
  nextCursor: z.string().nullable(),
});

/** Whose a lead is and why, and whose it was. */
export const leadRouting: Routes = (app, api) =>
  void app.get(
    '/api/leads/:leadId/routing',
    {
      config: { scope: 'leads:read' },
      schema: {
        summary: 'Whose a lead is, and why: every decision and who was looked at, for ever',
        tags: ['Routing'],
        params: z.object({ leadId: z.string().min(1).max(64) }),
        querystring: z.object(paging),
        response: { 200: routingView },
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const { leadId: asked } = request.params;
      const found = await findLead(api.engine.states, projectId, asked);
      if (!found) throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${asked}`);
      const { leadId } = found;
      const { state, revision } = await api.engine.states.refresh(lead, leadStreamId(projectId, leadId));
      reply.header('ETag', etag(revision));
      if (leadId !== asked) reply.header('Content-Location', `/api/leads/${leadId}/routing`);
      const { histories: past } = state.ownership;
      const page = await pageOf(api, ['routing', projectId, leadId], request.query, (range) =>
        api.readModels.find(projectId, routings, {
          where: [
            past.length === 0
              ? { field: 'leadId', op: 'eq', value: leadId }
              : { field: 'leadId', op: 'in', value: [leadId, ...past] },
          ],
          sort: [{ field: 'position', direction: 'desc' }],
          ...range,
        }),
      );
      const { status, repId, teamId, decision, assignedAt, acceptedAt, plan, outcome, workIds } = state.ownership;
      const assigned = status === 'assigned' && repId !== undefined;
      return {
        leadId,
        status,
        ...(assigned && { repId, decision, assignedAt, ...(teamId && { teamId }) }),
        ...(acceptedAt !== undefined && { acceptedAt }),
        ...(plan && { dueAt: plan.dueAt }),
        ...(outcome !== undefined && { outcome }),
        workIds: [...workIds],
        history: page.data.map(({ leadId: about, type, recordedAt: at, revision: place, data }) => ({
          type,
          at,
          leadId: about,
          revision: place,
          data,
        })),
        nextCursor: page.nextCursor,
      };
    },
  );
