import { z } from 'zod';
import { replyActions } from '../../domain/routing/reply-policy.ts';
import { deadlines as waitedFor } from '../../queries/routing/deadlines.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';

const deadlineView = z.object({
  leadId: z.string(),
  repId: z.string().describe('Who is to reply'),
  teamId: z.string().optional(),
  atRiskAt: z.string(),
  dueAt: z.string(),
  status: z.enum(['in-time', 'at-risk', 'overdue']).describe('As it is now'),
  next: z
    .object({ at: z.string(), action: z.enum(replyActions) })
    .optional()
    .describe('What is done when nobody replies'),
});

const id = z.string().min(1).max(64).optional();

/** The replies that are waited for. */
export const deadlines: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/routing/deadlines',
    {
      config: { permission: 'leads:read' },
      schema: {
        summary: 'The leads whose reps have not replied yet, by when the reply is due or was',
        tags: ['Routing'],
        response: { 200: listOf(deadlineView) },
        querystring: z.object({ rep: id.describe('Only of a rep'), team: id.describe('Only of a team'), ...paging }),
      },
    },
    (request) => {
      const { rep, team, ...asked } = request.query;
      const projectId = projectOf(request);
      const equal = [
        ['projectId', projectId],
        ['repId', rep],
        ['teamId', team],
      ] as const;
      return pageOf(api, ['deadlines', equal], asked, (range) =>
        waitedFor(context, projectId, { repId: rep, teamId: team }, range),
      );
    },
  );
};
