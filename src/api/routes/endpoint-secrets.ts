import type { FastifyRequest } from 'fastify';
import { removeEndpointSecret } from '../../commands/deliveries/remove-endpoint-secret.ts';
import { rotateEndpointSecret } from '../../commands/deliveries/rotate-endpoint-secret.ts';
import { endpointOf, endpointSecretsOf } from '../../queries/deliveries/endpoints.ts';
import type { Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf } from '../http/request.ts';
import { idOf, making } from './issuing.ts';
import { rotation, secretRoutes } from './secrets.ts';

/** A new secret for an endpoint, as Standard Webhooks has them, with its id. The same Idempotency-Key gives the same. */
export const endpointSecretIn = (api: ApiContext, request: FastifyRequest) => {
  const made = making(api, request, 'endpoint');
  const secret = `whsec_${Buffer.from(made('secret')).toString('base64')}`;
  return { made, secretId: idOf(made('secret id')), secret };
};

/** The secrets that sign what an endpoint is sent. */
export const endpointSecrets: Routes = (app, api) => {
  const context = queryContext(api);
  secretRoutes(app, {
    url: '/api/projects/:projectId/endpoints/:endpointId',
    param: 'endpointId',
    tags: ['Endpoints'],
    name: 'an endpoint',
    body: rotation,
    secrets: ({ projectId, ownerId }) => endpointSecretsOf(context, projectId, ownerId),
    rotate: async (request, { projectId, ownerId: endpointId }, { overlapHours }) => {
      // Nothing is kept for an endpoint that is not there.
      await endpointOf(context, projectId, endpointId);
      const { secretId, secret } = endpointSecretIn(api, request);
      await api.secrets.keep(endpointId, secretId, secret);
      const input = { projectId, endpointId, secretId, overlapHours };
      const asked = requestOf(request, rotateEndpointSecret.name);
      const { events, position } = await api.engine.handle(rotateEndpointSecret, input, asked);
      const [until] = events.flatMap((event) =>
        event.type === 'EndpointSecretRotated' ? [event.data.formerUntil] : [],
      );
      return { secretId, secret, validUntil: until ?? api.clock().toISOString(), position };
    },
    remove: async (request, { projectId, ownerId: endpointId }, secretId) => {
      const asked = requestOf(request, removeEndpointSecret.name);
      const { position } = await api.engine.handle(removeEndpointSecret, { projectId, endpointId, secretId }, asked);
      await api.secrets.remove(endpointId, secretId);
      return position;
    },
  });
};
