import { z } from 'zod';
import { endpoints, mustHaveEndpoint } from '../../domain/deliveries/endpoints.ts';
import { mustHaveSecretsLeft } from '../../domain/sources/secrets.ts';
import { command } from '../../engine/command.ts';
import { overlapHours } from '../sources/rotate-source-secret.ts';

const hour = 3_600_000;

/** Signs what is sent to an endpoint with another secret, which has to be in the vault already. */
export const rotateEndpointSecret = command(endpoints)({
  name: 'RotateEndpointSecret',
  input: z.object({ projectId: z.string(), endpointId: z.string(), secretId: z.string(), overlapHours }),
  id: ({ projectId }) => projectId,
  decide: (state, { endpointId, secretId, overlapHours: hours }, { now }) => {
    const { secrets } = mustHaveEndpoint(state, endpointId);
    if (secrets.some((each) => each.secretId === secretId)) return [];
    const at = now.toISOString();
    mustHaveSecretsLeft(secrets, at);
    const formerUntil = new Date(now.getTime() + hours * hour).toISOString();
    return [{ type: 'EndpointSecretRotated', data: { endpointId, secretId, at, formerUntil } }];
  },
});
