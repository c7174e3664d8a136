import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addRep } from '../../commands/routing/add-rep.ts';
import { changeRep } from '../../commands/routing/change-rep.ts';
import type { Outcome } from '../../engine/handle.ts';
import type { RosterEvent, Rep } from '../../domain/routing/roster-events.ts';
import { repSchema, repStatuses, rosterId } from '../../domain/routing/roster-events.ts';
import { repChanges, repForm, rosterLimits } from '../../domain/routing/roster-form.ts';
import { repOf, reps as listed, repView } from '../../queries/routing/roster.ts';
import type { QueryContext } from '../../queries/queries.ts';
import type { Routes } from '../http/app.ts';
import { idOf, making } from './issuing.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

const tags = ['Routing'];
const [read, write] = [{ permission: 'leads:read' }, { permission: 'config:write' }] as const;
const ofProject = z.object({ projectId: z.string() });
const ofRep = ofProject.extend({ repId: z.string().max(64) });

const filters = {
  team: z.string().max(64).optional().describe('Only members of this team'),
  status: z.enum(repStatuses).optional(),
};

/** The rep that a command made of it; a retry is told what the first was told. */
const answered = async (
  context: QueryContext,
  [projectId, repId]: readonly [string, string],
  { events, revision, position }: Outcome<RosterEvent>,
  reply: FastifyReply,
): Promise<Rep> => {
  withPosition(reply, position).header('ETag', etag(revision));
  const [made] = events.flatMap((event) =>
    event.type === 'RepAdded' || event.type === 'RepChanged' ? [event.data] : [],
  );
  return made ? repView(made) : (await repOf(context, projectId, repId)).rep;
};

type Wanted = z.infer<typeof repForm> & { readonly repId?: string | undefined };

const add = async (
  [api, context]: readonly [ApiContext, QueryContext],
  request: FastifyRequest & { readonly body: Wanted },
  projectId: string,
  reply: FastifyReply,
): Promise<Rep> => {
  const repId = request.body.repId ?? idOf(making(api, request, 'rep')('rep id'));
  const asked = requestOf(request, addRep.name);
  const outcome = await api.engine.handle(addRep, { ...request.body, projectId, repId }, asked);
  const rep = await answered(context, [projectId, repId], outcome, reply);
  reply.code(201).header('Location', `/api/projects/${projectId}/reps/${rep.repId}`);
  return rep;
};

/** The reps of a project. */
export const reps: Routes = (app, api) => {
  const { engine } = api;
  const context = queryContext(api);
  const url = '/api/projects/:projectId/reps';
  app.route({
    method: 'POST',
    url,
    config: write,
    bodyLimit: rosterLimits.bytes,
    schema: {
      summary: 'Put somebody on the roster',
      description:
        'Without `repId` an id is made. Without regions, languages or industries a rep takes all; without hours it is always on shift.',
      tags,
      params: ofProject,
      body: repForm.extend({ repId: rosterId.optional() }),
      response: { 201: repSchema },
    },
    handler: (request, reply) => add([api, context], request, request.params.projectId, reply),
  });
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'The reps, by id',
      tags,
      params: ofProject,
      querystring: z.object({ ...paging, ...filters }),
      response: { 200: listOf(repSchema) },
    },
    handler: ({ params: { projectId }, query: { team, status, ...asked } }) =>
      pageOf(api, ['reps', projectId, team, status], asked, (range) =>
        listed(context, projectId, { team, status }, range),
      ),
  });
  app.route({
    method: 'GET',
    url: `${url}/:repId`,
    config: read,
    schema: { summary: 'A rep', tags, params: ofRep, response: { 200: repSchema } },
    handler: async ({ params: { projectId, repId } }, reply) => {
      const { rep, revision } = await repOf(context, projectId, repId);
      reply.header('ETag', etag(revision));
      return rep;
    },
  });
  app.route({
    method: 'PATCH',
    url: `${url}/:repId`,
    config: write,
    bodyLimit: rosterLimits.bytes,
    schema: {
      summary: 'Change some of a rep',
      description:
        'What is left out stays; `null` takes away; a list is replaced as a whole. The ETag is of the whole roster.',
      tags,
      params: ofRep,
      body: repChanges,
      response: { 200: repSchema },
    },
    handler: async (request, reply) => {
      const { projectId, repId } = request.params;
      const asked = requestOf(request, changeRep.name);
      const outcome = await engine.handle(changeRep, { projectId, repId, changes: request.body }, asked);
      return answered(context, [projectId, repId], outcome, reply);
    },
  });
};
