import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { requestDelivery } from '../../commands/deliveries/request-delivery.ts';
import { toldSchema } from '../../domain/deliveries/told.ts';
import { isoTime } from '../../domain/lead/activity.ts';
import {
  deliveries as listed,
  deliveryOf,
  deliveryStates,
  deliveryToRepeat,
} from '../../queries/deliveries/deliveries.ts';
import { endpointOf } from '../../queries/deliveries/endpoints.ts';
import type { QueryContext } from '../../queries/queries.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf, withPosition } from '../http/request.ts';
import { mustBeEnabled } from './endpoint-actions.ts';

const tags = ['Endpoints'];
const read = { permission: 'leads:read', reads: ['deliveries'] } as const;
const write = { permission: 'config:write' } as const;
const ofProject = z.object({ projectId: z.string() });
const ofDelivery = ofProject.extend({ deliveryId: z.string().max(64) });

const deliverySchema = z.object({
  deliveryId: z.string(),
  endpointId: z.string(),
  webhookId: z.string().describe('What the receiver knows it by: its webhook-id'),
  type: toldSchema.shape.type,
  leadId: z.string().optional(),
  state: z.enum(deliveryStates),
  attempted: z.int().describe('How often it was tried'),
  createdAt: isoTime,
  nextAt: isoTime.optional().describe('When it is tried again'),
});

const attemptSchema = z.object({
  at: isoTime,
  status: z.int().optional().describe('What the receiver answered, if it did'),
  error: z.string().optional().describe('What went wrong, in a few words'),
  ms: z.int(),
});

const filters = {
  endpointId: z.string().min(1).max(128).optional(),
  state: z.enum(deliveryStates).optional(),
  leadId: z.string().min(1).max(128).optional(),
};

const redeliver = async (
  [api, context]: readonly [ApiContext, QueryContext],
  request: FastifyRequest,
  { projectId, deliveryId }: z.infer<typeof ofDelivery>,
): Promise<number> => {
  const told = await deliveryToRepeat(context, projectId, deliveryId);
  mustBeEnabled((await endpointOf(context, projectId, told.endpointId)).endpoint);
  const input = { ...told, projectId, deliveryId, reason: 'redelivery', derived: true } as const;
  const { position } = await api.engine.handle(requestDelivery, input, requestOf(request, requestDelivery.name));
  return position;
};

/** What endpoints were told, and what came of it. */
export const deliveries: Routes = (app, api) => {
  const context = queryContext(api);
  const url = '/api/projects/:projectId/deliveries';
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'The deliveries to endpoints, the newest first',
      description: 'What came of each is kept for 30 days.',
      tags,
      params: ofProject,
      querystring: z.object({ ...filters, ...paging }),
      response: { 200: listOf(deliverySchema) },
    },
    handler: ({ params: { projectId }, query: { limit, cursor, ...wanted } }) =>
      pageOf(api, ['deliveries', projectId, wanted], { limit, cursor }, (range) =>
        listed(context, { projectId, ...wanted }, range),
      ),
  });
  app.route({
    method: 'GET',
    url: `${url}/:deliveryId`,
    config: read,
    schema: {
      summary: 'A delivery, with its last attempts',
      tags,
      params: ofDelivery,
      response: { 200: deliverySchema.extend({ attempts: z.array(attemptSchema) }) },
    },
    handler: async ({ params: { projectId, deliveryId } }) => {
      const { attempts, ...delivery } = await deliveryOf(context, projectId, deliveryId);
      return { ...delivery, attempts: [...attempts] };
    },
  });
  app.route({
    method: 'POST',
    url: `${url}/:deliveryId/redeliver`,
    config: write,
    schema: {
      summary: 'Send it once more, whatever came of it',
      description:
        'It has the same webhook-id again, so that the receiver can tell. One that is still pending is only that.',
      tags,
      params: ofDelivery,
      response: { 202: z.object({ deliveryId: z.string() }) },
    },
    handler: async (request, reply) => {
      withPosition(reply, await redeliver([api, context], request, request.params)).code(202);
      return { deliveryId: request.params.deliveryId };
    },
  });
};
