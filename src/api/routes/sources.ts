import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { addSource } from '../../commands/sources/add-source.ts';
import { changeSource, sourceChanges } from '../../commands/sources/change-source.ts';
import { removeSource } from '../../commands/sources/remove-source.ts';
import { removeSourceSecret } from '../../commands/sources/remove-source-secret.ts';
import { overlapHours, rotateSourceSecret } from '../../commands/sources/rotate-source-secret.ts';
import { isoTime } from '../../domain/lead/activity.ts';
import type { Scheme } from '../../domain/sources/scheme.ts';
import { schemes } from '../../domain/sources/scheme.ts';
import { secretStates } from '../../domain/sources/secrets.ts';
import { sourceIdIn, sourceLimits, sourceSettings } from '../../domain/sources/sources.ts';
import type { QueryContext } from '../../queries/queries.ts';
import type { SourceView } from '../../queries/sources/sources.ts';
import { receiptOf, secretsOf, sourceOf, sources as listed, sourceView } from '../../queries/sources/sources.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { queryContext } from '../http/query-context.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';
import { idOf, making } from './issuing.ts';

const tags = ['Sources'];
const [read, write] = [{ scope: 'leads:read' }, { scope: 'config:write' }] as const;
const ofProject = z.object({ projectId: z.string() });
const ofSource = ofProject.extend({ sourceId: z.string().max(128) });
const ofSecret = ofSource.extend({ secretId: z.string().max(64) });
const { bytes: bodyLimit } = sourceLimits;

const sourceSchema = sourceSettings.extend({ sourceId: z.string(), path: z.string(), createdAt: isoTime });
const secret = z.string().describe('Shown here only, and again to a retry with the same Idempotency-Key');

/** A secret that the sender made, as those of Stripe are. */
const given = z
  .string()
  .min(16)
  .max(256)
  .regex(/^[\x21-\x7e]+$/, { error: 'has blanks or characters outside ASCII' })
  .optional()
  .describe('The secret, where its sender makes it; else one is made');

const wanted = sourceSettings.extend({ enabled: z.boolean().default(true), secret: given });
type Wanted = z.infer<typeof wanted>;

/** A secret as senders of a scheme take it: for Standard Webhooks and Stripe as `whsec_` and base64. */
const secretFor = (scheme: Scheme, made: string): string =>
  scheme === 'standard' || scheme === 'stripe' ? `whsec_${Buffer.from(made).toString('base64')}` : made;

/** Throws a `Problem` for a secret that a scheme could not use. */
const mustSuit = (scheme: Scheme, text: string): void => {
  if (scheme !== 'standard' || /^(whsec_)?[A-Za-z0-9+/]{32,}={0,2}$/.test(text)) return;
  const detail = 'must be whsec_ and base64 of 24 bytes or more, as Standard Webhooks has it';
  throw new Problem('invalid-request', `The secret ${detail}`, { errors: [{ pointer: '/secret', detail }] });
};

/** The secret that a request is about, new or given, with its id. The same Idempotency-Key gives the same. */
const secretIn = (api: ApiContext, request: FastifyRequest, scheme: Scheme, text: string | undefined) => {
  const made = making(api, request, 'source');
  if (text !== undefined) mustSuit(scheme, text);
  return { made, secretId: idOf(made('secret id')), text: text ?? secretFor(scheme, made('secret')) };
};

type Contexts = readonly [ApiContext, QueryContext];

const add = async (
  [api, context]: Contexts,
  request: FastifyRequest,
  reply: FastifyReply,
  body: Wanted,
  projectId: string,
) => {
  const { secret: asGiven, ...settings } = body;
  const { made, secretId, text } = secretIn(api, request, body.scheme, asGiven);
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

const rotate = async (
  [api, context]: Contexts,
  request: FastifyRequest,
  reply: FastifyReply,
  { projectId, sourceId }: z.infer<typeof ofSource>,
  { overlapHours: hours, secret: asGiven }: { readonly overlapHours: number; readonly secret?: string | undefined },
) => {
  const { source } = await sourceOf(context, projectId, sourceId);
  const { secretId, text } = secretIn(api, request, source.scheme, asGiven);
  await api.secrets.keep(sourceId, secretId, text);
  const asked = requestOf(request, rotateSourceSecret.name);
  const input = { projectId, sourceId, secretId, overlapHours: hours };
  const { events, position } = await api.engine.handle(rotateSourceSecret, input, asked);
  withPosition(reply, position);
  const [until] = events.flatMap((event) => (event.type === 'SourceSecretRotated' ? [event.data.formerUntil] : []));
  return { secretId, secret: text, validUntil: until ?? api.clock().toISOString() };
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
      response: { 201: sourceSchema.extend({ secret }) },
    },
    handler: (request, reply) => add(both, request, reply, request.body, request.params.projectId),
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
  app.route({
    method: 'POST',
    url: `${url}/:sourceId/rotate`,
    config: write,
    schema: {
      summary: 'Give a source another secret',
      description: 'The former one is valid for `overlapHours` more, 24 unless said; both are taken meanwhile.',
      tags,
      params: ofSource,
      body: z.object({ overlapHours: overlapHours.default(24), secret: given }).optional(),
      response: { 200: z.object({ secretId: z.string(), secret, validUntil: isoTime }) },
    },
    handler: (request, reply) => rotate(both, request, reply, request.params, request.body ?? { overlapHours: 24 }),
  });
  app.route({
    method: 'GET',
    url: `${url}/:sourceId/secrets`,
    config: read,
    schema: {
      summary: 'The secrets of a source, without what they are',
      tags,
      params: ofSource,
      response: {
        200: z.array(
          z.object({
            secretId: z.string(),
            state: z.enum(secretStates),
            createdAt: isoTime,
            validUntil: isoTime.optional(),
          }),
        ),
      },
    },
    handler: async ({ params: { projectId, sourceId } }) => [...(await secretsOf(context, projectId, sourceId))],
  });
  app.route({
    method: 'DELETE',
    url: `${url}/:sourceId/secrets/:secretId`,
    config: write,
    schema: { summary: 'Make a former secret hold no longer', tags, params: ofSecret, response: { 204: z.null() } },
    handler: async (request, reply) => {
      const { sourceId, secretId } = request.params;
      const asked = requestOf(request, removeSourceSecret.name);
      const { position } = await api.engine.handle(removeSourceSecret, request.params, asked);
      await api.secrets.remove(sourceId, secretId);
      return withPosition(reply, position).code(204).send();
    },
  });
  app.route({
    method: 'GET',
    url: '/api/projects/:projectId/receipts/:receiptId',
    config: read,
    schema: {
      summary: 'What became of a webhook',
      tags,
      params: ofProject.extend({ receiptId: z.string().max(64) }),
      response: {
        200: z.object({
          receiptId: z.string(),
          sourceId: z.string(),
          at: isoTime,
          status: z.enum(['queued', 'duplicate', 'rejected']),
          counts: z.object({ queued: z.int(), duplicate: z.int(), rejected: z.int() }),
          results: z.array(
            z.object({
              index: z.int(),
              status: z.enum(['queued', 'duplicate', 'rejected']),
              leadId: z.string().optional(),
            }),
          ),
        }),
      },
    },
    handler: ({ params: { projectId, receiptId } }) => receiptOf(context, projectId, receiptId),
  });
};
