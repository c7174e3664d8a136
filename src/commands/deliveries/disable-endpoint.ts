import { z } from 'zod';
import { disabledReasons, endpoints, mustHaveEndpoint } from '../../domain/deliveries/endpoints.ts';
import { command } from '../../engine/command.ts';

/** Stops telling an endpoint. One that is disabled stays so for the reason it was. */
export const disableEndpoint = command(endpoints)({
  name: 'DisableEndpoint',
  input: z.object({ projectId: z.string(), endpointId: z.string(), reason: z.enum(disabledReasons) }),
  id: ({ projectId }) => projectId,
  decide: (state, { endpointId, reason }, { now }) =>
    mustHaveEndpoint(state, endpointId).disabled
      ? []
      : [{ type: 'EndpointDisabled', data: { endpointId, reason, at: now.toISOString() } }],
});
