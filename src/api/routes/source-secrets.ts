import { removeSourceSecret } from '../../commands/sources/remove-source-secret.ts';
import { rotateSourceSecret } from '../../commands/sources/rotate-source-secret.ts';
import { secretsOf, sourceOf } from '../../queries/sources/sources.ts';
import type { Routes } from '../http/app.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf } from '../http/request.ts';
import { givenSecret, secretIn } from '../http/webhook-secret.ts';
import { rotation, secretRoutes } from './secrets.ts';

/** The secrets of sources. */
export const sourceSecrets: Routes = (app, api) => {
  const context = queryContext(api);
  secretRoutes(app, {
    url: '/api/projects/:projectId/sources/:sourceId',
    param: 'sourceId',
    tags: ['Sources'],
    name: 'a source',
    body: rotation.extend({ secret: givenSecret }),
    secrets: ({ projectId, ownerId }) => secretsOf(context, projectId, ownerId),
    rotate: async (request, { projectId, ownerId: sourceId }, { overlapHours, secret: given }) => {
      const { source } = await sourceOf(context, projectId, sourceId);
      const { secretId, text: secret } = secretIn(api, request, source.scheme, given);
      await api.secrets.keep(sourceId, secretId, secret);
      const asked = requestOf(request, rotateSourceSecret.name);
      const input = { projectId, sourceId, secretId, overlapHours };
      const { events, position } = await api.engine.handle(rotateSourceSecret, input, asked);
      const [until] = events.flatMap((event) => (event.type === 'SourceSecretRotated' ? [event.data.formerUntil] : []));
      return { secretId, secret, validUntil: until ?? api.clock().toISOString(), position };
    },
    remove: async (request, { projectId, ownerId: sourceId }, secretId) => {
      const asked = requestOf(request, removeSourceSecret.name);
      const { position } = await api.engine.handle(removeSourceSecret, { projectId, sourceId, secretId }, asked);
      await api.secrets.remove(sourceId, secretId);
      return position;
    },
  });
};
