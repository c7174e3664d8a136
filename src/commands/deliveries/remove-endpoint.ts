import { z } from 'zod';
import { endpoints, mustHaveEndpoint } from '../../domain/deliveries/endpoints.ts';
import { command } from '../../engine/command.ts';

/** Takes an endpoint away for good: what it was still to be told it is not. */
export const removeEndpoint = command(endpoints)({
  name: 'RemoveEndpoint',
  input: z.object({ projectId: z.string(), endpointId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { endpointId }) => {
    mustHaveEndpoint(state, endpointId);
    return [{ type: 'EndpointRemoved', data: { endpointId } }];
  },
});
