import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addSource } from '../../commands/sources/add-source.ts';
import { changeSource, sourceChanges } from '../../commands/sources/change-source.ts';
import { removeSource } from '../../commands/sources/remove-source.ts';
import { isoTime } from '../../domain/lead/activity.ts';
import { schemes } from '../../domain/sources/scheme.ts';
import { sourceIdIn, sourceLimits, sourceSettings } from '../../domain/sources/sources.ts';
import type { QueryContext } from '../../queries/queries.ts';
import type { SourceView } from '../../queries/sources/sources.ts';
import { sourceOf, sources as listed, sourceView } from '../../queries/sources/sources.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';
import { givenSecret, secretIn, toldSecret } from '../http/webhook-secret.ts';
import { idOf } from './issuing.ts';

const tags = ['Sources'];
const [read, write] = [{ permission: 'leads:read' }, { permission: 'config:write' }] as const;
const ofProject = z.object({ projectId: z.string() });
const ofSource = ofProject.extend({ sourceId: z.string().max(128) });
const { bytes: bodyLimit } = sourceLimits;

const sourceSchema = sourceSettings.extend({ sourceId: z.string(), path: z.string(), createdAt: isoTime });

const wanted = sourceSettings.extend({ enabled: z.boolean().default(true), secret: givenSecret });
type Wanted = z.infer<typeof wanted>;

type Contexts = readonly [ApiContext, QueryContext];

const add = async (
  [api, context]: Contexts,
  [request, reply]: readonly [FastifyRequest, FastifyReply],
  { secret: asGiven, ...settings }: Wanted,
  projectId: string,
) => {
  const { made, secretId, text } = secretIn(api, request, settings.scheme, asGiven);
  const sourceId = sourceIdIn(projectId, idOf(made('source id')));
  // Before the source is there, so that it is never without; one that nobody gets to use is nobody's.
  await api.secrets.keep(sourceId, secretId, text);
  const asked = requestOf(request, addSource.name);
  const { position } = await api.engine.handle(addSource, { ...settings, projectId, sourceId, secretId }, asked);
  const { source, revision } = await sourceOf(context, projectId, sourceId);
  withPosition(reply, position).code(201).header('ETag', etag(revision));
  reply.header('Location', `/api/projects/${projectId}/sources/${sourceId}`);
  return { ...sourceView(source), secret: text };
};

const remove = async (
  [api, context]: Contexts,
  request: FastifyRequest,
  { projectId, sourceId }: z.infer<typeof ofSource>,
) => {
  const { source } = await sourceOf(context, projectId, sourceId);
  const asked = requestOf(request, removeSource.name);
  const { position } = await api.engine.handle(removeSource, { projectId, sourceId }, asked);
  for (const { secretId } of source.secrets) await api.secrets.remove(sourceId, secretId);
  return position;
};

/** The sources of a project: who may send webhooks to it, how they sign, and what becomes of what they send. */
export const sources: Routes = (app, api) => {
  const context = queryContext(api);
  const both: Contexts = [api, context];
  const url = '/api/projects/:projectId/sources';
  app.route({
    method: 'POST',
    url,
    config: write,
    bodyLimit,
    schema: {
      summary: 'Let a sender of webhooks send',
      description: `How it signs is one of ${schemes.join(', ')}. Without a mapping it sends our own items.`,
      tags,
      params: ofProject,
      body: wanted,
      response: { 201: sourceSchema.extend({ secret: toldSecret }) },
    },
    handler: (request, reply) => add(both, [request, reply], request.body, request.params.projectId),
  });
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'The sources',
      tags,
      params: ofProject,
      querystring: z.object(paging),
      response: { 200: listOf(sourceSchema) },
    },
    handler: ({ params: { projectId }, query }) =>
      pageOf(api, ['sources', projectId], query, (range) => listed(context, projectId, range)),
  });
  app.route({
    method: 'GET',
    url: `${url}/:sourceId`,
    config: read,
    schema: { summary: 'A source', tags, params: ofSource, response: { 200: sourceSchema } },
    handler: async ({ params: { projectId, sourceId } }, reply): Promise<SourceView> => {
      const { source, revision } = await sourceOf(context, projectId, sourceId);
      reply.header('ETag', etag(revision));
      return sourceView(source);
    },
  });
  app.route({
    method: 'PATCH',
    url: `${url}/:sourceId`,
    config: write,
    bodyLimit,
    schema: {
      summary: 'Change some of a source',
      description: 'What is left out stays, `null` takes away. How it signs stays as it is.',
      tags,
      params: ofSource,
      body: sourceChanges,
      response: { 200: sourceSchema },
    },
    handler: async (request, reply): Promise<SourceView> => {
      const { projectId, sourceId } = request.params;
      const asked = requestOf(request, changeSource.name);
      const { position } = await api.engine.handle(changeSource, { ...request.body, projectId, sourceId }, asked);
      const { source, revision } = await sourceOf(context, projectId, sourceId);
      withPosition(reply, position).header('ETag', etag(revision));
      return sourceView(source);
    },
  });
  app.route({
    method: 'DELETE',
    url: `${url}/:sourceId`,
    config: write,
    schema: { summary: 'Take a source away for good', tags, params: ofSource, response: { 204: z.null() } },
    handler: async (request, reply) =>
      withPosition(reply, await remove(both, request, request.params))
        .code(204)
        .send(),
  });
};
