import { z } from 'zod';
import { cancelJob } from '../../commands/jobs/cancel-job.ts';
import { jobKind } from '../../domain/jobs/job.ts';
import { jsonObject } from '../../domain/lead/activity.ts';
import type { Job } from '../../queries/jobs/jobs.ts';
import { jobOf, jobParts, jobReads, jobs as listed, jobStatuses } from '../../queries/jobs/jobs.ts';
import type { Routes } from '../http/app.ts';
import type { Caller } from '../http/caller.ts';
import { isRoot, withheld } from '../http/confidential.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { requestOf, withPosition } from '../http/request.ts';
import { queryContext } from '../http/query-context.ts';

const jobView = z.object({
  jobId: z.string(),
  projectId: z.string(),
  kind: jobKind,
  version: z.number().optional(),
  details: jsonObject,
  status: z.enum(jobStatuses),
  done: z.number(),
  total: z.number(),
  holder: z.string().optional().describe('The process that has it; told to the root key'),
  attempts: z.number(),
  error: z.string().optional().describe('Why it failed; in full to the root key only'),
  requestedAt: z.string(),
  updatedAt: z.string(),
  completedAt: z.string().optional(),
  result: jsonObject.optional(),
  progress: z.number().describe('From 0 to 1'),
  rate: z.number().describe('Things done a second since it was last taken'),
  etaSeconds: z.number().optional().describe('About how long it will take, while that can be told'),
});

/** A job as the caller may see it: who has it, and why it failed, are of the inside of the service. */
const shownTo = (caller: Caller, job: Job): Job =>
  isRoot(caller) ? job : { ...job, holder: undefined, error: job.error === undefined ? undefined : withheld };

const inPath = z.object({ jobId: z.string().min(1).max(160) });
// A job may be there to repair what others read, so nobody waits for those to be told how far it is.
const access = { config: { permission: 'operations', reads: jobReads } } as const;
const tags = ['Operators'];

/** Long work and how far it is. */
export const jobs: Routes = (app, api) => {
  const context = queryContext(api);
  const filters = { status: z.enum(jobStatuses).optional(), kind: jobKind.optional() };
  app.get(
    '/api/admin/jobs',
    {
      ...access,
      schema: {
        summary: 'The jobs, newest first',
        tags,
        querystring: z.object({ ...filters, ...paging }),
        response: { 200: listOf(jobView) },
      },
    },
    async ({ caller, query: { status, kind, ...asked } }) => {
      const equal = [
        ['projectId', caller.projectId],
        ['status', status],
        ['kind', kind],
      ] as const;
      const wanted = { projectId: caller.projectId, status, kind };
      const page = await pageOf(api, ['jobs', equal], asked, (range) => listed(context, wanted, range));
      return { ...page, data: page.data.map((job) => shownTo(caller, job)) };
    },
  );

  app.get(
    '/api/admin/jobs/:jobId',
    {
      ...access,
      schema: {
        summary: 'A job, such as the re-scoring after a new model, and how far it is',
        tags,
        params: inPath,
        response: { 200: jobView },
      },
    },
    async ({ caller, params }) => shownTo(caller, await jobOf(context, caller.projectId, params.jobId)),
  );

  app.post(
    '/api/admin/jobs/:jobId/cancel',
    {
      ...access,
      schema: {
        summary: 'End a job that nobody wants any more; what it did stays',
        tags,
        params: inPath,
        body: z.object({ reason: z.string().trim().max(1_000).default('') }).nullish(),
        response: { 200: z.object({ jobId: z.string(), status: z.literal('cancelled') }) },
      },
    },
    async (request, reply) => {
      const { jobId } = request.params;
      const parts = jobParts(jobId, request.caller.projectId);
      const input = { ...parts, reason: request.body?.reason ?? '' };
      const { position } = await api.engine.handle(cancelJob, input, requestOf(request, cancelJob.name));
      withPosition(reply, position);
      return { jobId, status: 'cancelled' as const };
    },
  );
};
