import { removeKeySecret } from '../../commands/projects/remove-key-secret.ts';
import { rotateKey } from '../../commands/projects/rotate-key.ts';
import { permissionsOfScopes } from '../../domain/people/permissions.ts';
import { keySecretsOf, scopesOf } from '../../queries/projects/projects.ts';
import type { Routes } from '../http/app.ts';
import { mustHoldAll } from '../http/caller.ts';
import { hashOf, keyText } from '../http/key.ts';
import { Problem } from '../http/problems.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf } from '../http/request.ts';
import { idOf, making } from './issuing.ts';
import { rotation, secretRoutes } from './secrets.ts';

/** The values of keys, one after the other. */
export const keySecrets: Routes = (app, api) => {
  const context = queryContext(api);
  const access = { permission: 'keys' } as const;
  secretRoutes(app, {
    url: '/api/projects/:projectId/keys/:keyId',
    param: 'keyId',
    tags: ['Projects'],
    name: 'a key',
    access: { read: access, write: access },
    told: 'key',
    body: rotation,
    secrets: ({ projectId, ownerId }) => keySecretsOf(context, projectId, ownerId),
    rotate: async (request, { projectId, ownerId: keyId }, { overlapHours }) => {
      mustHoldAll(request.caller, permissionsOfScopes(await scopesOf(context, projectId, keyId)));
      const made = making(api, request, 'rotated key');
      const [secretId, secret] = [idOf(made('secret id')), keyText({ projectId, keyId, secret: made('secret') })];
      const hash = hashOf(secret).toString('hex');
      const asked = requestOf(request, rotateKey.name);
      const input = { projectId, keyId, secretId, hash, overlapHours };
      const { events, position } = await api.engine.handle(rotateKey, input, asked);
      const [rotated] = events.flatMap((event) => (event.type === 'KeyRotated' ? [event.data] : []));
      if (rotated?.hash === hash) return { secretId, secret, validUntil: rotated.formerUntil, position };
      throw new Problem('idempotency-key-reused', 'What was issued then can not be shown again; send another one');
    },
    remove: async (request, { projectId, ownerId: keyId }, secretId) => {
      const asked = requestOf(request, removeKeySecret.name);
      return (await api.engine.handle(removeKeySecret, { projectId, keyId, secretId }, asked)).position;
    },
  });
};
