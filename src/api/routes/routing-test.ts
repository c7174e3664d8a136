import { z } from 'zod';
import { candidateSchema, othersSchema } from '../../domain/routing/ownership-events.ts';
import { routingTrial } from '../../queries/routing/routing-trial.ts';
import type { Routes } from '../http/app.ts';
import { queryContext } from '../http/query-context.ts';

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

/** Says who would get leads, and why. */
export const routingTest: Routes = (app, api) => {
  const { calendar, yieldToOthers } = api.engine;
  const context = { ...queryContext(api), calendar, yieldToOthers };
  app.post(
    '/api/projects/:projectId/routing-rules/test',
    {
      config: { permission: 'leads:read' },
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
    ({ params: { projectId }, body: { leadId, last } }) =>
      routingTrial(context, projectId, leadId === undefined ? { last: last ?? 1 } : { leadId }),
  );
};
