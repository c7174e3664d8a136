import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addRep } from '../../commands/routing/add-rep.ts';
import { changeRep } from '../../commands/routing/change-rep.ts';
import type { Outcome } from '../../engine/handle.ts';
import type { RosterEvent, Rep } from '../../domain/routing/roster-events.ts';
import { repSchema, repStatuses, rosterId } from '../../domain/routing/roster-events.ts';
import { repChanges, repForm, rosterLimits } from '../../domain/routing/roster-form.ts';
import { roster } from '../../domain/routing/roster.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Routes } from '../http/app.ts';
import { idOf, making } from './issuing.ts';
import { listOf, pageIn, paging } from '../http/paging.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

const tags = ['Routing'];
const [read, write] = [{ scope: 'leads:read' }, { scope: 'config:write' }] as const;
const ofProject = z.object({ projectId: z.string() });
const ofRep = ofProject.extend({ repId: z.string().max(64) });

const filters = {
  team: z.string().max(64).optional().describe('Only members of this team'),
  status: z.enum(repStatuses).optional(),
};

/** The rep as it is by now. Throws a `Rejection` when there is none. */
const repNow = async ({ engine }: ApiContext, projectId: string, repId: string) => {
  const { state, revision } = await engine.states.refresh(roster, projectId);
  const rep = state.reps.get(repId);
  if (rep) return { rep, revision };
  throw new Rejection('member-unknown', `There is no rep ${repId}`);
};

/** The rep that a command made of it; a retry is told what the first was told. */
const answered = async (
  api: ApiContext,
  [projectId, repId]: readonly [string, string],
  { events, revision, position }: Outcome<RosterEvent>,
  reply: FastifyReply,
): Promise<Rep> => {
  withPosition(reply, position).header('ETag', etag(revision));
  const [made] = events.flatMap((event) =>
    event.type === 'RepAdded' || event.type === 'RepChanged' ? [event.data] : [],
  );
  return made ?? (await repNow(api, projectId, repId)).rep;
};

type Wanted = z.infer<typeof repForm> & { readonly repId?: string | undefined };

const add = async (
  api: ApiContext,
  request: FastifyRequest & { readonly body: Wanted },
  projectId: string,
  reply: FastifyReply,
): Promise<Rep> => {
  const repId = request.body.repId ?? idOf(making(api, request, 'rep')('rep id'));
  const asked = requestOf(request, addRep.name);
  const outcome = await api.engine.handle(addRep, { ...request.body, projectId, repId }, asked);
  const rep = await answered(api, [projectId, repId], outcome, reply);
  reply.code(201).header('Location', `/api/projects/${projectId}/reps/${rep.repId}`);
  return rep;
};

/** The reps of a project. */
export const reps: Routes = (app, api) => {
  const { engine } = api;
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
    handler: (request, reply) => add(api, request, request.params.projectId, reply),
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
    handler: async ({ params: { projectId }, query }) => {
      const { state } = await engine.states.refresh(roster, projectId);
      const { team, status } = query;
      const items = [...state.reps.values()].filter(
        (rep) => (team === undefined || rep.teamIds.includes(team)) && (status === undefined || rep.status === status),
      );
      return pageIn(api, ['reps', projectId, team, status], query, { items, keyOf: ({ repId }) => repId });
    },
  });
  app.route({
    method: 'GET',
    url: `${url}/:repId`,
    config: read,
    schema: { summary: 'A rep', tags, params: ofRep, response: { 200: repSchema } },
    handler: async ({ params: { projectId, repId } }, reply) => {
      const { rep, revision } = await repNow(api, projectId, repId);
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
      return answered(api, [projectId, repId], outcome, reply);
    },
  });
};
