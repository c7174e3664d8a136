import { z } from 'zod';
import { replyActions } from '../../domain/routing/reply-policy.ts';
import type { DeadlineDocument } from '../../projections/deadlines.ts';
import { deadlines as collection } from '../../projections/deadlines.ts';
import { allProjects } from '../../projections/projects.ts';
import type { Condition } from '../../readmodels/queries.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';

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

const viewAt = (doc: DeadlineDocument, now: Date): z.infer<typeof deadlineView> => {
  const { leadId, repId, teamId, atRiskAt, dueAt, steps, taken } = doc;
  const by = now.toISOString();
  const late = dueAt <= by ? 'overdue' : 'at-risk';
  const next = steps[taken];
  return {
    leadId,
    repId,
    ...(teamId !== '' && { teamId }),
    atRiskAt,
    dueAt,
    status: atRiskAt <= by ? late : 'in-time',
    ...(next && { next }),
  };
};

const id = z.string().min(1).max(64).optional();

/** The replies that are waited for. */
export const deadlines: Routes = (app, api) =>
  void app.get(
    '/api/routing/deadlines',
    {
      config: { scope: 'leads:read' },
      schema: {
        summary: 'The leads whose reps have not replied yet, by when the reply is due or was',
        tags: ['Routing'],
        response: { 200: listOf(deadlineView) },
        querystring: z.object({ rep: id.describe('Only of a rep'), team: id.describe('Only of a team'), ...paging }),
      },
    },
    async (request) => {
      const { rep, team, ...asked } = request.query;
      const equal = [
        ['projectId', projectOf(request)],
        ['repId', rep],
        ['teamId', team],
      ] as const;
      const where = equal.flatMap(([field, value]): readonly Condition<DeadlineDocument>[] =>
        value === undefined ? [] : [{ field, op: 'eq', value }],
      );
      const page = await pageOf(api, ['deadlines', equal], asked, (range) =>
        api.readModels.find(allProjects, collection, {
          where,
          sort: [{ field: 'dueAt', direction: 'asc' }],
          ...range,
        }),
      );
      const now = api.clock();
      return { ...page, data: page.data.map((doc) => viewAt(doc, now)) };
    },
  );
