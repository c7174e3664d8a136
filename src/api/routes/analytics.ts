import { z } from 'zod';
import { dashboard } from '../../queries/projects/dashboard.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { asOf, asOfNow } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';

const bucket = z.object({
  at: z.string(),
  activities: z.int(),
  leads: z.int(),
  merged: z.int(),
  qualifications: z.int(),
});

const dashboardView = z.object({
  totals: z.object({ leads: z.int(), activities: z.int(), merged: z.int(), qualifications: z.int() }),
  stages: z.record(z.string(), z.int()),
  qualified: z.int().describe('Leads whose score reaches the qualification threshold'),
  conversion: z.number().describe('Their share of all leads, from 0 to 1; 0 without leads'),
  perMinute: z.array(bucket),
  perHour: z.array(bucket),
  perDay: z.array(bucket),
  asOf,
});

/** What happened in a project, in numbers. */
export const analytics: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/analytics/dashboard',
    {
      config: { permission: 'leads:read' },
      schema: {
        summary:
          'Totals, leads by stage, and what was recorded by minute, hour and day; what did not happen is left out',
        tags: ['Analytics'],
        response: { 200: dashboardView },
      },
    },
    async (request) => {
      const asOf = asOfNow(api);
      return { ...(await dashboard(context, projectOf(request))), asOf };
    },
  );
};
