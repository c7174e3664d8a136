import { z } from 'zod';
import { cancelJob } from '../../commands/jobs/cancel-job.ts';
import { jobKind } from '../../domain/jobs/job.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { JobDocument } from '../../projections/jobs.ts';
import { jobDocument, jobs as collection, jobStatus } from '../../projections/jobs.ts';
import { allProjects } from '../../projections/projects.ts';
import type { Condition } from '../../readmodels/queries.ts';
import type { Routes } from '../http/app.ts';
import type { Caller } from '../http/caller.ts';
import { isRoot, withheld } from '../http/confidential.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { requestOf, withPosition } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

const jobView = jobDocument.omit({ open: true, cursor: true, until: true, takenAt: true, doneBefore: true }).extend({
  holder: z.string().optional().describe('The process that has it; told to the root key'),
  error: z.string().optional().describe('Why it failed; in full to the root key only'),
  progress: z.number().describe('From 0 to 1'),
  rate: z.number().describe('Things done a second since it was last taken'),
  etaSeconds: z.number().optional().describe('About how long it will take, while that can be told'),
});

const tenth = (value: number): number => Math.round(value * 10) / 10;

const viewOf = (caller: Caller, doc: JobDocument): z.infer<typeof jobView> => {
  const { open: _, cursor: __, until: ___, takenAt = doc.requestedAt, doneBefore, ...all } = doc;
  const { holder: ____, error, ...own } = all;
  const shown = isRoot(caller) ? all : { ...own, ...(error !== undefined && { error: withheld }) };
  const seconds = (Date.parse(doc.updatedAt) - Date.parse(takenAt)) / 1_000;
  const rate = seconds > 0 ? (doc.done - doneBefore) / seconds : 0;
  const left = doc.total - doc.done;
  const share = doc.total === 0 ? 0 : Math.min(1, doc.done / doc.total);
  return {
    ...shown,
    progress: doc.status === 'completed' ? 1 : share,
    rate: tenth(rate),
    ...(doc.status === 'running' && rate > 0 && left > 0 && { etaSeconds: tenth(left / rate) }),
  };
};

/** A job's project and its id there, of what everybody outside calls it. Jobs of other projects are not there. */
export const partsOf = (jobId: string, mine: string | undefined) => {
  const [projectId = '', ...rest] = jobId.split('.');
  if (rest.length === 0 || (mine !== undefined && mine !== projectId))
    throw new Rejection('job-unknown', `There is no job ${jobId}`);
  return { projectId, jobId: rest.join('.') };
};

const find = async ({ readModels }: ApiContext, mine: string | undefined, jobId: string): Promise<JobDocument> => {
  partsOf(jobId, mine);
  const doc = await readModels.get(allProjects, collection, jobId);
  if (!doc) throw new Rejection('job-unknown', `There is no job ${jobId}`);
  return doc;
};

const inPath = z.object({ jobId: z.string().min(1).max(160) });
// A job may be there to repair what others read, so nobody waits for those to be told how far it is.
const access = { config: { scope: 'admin', reads: [collection.name] } } as const;
const tags = ['Operators'];

/** Long work and how far it is. */
export const jobs: Routes = (app, api) => {
  const filters = { status: jobStatus.optional(), kind: jobKind.optional() };
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
      const where = equal.flatMap(([field, value]): readonly Condition<JobDocument>[] =>
        value === undefined ? [] : [{ field, op: 'eq', value }],
      );
      const page = await pageOf(api, ['jobs', equal], asked, (range) =>
        api.readModels.find(allProjects, collection, {
          where,
          sort: [{ field: 'requestedAt', direction: 'desc' }],
          ...range,
        }),
      );
      return { ...page, data: page.data.map((doc) => viewOf(caller, doc)) };
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
    async ({ caller, params }) => viewOf(caller, await find(api, caller.projectId, params.jobId)),
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
      const parts = partsOf(jobId, request.caller.projectId);
      const input = { ...parts, reason: request.body?.reason ?? '' };
      const { position } = await api.engine.handle(cancelJob, input, requestOf(request, cancelJob.name));
      withPosition(reply, position);
      return { jobId, status: 'cancelled' as const };
    },
  );
};
