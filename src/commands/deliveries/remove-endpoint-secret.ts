import { z } from 'zod';
import { endpoints, mustHaveEndpoint } from '../../domain/deliveries/endpoints.ts';
import { mustBeFormer } from '../../domain/sources/secrets.ts';
import { command } from '../../engine/command.ts';

/** Makes a former secret of an endpoint sign no more. */
export const removeEndpointSecret = command(endpoints)({
  name: 'RemoveEndpointSecret',
  input: z.object({ projectId: z.string(), endpointId: z.string(), secretId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { endpointId, secretId }) => {
    mustBeFormer(mustHaveEndpoint(state, endpointId).secrets, secretId);
    return [{ type: 'EndpointSecretRemoved', data: { endpointId, secretId } }];
  },
});
