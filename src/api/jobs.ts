import { z } from 'zod';
import { Rejection } from '../domain/rejection.ts';
import { jobDocument, jobs as collection } from '../projections/jobs.ts';
import type { Routes } from './app.ts';
import type { World } from './world.ts';

const jobView = jobDocument.extend({ progress: z.number().describe('From 0 to 1') });

const find = async (
  { readModels }: World,
  projectId: string | undefined,
  jobId: string,
): Promise<z.infer<typeof jobView>> => {
  const [owner, ...rest] = jobId.split('.');
  const mine = owner !== undefined && (projectId === undefined || projectId === owner);
  const doc = mine ? await readModels.get(owner, collection, rest.join('.')) : undefined;
  if (!doc) throw new Rejection('job-unknown', `There is no job ${jobId}`);
  const share = doc.total === 0 ? 0 : Math.min(1, doc.done / doc.total);
  return { ...doc, progress: doc.status === 'completed' ? 1 : share };
};

/** Long work and how far it is. */
export const jobs: Routes = (app, world) => {
  app.get(
    '/api/admin/jobs/:jobId',
    {
      config: { scope: 'admin' },
      schema: {
        summary: 'A job, such as the re-scoring after a new model, and how far it is',
        tags: ['Operators'],
        params: z.object({ jobId: z.string().min(1).max(160) }),
        response: { 200: jobView },
      },
    },
    (request) => find(world, request.caller.projectId, request.params.jobId),
  );
};
