import { z } from 'zod';
import { isoTime } from '../../domain/lead/activity.ts';
import { receiptOf } from '../../queries/sources/sources.ts';
import type { Routes } from '../http/app.ts';
import { queryContext } from '../http/query-context.ts';

/** What became of webhooks. */
export const receipts: Routes = (app, api) => {
  const context = queryContext(api);
  app.route({
    method: 'GET',
    url: '/api/projects/:projectId/receipts/:receiptId',
    config: { permission: 'leads:read' },
    schema: {
      summary: 'What became of a webhook',
      tags: ['Sources'],
      params: z.object({ projectId: z.string(), receiptId: z.string().max(64) }),
      response: {
        200: z.object({
          receiptId: z.string(),
          sourceId: z.string(),
          at: isoTime,
          status: z.enum(['queued', 'duplicate', 'rejected']),
          counts: z.object({ queued: z.int(), duplicate: z.int(), rejected: z.int() }),
          results: z.array(
            z.object({
              index: z.int(),
              status: z.enum(['queued', 'duplicate', 'rejected']),
              leadId: z.string().optional(),
            }),
          ),
        }),
      },
    },
    handler: ({ params: { projectId, receiptId } }) => receiptOf(context, projectId, receiptId),
  });
};
