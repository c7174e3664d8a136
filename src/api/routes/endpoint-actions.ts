import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { enableEndpoint } from '../../commands/deliveries/enable-endpoint.ts';
import { requestDelivery } from '../../commands/deliveries/request-delivery.ts';
import { requestJob } from '../../commands/jobs/request-job.ts';
import type { Endpoint } from '../../domain/deliveries/endpoints.ts';
import { deliveryIdOf, testType, toldIdOf } from '../../domain/deliveries/told.ts';
import { endpointOf } from '../../queries/deliveries/endpoints.ts';
import { requestReplay } from '../../jobs/request-replay.ts';
import { openJobs } from '../../queries/jobs/jobs.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { Problem } from '../http/problems.ts';
import { requestOf, withPosition } from '../http/request.ts';
import { making } from './issuing.ts';

const tags = ['Endpoints'];
const kind = 'replay-deliveries';
const config = { permission: 'config:write' } as const;
const ofEndpoint = z.object({ projectId: z.string(), endpointId: z.string().max(128) });

/** Throws a `Problem` for an endpoint that nothing is sent to. */
export const mustBeEnabled = ({ endpointId, disabled }: Endpoint): void => {
  if (disabled) throw new Problem('endpoint-disabled', `Nothing is sent to endpoint ${endpointId}; enable it first`);
};

const test = async (
  api: ApiContext,
  request: FastifyRequest,
  { projectId, endpointId }: z.infer<typeof ofEndpoint>,
) => {
  const { endpoint } = await endpointOf(api.engine, projectId, endpointId);
  mustBeEnabled(endpoint);
  const toldId = toldIdOf(making(api, request, 'endpoint')('test'), testType);
  const deliveryId = deliveryIdOf(endpointId, toldId);
  const asked = requestOf(request, requestDelivery.name);
  const about = { projectId, deliveryId, endpointId, toldId, type: testType } as const;
  const input = { ...about, reason: 'test', derived: false } as const;
  const { position } = await api.engine.handle(requestDelivery, input, asked);
  return { deliveryId, position };
};

/** How many replays of a project may be under way. */
const mostReplays = 20;

/** An end of a span: a position of the log, or a time. */
const spanEnd = z.union([z.int().min(0), z.iso.datetime({ offset: true })]);

type SpanEnd = z.infer<typeof spanEnd>;

/** Whether a span does not end before it begins, as far as its ends say. */
const isForward = ({
  after,
  until,
}: {
  readonly after?: SpanEnd | undefined;
  readonly until?: SpanEnd | undefined;
}) => {
  if (typeof after === 'number' && typeof until === 'number') return after <= until;
  return typeof after !== 'string' || typeof until !== 'string' || Date.parse(after) <= Date.parse(until);
};

const span = z
  .strictObject({
    after: spanEnd
      .optional()
      .describe('A position, which is not in it, or a time; else from when the endpoint was made'),
    until: spanEnd.optional().describe('A position or a time; else up to now'),
  })
  .refine(isForward, { path: ['after'], error: 'is behind `until`' })
  .nullish();
type Span = NonNullable<z.infer<typeof span>>;

/** An end as facts have it: times are in UTC there. */
const recorded = (end: SpanEnd): string | number => (typeof end === 'number' ? end : new Date(end).toISOString());

const replay = async (
  api: ApiContext,
  request: FastifyRequest,
  { projectId, endpointId }: z.infer<typeof ofEndpoint>,
  { after, until }: Span,
) => {
  const { endpoint } = await endpointOf(api.engine, projectId, endpointId);
  const asked = requestOf(request, requestJob.name);
  if ((await openJobs(api, projectId, kind, mostReplays)) >= mostReplays)
    throw new Problem(
      'too-many-requests',
      `${mostReplays} replays of the project are under way; wait for one of them`,
      {
        headers: { 'Retry-After': '10' },
      },
    );
  mustBeEnabled(endpoint);
  const details = {
    endpointId,
    after: recorded(after ?? endpoint.createdAt),
    ...(until !== undefined && { until: recorded(until) }),
  };
  const { jobId, position, isSame } = await requestReplay(api, projectId, details, asked);
  if (!isSame)
    throw new Problem('too-many-requests', `Job ${jobId} replays another span to the endpoint; wait for it`, {
      headers: { 'Retry-After': '10' },
    });
  return { jobId, position };
};

/** What is done with an endpoint besides changing it. */
export const endpointActions: Routes = (app, api) => {
  const url = '/api/projects/:projectId/endpoints/:endpointId';
  app.route({
    method: 'POST',
    url: `${url}/enable`,
    config,
    schema: {
      summary: 'Have an endpoint told again of what happens from here on',
      description: 'What happened meanwhile it is not told; `replay` makes up for that.',
      tags,
      params: ofEndpoint,
      response: { 200: z.object({ endpointId: z.string(), state: z.literal('enabled') }) },
    },
    handler: async (request, reply) => {
      const { projectId, endpointId } = request.params;
      const asked = requestOf(request, enableEndpoint.name);
      const { position } = await api.engine.handle(enableEndpoint, { projectId, endpointId }, asked);
      withPosition(reply, position);
      return { endpointId, state: 'enabled' as const };
    },
  });
  app.route({
    method: 'POST',
    url: `${url}/test`,
    config,
    schema: {
      summary: 'Send an endpoint something to try it',
      description: `It is of type ${testType}, signed like all others, and repeated like them when it fails.`,
      tags,
      params: ofEndpoint,
      response: { 202: z.object({ deliveryId: z.string() }) },
    },
    handler: async (request, reply) => {
      const { deliveryId, position } = await test(api, request, request.params);
      withPosition(reply, position).code(202);
      return { deliveryId };
    },
  });
  app.route({
    method: 'POST',
    url: `${url}/replay`,
    config,
    schema: {
      summary: 'Tell an endpoint again what happened in a span of time, and what it was not told',
      description:
        'All that was recorded from `after` until `until` and that it wants to be told: without `after` since it was added, without `until` up to now. Each has the webhook-id that it had, or would have had. A job asks for it, one at a time for an endpoint: while it is under way it is the answer to who asks for the same span, and 429 to who asks for another. What is asked for while it is disabled is sent when it is enabled.',
      tags,
      params: ofEndpoint,
      body: span,
      response: { 202: z.object({ jobId: z.string() }) },
    },
    handler: async (request, reply) => {
      const { jobId, position } = await replay(api, request, request.params, request.body ?? {});
      if (position !== undefined) withPosition(reply, position);
      reply.code(202);
      return { jobId };
    },
  });
};
