import { z } from 'zod';
import { revokeKey } from '../../commands/projects/revoke-key.ts';
import { origins } from '../../domain/projects/origins.ts';
import { projectLimits, scopes } from '../../domain/projects/project.ts';
import { permissionsOfScopes } from '../../domain/people/permissions.ts';
import { keys as valid } from '../../queries/projects/projects.ts';
import type { Routes } from '../http/app.ts';
import { mustHoldAll } from '../http/caller.ts';
import { issue, making } from './issuing.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf, withPosition } from '../http/request.ts';

const tags = ['Projects'];
const config = { permission: 'keys' } as const;
const ofProject = z.object({ projectId: z.string() });
/** How many scopes a request may name, each of them again and again if it likes. */
const mostScopes = 4 * scopes.length;

const wanted = z.object({
  name: z.string().trim().min(1).max(128),
  scopes: z
    .array(z.enum(scopes))
    .min(1)
    .max(mostScopes)
    .transform((given) => [...new Set(given)]),
  origins: origins
    .optional()
    .describe(
      'The origins of the web pages that the key is for: then it may only have events:write, and is taken from nowhere else',
    ),
});
const keyView = z.object({
  keyId: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  origins: z.array(z.string()).optional().describe('From which web pages alone it is taken'),
});

/** The keys of a project. */
export const keys: Routes = (app, api) => {
  const { engine } = api;
  const context = queryContext(api);
  app.route({
    method: 'POST',
    url: '/api/projects/:projectId/keys',
    config,
    bodyLimit: projectLimits.bytes,
    schema: {
      summary: 'Issue a key',
      description:
        'The key is shown here only, and again to a retry with the same Idempotency-Key. It may do nothing that its issuer may not.',
      tags,
      params: ofProject,
      body: wanted,
      response: { 201: keyView.extend({ key: z.string() }) },
    },
    handler: async (request, reply) => {
      const { projectId } = request.params;
      mustHoldAll(request.caller, permissionsOfScopes(request.body.scopes));
      const made = making(api, request, 'key');
      const { key, issued, position } = await issue(api, request, made, { projectId, ...request.body });
      withPosition(reply, position).code(201);
      return { keyId: issued.keyId, key, name: issued.name, scopes: issued.scopes, origins: issued.origins };
    },
  });
  app.route({
    method: 'GET',
    url: '/api/projects/:projectId/keys',
    config,
    schema: {
      summary: 'The keys that are valid',
      tags,
      params: ofProject,
      querystring: z.object(paging),
      response: { 200: listOf(keyView) },
    },
    handler: ({ params: { projectId }, query }) =>
      pageOf(api, ['keys', projectId], query, (range) => valid(context, projectId, range)),
  });
  app.route({
    method: 'DELETE',
    url: '/api/projects/:projectId/keys/:keyId',
    config,
    schema: {
      summary: 'Take a key back',
      tags,
      params: ofProject.extend({ keyId: z.string().max(64) }),
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      const { position } = await engine.handle(revokeKey, request.params, requestOf(request, revokeKey.name));
      return withPosition(reply, position).code(204).send();
    },
  });
};
