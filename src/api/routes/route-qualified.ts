import { z } from 'zod';
import { requestJob } from '../../commands/jobs/request-job.ts';
import { requestOfProject } from '../../jobs/request-of-project.ts';
import { unroutedLeads } from '../../queries/routing/unrouted-leads.ts';
import type { Routes } from '../http/app.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf, withPosition } from '../http/request.ts';

const previewed = z.object({
  dryRun: z.literal(true),
  leads: z.int().describe('Leads that are qualified, and that nobody has or is to have'),
  room: z.int().describe('How many more leads the active reps may have open; what finds nobody waits with a work item'),
});

/** Has all leads routed that a new scoring model qualified. */
export const routeQualified: Routes = (app, api) => {
  const context = queryContext(api);
  app.post(
    '/api/projects/:projectId/route-qualified',
    {
      config: { permission: 'config:write' },
      schema: {
        summary: 'Find reps for all qualified leads that nobody has, such as those that a new scoring model qualified',
        description:
          'A dry run unless the body says `{"dryRun": false}`: then a job does it, highest score first. One at a time: while one ' +
          'is open, the answer names it. Whom nobody fits waits with a work item.',
        tags: ['Routing'],
        params: z.object({ projectId: z.string() }),
        body: z.strictObject({ dryRun: z.boolean().default(true) }).nullish(),
        response: { 200: previewed, 202: z.object({ jobId: z.string() }) },
      },
    },
    async (request, reply) => {
      const { projectId } = request.params;
      if (request.body?.dryRun !== false)
        return { dryRun: true as const, ...(await unroutedLeads(context, projectId)) };
      const asked = requestOf(request, requestJob.name);
      const { jobId, position } = await requestOfProject(api, ['route-qualified', projectId], asked);
      if (position !== undefined) withPosition(reply, position);
      reply.code(202);
      return { jobId };
    },
  );
};
