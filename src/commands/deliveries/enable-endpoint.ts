import { z } from 'zod';
import { endpoints, mustHaveEndpoint } from '../../domain/deliveries/endpoints.ts';
import { command } from '../../engine/command.ts';

/** Has an endpoint told again of what happens from now on, and of what it was still to be told when it was disabled. */
export const enableEndpoint = command(endpoints)({
  name: 'EnableEndpoint',
  input: z.object({ projectId: z.string(), endpointId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { endpointId }, { now }) =>
    mustHaveEndpoint(state, endpointId).disabled
      ? [{ type: 'EndpointEnabled', data: { endpointId, at: now.toISOString() } }]
      : [],
});
