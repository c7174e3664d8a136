import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addEndpoint } from '../../commands/deliveries/add-endpoint.ts';
import { removeEndpoint } from '../../commands/deliveries/remove-endpoint.ts';
import { disabledReasons, endpointIdIn, endpointLimits, endpointSettings } from '../../domain/deliveries/endpoints.ts';
import { toldTypes } from '../../domain/deliveries/told.ts';
import { isoTime } from '../../domain/lead/activity.ts';
import {
  circuitStates,
  endpointOf,
  endpoints as listed,
  endpointStates,
  endpointViewOf,
} from '../../queries/deliveries/endpoints.ts';
import type { QueryContext } from '../../queries/queries.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';
import { toldSecret } from '../http/webhook-secret.ts';
import { changed } from './endpoint-change.ts';
import { described, endpointPatch, endpointWanted, mustBeSendable } from './endpoint-form.ts';
import { endpointSecretIn } from './endpoint-secrets.ts';
import { idOf } from './issuing.ts';

const tags = ['Endpoints'];
const [read, write] = [{ permission: 'leads:read' }, { permission: 'config:write' }] as const;
const ofProject = z.object({ projectId: z.string() });
const ofEndpoint = ofProject.extend({ endpointId: z.string().max(128) });
const { bytes: bodyLimit } = endpointLimits;

const endpointSchema = endpointSettings.omit({ headers: true, confidentialId: true }).extend({
  endpointId: z.string(),
  headers: z.record(z.string(), z.string()).describe('By name; what they say is not shown'),
  createdAt: isoTime,
  state: z.enum(endpointStates),
  circuit: z.enum(circuitStates).describe('open: left alone for a moment; half-open: the next attempt decides'),
  disabled: z.object({ reason: z.enum(disabledReasons), at: isoTime }).optional(),
  failures: z.int().describe('How many attempts failed one after the other up to now'),
  failingSince: isoTime.optional(),
  lastSuccessAt: isoTime.optional(),
  lastFailureAt: isoTime.optional(),
});

type Contexts = readonly [ApiContext, QueryContext];

const add = async (
  [api, context]: Contexts,
  [request, reply]: readonly [FastifyRequest, FastifyReply],
  { url, format, headers, ...others }: z.output<typeof endpointWanted>,
  projectId: string,
) => {
  mustBeSendable(api, url);
  const { made, secretId, secret } = endpointSecretIn(api, request);
  const { published, confidential } = described({ url, format, headers, isHidden: false });
  const endpointId = endpointIdIn(projectId, idOf(made('endpoint id')));
  const confidentialId = confidential === undefined ? undefined : idOf(made('confidential id'));
  // Before the endpoint is there, so that it is never without.
  await api.secrets.keep(endpointId, secretId, secret);
  if (confidential !== undefined && confidentialId !== undefined)
    await api.secrets.keep(endpointId, confidentialId, confidential);
  const kept = { endpointId, secretId, ...(confidentialId !== undefined && { confidentialId }) };
  const asked = requestOf(request, addEndpoint.name);
  const { position } = await api.engine.handle(addEndpoint, { ...others, ...published, ...kept, projectId }, asked);
  const { view, revision } = await endpointViewOf(context, projectId, endpointId);
  withPosition(reply, position).code(201).header('ETag', etag(revision));
  reply.header('Location', `/api/projects/${projectId}/endpoints/${endpointId}`);
  return { ...view, secret };
};

const remove = async (
  [api, context]: Contexts,
  request: FastifyRequest,
  { projectId, endpointId }: z.infer<typeof ofEndpoint>,
) => {
  const { endpoint } = await endpointOf(context, projectId, endpointId);
  const asked = requestOf(request, removeEndpoint.name);
  const { position } = await api.engine.handle(removeEndpoint, { projectId, endpointId }, asked);
  const { secrets, confidentialId } = endpoint;
  for (const { secretId } of secrets) await api.secrets.remove(endpointId, secretId);
  if (confidentialId !== undefined) await api.secrets.remove(endpointId, confidentialId);
  return position;
};

/** The endpoints of a project: who is told what happens, and how. */
export const endpoints: Routes = (app, api) => {
  const context = queryContext(api);
  const both: Contexts = [api, context];
  const url = '/api/projects/:projectId/endpoints';
  app.route({
    method: 'POST',
    url,
    config: write,
    bodyLimit,
    schema: {
      summary: 'Have a receiver told of what happens from here on, by signed webhooks',
      description: `It is told of ${toldTypes.join(', ')}: of those that \`types\` names, or of all but the two that are frequent, lead.captured and lead.scored.`,
      tags,
      params: ofProject,
      body: endpointWanted,
      response: { 201: endpointSchema.extend({ secret: toldSecret }) },
    },
    handler: (request, reply) => add(both, [request, reply], request.body, request.params.projectId),
  });
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'The endpoints',
      tags,
      params: ofProject,
      querystring: z.object(paging),
      response: { 200: listOf(endpointSchema) },
    },
    handler: ({ params: { projectId }, query }) =>
      pageOf(api, ['endpoints', projectId], query, (range) => listed(context, projectId, range)),
  });
  app.route({
    method: 'GET',
    url: `${url}/:endpointId`,
    config: read,
    schema: {
      summary: 'An endpoint, and how it answers',
      tags,
      params: ofEndpoint,
      response: { 200: endpointSchema },
    },
    handler: async ({ params: { projectId, endpointId } }, reply) => {
      const { view, revision } = await endpointViewOf(context, projectId, endpointId);
      reply.header('ETag', etag(revision));
      return view;
    },
  });
  app.route({
    method: 'PATCH',
    url: `${url}/:endpointId`,
    config: write,
    bodyLimit,
    schema: {
      summary: 'Change some of an endpoint',
      description: 'What is left out stays, `null` takes away. `headers` takes the place of all that there were.',
      tags,
      params: ofEndpoint,
      body: endpointPatch,
      response: { 200: endpointSchema },
    },
    handler: async (request, reply) => {
      const { projectId, endpointId } = request.params;
      const position = await changed(api, request, request.params, request.body);
      const { view, revision } = await endpointViewOf(context, projectId, endpointId);
      withPosition(reply, position).header('ETag', etag(revision));
      return view;
    },
  });
  app.route({
    method: 'DELETE',
    url: `${url}/:endpointId`,
    config: write,
    schema: {
      summary: 'Take an endpoint away for good, with what it was still to be told',
      tags,
      params: ofEndpoint,
      response: { 204: z.null() },
    },
    handler: async (request, reply) =>
      withPosition(reply, await remove(both, request, request.params))
        .code(204)
        .send(),
  });
};
