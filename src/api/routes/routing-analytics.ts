import { routingReport } from '../../queries/routing/routing-report.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { asOf, asOfNow } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { report } from './routing-report-view.ts';

/** How leads are shared out, and what reps and teams make of them. */
export const routingAnalytics: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/analytics/routing',
    {
      config: { permission: 'leads:read' },
      schema: {
        summary: 'How leads are shared out among reps and teams, and what comes of it',
        description:
          'Counts of what happened are of all time. Counts of leads are of now, by who has them or had them last, so that ' +
          'a lead that was merged, re-routed or qualified again counts once.',
        tags: ['Analytics'],
        response: { 200: report.extend({ asOf }) },
      },
    },
    async (request) => {
      const asOf = asOfNow(api);
      return { ...(await routingReport(context, projectOf(request))), asOf };
    },
  );
};
