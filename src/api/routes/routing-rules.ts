import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { publishRoutingRules } from '../../commands/routing/publish-routing-rules.ts';
import { rosterEvents } from '../../domain/routing/roster-events.ts';
import { roster } from '../../domain/routing/roster.ts';
import { routingLimits } from '../../domain/routing/routing-cost.ts';
import { routingRulesForm } from '../../domain/routing/routing-form.ts';
import type { RoutingRules } from '../../domain/routing/routing-rules.ts';
import { routingRulesSchema } from '../../domain/routing/routing-rules.ts';
import { publishedPage } from '../../queries/published.ts';
import { routingRulesOf, rulesOf } from '../../queries/routing/routing-rules.ts';
import type { Routes } from '../http/app.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { ofVersion, publishedBy, versionOf, withoutAnswerFields } from './published.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

const tags = ['Routing'];
const [read, write] = [{ permission: 'leads:read' }, { permission: 'config:write' }] as const;
const ofProject = z.object({ projectId: z.string() });
const version = z.int();
const versionView = rosterEvents.RoutingRulesPublished.extend({ publishedBy });
const published = z.object({ version });

type Wanted = { readonly projectId: string; readonly rules: RoutingRules; readonly restores?: number };

const publish = async (
  { engine }: ApiContext,
  request: FastifyRequest,
  wanted: Wanted,
  reply: FastifyReply,
): Promise<z.infer<typeof published>> => {
  const asked = requestOf(request, publishRoutingRules.name);
  const { events, revision, position } = await engine.handle(publishRoutingRules, wanted, asked);
  withPosition(reply, position).header('ETag', etag(revision));
  const [made] = events.flatMap((event) => (event.type === 'RoutingRulesPublished' ? [event.data] : []));
  return { version: made?.version ?? (await engine.states.get(roster, wanted.projectId)).state.routing.version };
};

/** The routing rules of a project, and those it had before. */
export const routingRules: Routes = (app, api) => {
  const context = queryContext(api);
  const url = '/api/projects/:projectId/routing-rules';
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'The routing rules in force',
      description:
        'Version 0 is what holds before any are published: all active reps are asked in turn. The ETag is of the whole roster.',
      tags,
      params: ofProject,
      response: { 200: routingRulesSchema.extend({ version }) },
    },
    handler: async ({ params: { projectId } }, reply) => {
      const { view, revision } = await routingRulesOf(context, projectId);
      reply.header('ETag', etag(revision));
      return view;
    },
  });
  app.route({
    method: 'PUT',
    url,
    config: write,
    bodyLimit: routingLimits.bytes,
    schema: {
      summary: 'Put routing rules in force',
      description:
        'All of them, for decisions from now on. They must fit the roster: everybody whom they name is there, somebody is in ' +
        'reach of every rule, every rule can be reached, and no fallbacks lead in a circle. Else `errors` has all that is wrong.',
      tags,
      params: ofProject,
      body: z.preprocess(withoutAnswerFields('rules'), routingRulesForm),
      response: { 200: published },
    },
    handler: (request, reply) =>
      publish(api, request, { projectId: request.params.projectId, rules: request.body }, reply),
  });
  app.route({
    method: 'GET',
    url: `${url}/versions`,
    config: read,
    schema: {
      summary: 'Every version of the routing rules, newest first',
      tags,
      params: ofProject,
      querystring: z.object(paging),
      response: { 200: listOf(versionView) },
    },
    handler: ({ params: { projectId }, query }) =>
      pageOf(api, ['routing-rules', projectId], query, (range) => publishedPage(context, rulesOf(projectId), range)),
  });
  app.route({
    method: 'GET',
    url: `${url}/versions/:version`,
    config: read,
    schema: {
      summary: 'One version of the routing rules',
      tags,
      params: ofVersion,
      response: { 200: versionView },
    },
    handler: ({ params }) => versionOf(context, rulesOf(params.projectId), params.version),
  });
  app.route({
    method: 'POST',
    url: `${url}/rollback`,
    config: write,
    schema: {
      summary: 'Put an earlier version of the routing rules in force again',
      description: 'As a new version, which says in `restores` what it restores. It must fit the roster of now.',
      tags,
      params: ofProject,
      body: z.strictObject({ version: z.int().min(1) }),
      response: { 200: published },
    },
    handler: async (request, reply) => {
      const { projectId } = request.params;
      const { version: restores } = request.body;
      const { rules } = await versionOf(context, rulesOf(projectId), restores);
      return publish(api, request, { projectId, rules, restores }, reply);
    },
  });
};
