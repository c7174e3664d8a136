import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addTeam } from '../../commands/routing/add-team.ts';
import { changeTeam } from '../../commands/routing/change-team.ts';
import type { Outcome } from '../../engine/handle.ts';
import type { RosterEvent, Team } from '../../domain/routing/roster-events.ts';
import { rosterId, teamSchema } from '../../domain/routing/roster-events.ts';
import { rosterLimits, teamChanges, teamForm } from '../../domain/routing/roster-form.ts';
import { teamOf, teams as listed, teamView } from '../../queries/routing/roster.ts';
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
const ofTeam = ofProject.extend({ teamId: z.string().max(64) });

/** The team that a command made of it; a retry is told what the first was told. */
const answered = async (
  context: QueryContext,
  [projectId, teamId]: readonly [string, string],
  { events, revision, position }: Outcome<RosterEvent>,
  reply: FastifyReply,
): Promise<Team> => {
  withPosition(reply, position).header('ETag', etag(revision));
  const [made] = events.flatMap((event) =>
    event.type === 'TeamAdded' || event.type === 'TeamChanged' ? [event.data] : [],
  );
  return made ? teamView(made) : (await teamOf(context, projectId, teamId)).team;
};

type Wanted = z.infer<typeof teamForm> & { readonly teamId?: string | undefined };

const add = async (
  [api, context]: readonly [ApiContext, QueryContext],
  request: FastifyRequest & { readonly body: Wanted },
  projectId: string,
  reply: FastifyReply,
): Promise<Team> => {
  const teamId = request.body.teamId ?? idOf(making(api, request, 'team')('team id'));
  const asked = requestOf(request, addTeam.name);
  const outcome = await api.engine.handle(addTeam, { ...request.body, projectId, teamId }, asked);
  const team = await answered(context, [projectId, teamId], outcome, reply);
  reply.code(201).header('Location', `/api/projects/${projectId}/teams/${team.teamId}`);
  return team;
};

/** The teams of a project. */
export const teams: Routes = (app, api) => {
  const { engine } = api;
  const context = queryContext(api);
  const url = '/api/projects/:projectId/teams';
  app.route({
    method: 'POST',
    url,
    config: write,
    bodyLimit: rosterLimits.bytes,
    schema: {
      summary: 'Make a team',
      description:
        'Without `teamId` an id is made. Regions are country codes, country names or names of the rules; none: all.',
      tags,
      params: ofProject,
      body: teamForm.extend({ teamId: rosterId.optional() }),
      response: { 201: teamSchema },
    },
    handler: (request, reply) => add([api, context], request, request.params.projectId, reply),
  });
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'The teams, by id',
      tags,
      params: ofProject,
      querystring: z.object(paging),
      response: { 200: listOf(teamSchema) },
    },
    handler: ({ params: { projectId }, query }) =>
      pageOf(api, ['teams', projectId], query, (range) => listed(context, projectId, range)),
  });
  app.route({
    method: 'GET',
    url: `${url}/:teamId`,
    config: read,
    schema: { summary: 'A team', tags, params: ofTeam, response: { 200: teamSchema } },
    handler: async ({ params: { projectId, teamId } }, reply) => {
      const { team, revision } = await teamOf(context, projectId, teamId);
      reply.header('ETag', etag(revision));
      return team;
    },
  });
  app.route({
    method: 'PATCH',
    url: `${url}/:teamId`,
    config: write,
    bodyLimit: rosterLimits.bytes,
    schema: {
      summary: 'Change some of a team',
      description: 'What is left out stays; `null` takes away. The ETag is of the whole roster.',
      tags,
      params: ofTeam,
      body: teamChanges,
      response: { 200: teamSchema },
    },
    handler: async (request, reply) => {
      const { projectId, teamId } = request.params;
      const asked = requestOf(request, changeTeam.name);
      const outcome = await engine.handle(changeTeam, { projectId, teamId, changes: request.body }, asked);
      return answered(context, [projectId, teamId], outcome, reply);
    },
  });
};
