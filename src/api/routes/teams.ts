import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addTeam } from '../../commands/routing/add-team.ts';
import { changeTeam } from '../../commands/routing/change-team.ts';
import type { Outcome } from '../../engine/handle.ts';
import type { RosterEvent, Team } from '../../domain/routing/roster-events.ts';
import { rosterId, teamSchema } from '../../domain/routing/roster-events.ts';
import { rosterLimits, teamChanges, teamForm } from '../../domain/routing/roster-form.ts';
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
const ofTeam = ofProject.extend({ teamId: z.string().max(64) });

/** The team as it is by now. Throws a `Rejection` when there is none. */
const teamNow = async ({ engine }: ApiContext, projectId: string, teamId: string) => {
  const { state, revision } = await engine.states.refresh(roster, projectId);
  const team = state.teams.get(teamId);
  if (team) return { team, revision };
  throw new Rejection('member-unknown', `There is no team ${teamId}`);
};

/** The team that a command made of it; a retry is told what the first was told. */
const answered = async (
  api: ApiContext,
  [projectId, teamId]: readonly [string, string],
  { events, revision, position }: Outcome<RosterEvent>,
  reply: FastifyReply,
): Promise<Team> => {
  withPosition(reply, position).header('ETag', etag(revision));
  const [made] = events.flatMap((event) =>
    event.type === 'TeamAdded' || event.type === 'TeamChanged' ? [event.data] : [],
  );
  return made ?? (await teamNow(api, projectId, teamId)).team;
};

type Wanted = z.infer<typeof teamForm> & { readonly teamId?: string | undefined };

const add = async (
  api: ApiContext,
  request: FastifyRequest & { readonly body: Wanted },
  projectId: string,
  reply: FastifyReply,
): Promise<Team> => {
  const teamId = request.body.teamId ?? idOf(making(api, request, 'team')('team id'));
  const asked = requestOf(request, addTeam.name);
  const outcome = await api.engine.handle(addTeam, { ...request.body, projectId, teamId }, asked);
  const team = await answered(api, [projectId, teamId], outcome, reply);
  reply.code(201).header('Location', `/api/projects/${projectId}/teams/${team.teamId}`);
  return team;
};

/** The teams of a project. */
export const teams: Routes = (app, api) => {
  const { engine } = api;
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
    handler: (request, reply) => add(api, request, request.params.projectId, reply),
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
    handler: async ({ params: { projectId }, query }) => {
      const { state } = await engine.states.refresh(roster, projectId);
      const items = [...state.teams.values()];
      return pageIn(api, ['teams', projectId], query, { items, keyOf: ({ teamId }) => teamId });
    },
  });
  app.route({
    method: 'GET',
    url: `${url}/:teamId`,
    config: read,
    schema: { summary: 'A team', tags, params: ofTeam, response: { 200: teamSchema } },
    handler: async ({ params: { projectId, teamId } }, reply) => {
      const { team, revision } = await teamNow(api, projectId, teamId);
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
      return answered(api, [projectId, teamId], outcome, reply);
    },
  });
};
