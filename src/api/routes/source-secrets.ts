import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { removeSourceSecret } from '../../commands/sources/remove-source-secret.ts';
import { overlapHours, rotateSourceSecret } from '../../commands/sources/rotate-source-secret.ts';
import { isoTime } from '../../domain/lead/activity.ts';
import { secretStates } from '../../domain/sources/secrets.ts';
import { secretsOf, sourceOf } from '../../queries/sources/sources.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf, withPosition } from '../http/request.ts';
import { givenSecret, secretIn, toldSecret } from '../http/webhook-secret.ts';

const tags = ['Sources'];
const [read, write] = [{ scope: 'leads:read' }, { scope: 'config:write' }] as const;
const ofSource = z.object({ projectId: z.string(), sourceId: z.string().max(128) });
const ofSecret = ofSource.extend({ secretId: z.string().max(64) });

type Rotation = {
  readonly projectId: string;
  readonly sourceId: string;
  readonly overlapHours: number;
  readonly secret?: string | undefined;
};

const rotate = async (
  api: ApiContext,
  [request, reply]: readonly [FastifyRequest, FastifyReply],
  { projectId, sourceId, overlapHours: hours, secret }: Rotation,
) => {
  const { source } = await sourceOf(queryContext(api), projectId, sourceId);
  const { secretId, text } = secretIn(api, request, source.scheme, secret);
  await api.secrets.keep(sourceId, secretId, text);
  const asked = requestOf(request, rotateSourceSecret.name);
  const input = { projectId, sourceId, secretId, overlapHours: hours };
  const { events, position } = await api.engine.handle(rotateSourceSecret, input, asked);
  withPosition(reply, position);
  const [until] = events.flatMap((event) => (event.type === 'SourceSecretRotated' ? [event.data.formerUntil] : []));
  return { secretId, secret: text, validUntil: until ?? api.clock().toISOString() };
};

/** The secrets of sources: what each is only whoever made it was told. */
export const sourceSecrets: Routes = (app, api) => {
  const context = queryContext(api);
  const url = '/api/projects/:projectId/sources';
  app.route({
    method: 'POST',
    url: `${url}/:sourceId/rotate`,
    config: write,
    schema: {
      summary: 'Give a source another secret',
      description: 'The former one is valid for `overlapHours` more, 24 unless said; both are taken meanwhile.',
      tags,
      params: ofSource,
      body: z.object({ overlapHours: overlapHours.default(24), secret: givenSecret }).optional(),
      response: { 200: z.object({ secretId: z.string(), secret: toldSecret, validUntil: isoTime }) },
    },
    handler: (request, reply) =>
      rotate(api, [request, reply], { overlapHours: 24, ...request.body, ...request.params }),
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
};
