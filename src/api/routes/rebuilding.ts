import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { requestJob } from '../../commands/jobs/request-job.ts';
import { lead } from '../../domain/lead/lead.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { requestOfProject } from '../../jobs/request-of-project.ts';
import { allProjections } from '../../jobs/request-rebuild.ts';
import { isProjection } from '../../queries/jobs/rebuildable.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { inLane } from '../http/lanes.ts';
import { Problem } from '../http/problems.ts';
import { requestOf, withPosition } from '../http/request.ts';
import { untilReached } from '../http/waiting.ts';
import type { ApiContext } from '../http/context.ts';

const access = { config: { permission: 'operations', limit: 'heavy' } } as const;
/** Projections have the documents of all projects. */
const ofAll = { config: { permission: 'service', limit: 'heavy' } } as const;
const tags = ['Operators'];
const digest = z.string().describe('SHA-256 of the documents, in hex');
const accepted = z.object({ jobId: z.string() });

const ask = async (api: ApiContext, projection: string, request: FastifyRequest, reply: FastifyReply) => {
  const { jobId, position } = await api.rebuilds.projection(projection, requestOf(request, requestJob.name));
  if (position !== undefined) withPosition(reply, position);
  reply.code(202);
  return { jobId };
};

/** Read models made again from the log, while they go on being used: a lead's, a project's, or all of a projection. */
export const rebuilding: Routes = (app, api) => {
  app.post(
    '/api/admin/rebuild/:leadId',
    {
      ...access,
      schema: {
        summary: "Make a lead's documents again from its facts, and tell whether they were right",
        tags,
        params: z.object({ leadId: z.string().min(1).max(64) }),
        response: {
          200: z.object({
            leadId: z.string(),
            events: z.int(),
            before: digest,
            after: digest,
            identical: z.boolean().describe('Whether the documents were what the facts make of them'),
          }),
        },
      },
    },
    async (request) => {
      const projectId = projectOf(request);
      const { leadId } = request.params;
      const { engine } = api;
      const reached = (position: number) => untilReached(api, position, { projectId });
      const rebuilt = await inLane(api, request, () => api.rebuilds.lead(projectId, leadId, reached));
      // What a snapshot says of the lead is not believed any more either.
      await engine.states.forget(lead, leadStreamId(projectId, leadId));
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
        description: 'One at a time: while one is open, the answer names it.',
        tags,
        params: z.object({ projectId: z.string().min(1).max(64) }),
        response: { 202: accepted },
      },
    },
    async (request, reply) => {
      const { projectId } = request.params;
      const { projectId: mine } = request.caller;
      const exists =
        (mine ?? projectId) === projectId &&
        (await api.engine.states.refresh(project, projectId)).state.projectId !== undefined;
      if (!exists) throw new Rejection('project-unknown', `There is no project ${projectId}`);
      const { jobId, position } = await requestOfProject(
        api,
        ['rebuild-project', projectId],
        requestOf(request, requestJob.name),
      );
      if (position !== undefined) withPosition(reply, position);
      reply.code(202);
      return { jobId };
    },
  );

  app.post(
    '/api/admin/projections/:name/rebuild',
    {
      ...ofAll,
      schema: {
        summary:
          'Build a projection anew beside the one that serves, and let it serve when it has everything; a job does it',
        description: 'Takes the root key. While one is being built, the answer names its job.',
        tags,
        params: z.object({ name: z.string().min(1).max(64) }),
        response: { 202: accepted },
      },
    },
    async (request, reply) => {
      const { name: projection } = request.params;
      if (!isProjection(projection))
        throw new Problem('not-found', `There is no projection ${projection}; GET /api/admin/projections lists them`);
      return ask(api, projection, request, reply);
    },
  );

  app.post(
    '/api/admin/projections/rebuild',
    {
      ...ofAll,
      schema: {
        summary: 'Build all projections anew, and let them serve when they have everything; a job does it',
        description: 'Takes the root key. While all are being built, the answer names the job.',
        tags,
        response: { 202: accepted },
      },
    },
    async (request, reply) => {
      return ask(api, allProjections, request, reply);
    },
  );
};
