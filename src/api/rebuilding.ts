import { z } from 'zod';
import { requestJob } from '../commands/request-job.ts';
import { project } from '../domain/project.ts';
import { isOpen, job, systemProject } from '../domain/job.ts';
import { Rejection } from '../domain/rejection.ts';
import { projections } from '../projections/index.ts';
import { jobs } from '../projections/jobs.ts';
import { allProjects } from '../projections/projects.ts';
import { rebuildLead } from '../jobs/rebuild-lead.ts';
import { nextOf } from '../readmodels/generations.ts';
import type { Routes } from './app.ts';
import { projectOf } from './auth.ts';
import { idOf, making } from './issuing.ts';
import { Problem } from './problems.ts';
import { requestOf, untilReached, withPosition } from './request.ts';
import type { World } from './world.ts';

const access = { config: { scope: 'admin' } } as const;
const tags = ['Operators'];
const digest = z.string().describe('SHA-256 of the documents, in hex');
const accepted = z.object({ jobId: z.string() });

/** The job that builds a generation of a projection, if one is open. */
const openRebuild = async ({ readModels }: World, projection: string): Promise<string | undefined> => {
  const { docs } = await readModels.find(allProjects, jobs, {
    where: [{ field: 'open', op: 'eq', value: 1 }],
    ...{ sort: [{ field: 'requestedAt', direction: 'asc' }], limit: 1_000 },
  });
  return docs.find(({ kind, details }) => kind === 'rebuild-projection' && details['projection'] === projection)?.jobId;
};

const jobFor = (projection: string, generation: number): string => `rebuild-${projection}-${generation}`;

/** The generation to build next: none that was built, or whose job ended before it began to. */
const nextGeneration = async ({ engine, readModels }: World, projection: string): Promise<number> => {
  for (let generation = await nextOf(readModels, projection); ; generation++) {
    const { state } = await engine.states.refresh(job, `${systemProject}.${jobFor(projection, generation)}`);
    if (state.status === 'unknown' || isOpen(state)) return generation;
  }
};

/** Read models made again from the log, while they go on being used: a lead's, a project's, or all of a projection. */
export const rebuilding: Routes = (app, world) => {
  app.post(
    '/api/admin/rebuild/:leadId',
    {
      ...access,
      schema: {
        summary: "Make a lead's documents again from its facts, and tell whether they were right",
        ...{ tags, params: z.object({ leadId: z.string().min(1).max(64) }) },
        response: {
          200: z.object({
            ...{ leadId: z.string(), events: z.int(), before: digest, after: digest },
            identical: z.boolean().describe('Whether the documents were what the facts make of them'),
          }),
        },
      },
    },
    async (request) => {
      const projectId = projectOf(request);
      const { leadId } = request.params;
      const { engine, readModels } = world;
      const reached = (position: number) => untilReached(world, position);
      const rebuilt = await rebuildLead(
        { read: (stream, after) => engine.states.read(stream, after), readModels, reached, head: () => world.head() },
        projectId,
        leadId,
      );
      if (rebuilt.events === 0 && rebuilt.identical)
        throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${leadId}`);
      return rebuilt;
    },
  );

  app.post(
    '/api/admin/rebuild-project/:projectId',
    {
      ...access,
      schema: {
        summary: "Make all documents of a project's leads and its numbers again; a job does it",
        ...{ tags, params: z.object({ projectId: z.string().min(1).max(64) }), response: { 202: accepted } },
      },
    },
    async (request, reply) => {
      const { projectId } = request.params;
      const { projectId: mine } = request.caller;
      const exists =
        (mine ?? projectId) === projectId &&
        (await world.engine.states.refresh(project, projectId)).state.projectId !== undefined;
      if (!exists) throw new Rejection('project-unknown', `There is no project ${projectId}`);
      const asked = requestOf(request, requestJob.name);
      const jobId = `rebuild-${idOf(making(world, request, 'rebuild')('job id'))}`;
      const input = { projectId, jobId, kind: 'rebuild-project' as const };
      const { position } = await world.engine.handle(requestJob, input, asked);
      withPosition(reply, position).code(202);
      return { jobId: `${projectId}.${jobId}` };
    },
  );

  app.post(
    '/api/admin/projections/:name/rebuild',
    {
      ...access,
      schema: {
        summary:
          'Build a projection anew beside the one that serves, and let it serve when it has everything; a job does it',
        description: 'Takes the root key. While one is being built, the answer names its job.',
        ...{ tags, params: z.object({ name: z.string().min(1).max(64) }), response: { 202: accepted } },
      },
    },
    async (request, reply) => {
      const { name: projection } = request.params;
      if (request.caller.keyId !== undefined)
        throw new Problem(
          'scope-missing',
          'Projections have the documents of all projects; rebuilding takes the root key',
        );
      if (!projections.some(({ name }) => name === projection))
        throw new Problem('not-found', `There is no projection ${projection}; GET /api/admin/projections lists them`);
      const open = await openRebuild(world, projection);
      reply.code(202);
      if (open !== undefined) return { jobId: open };
      // Two that ask at once name the same generation, and so the same job.
      const generation = await nextGeneration(world, projection);
      const jobId = jobFor(projection, generation);
      const details = { projection, generation };
      const input = { projectId: systemProject, jobId, kind: 'rebuild-projection' as const, details };
      const { position } = await world.engine.handle(requestJob, input, requestOf(request, requestJob.name));
      withPosition(reply, position);
      return { jobId: `${systemProject}.${jobId}` };
    },
  );
};
