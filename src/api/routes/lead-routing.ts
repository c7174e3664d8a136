import { z } from 'zod';
import { outcomes, ownershipStatuses } from '../../domain/routing/ownership-events.ts';
import { leadRoutingOf, routingHistoryOf } from '../../queries/routing/lead-routing.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { asOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
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
  asOf,
});

/** Whose a lead is and why, and whose it was. */
export const leadRouting: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/leads/:leadId/routing',
    {
      config: { permission: 'leads:read' },
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
      const routing = await leadRoutingOf(context, projectId, asked);
      const { leadId } = routing.view;
      reply.header('ETag', etag(routing.revision));
      if (leadId !== asked) reply.header('Content-Location', `/api/leads/${leadId}/routing`);
      const page = await pageOf(api, ['routing', projectId, leadId], request.query, (range) =>
        routingHistoryOf(context, projectId, routing, range),
      );
      return { ...routing.view, history: page.data, nextCursor: page.nextCursor, asOf: page.asOf };
    },
  );
};
