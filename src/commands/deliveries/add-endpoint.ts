import { z } from 'zod';
import { endpointEvents, endpointLimits, endpoints } from '../../domain/deliveries/endpoints.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Has a receiver told of what happens from now on. What it keeps in the vault has to be there already. */
export const addEndpoint = command(endpoints)({
  name: 'AddEndpoint',
  input: endpointEvents.EndpointAdded.omit({ at: true }).extend({ projectId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: ({ endpoints: all }, { projectId: _, ...endpoint }, { now }) => {
    if (all.has(endpoint.endpointId)) return [];
    if (all.size >= endpointLimits.endpoints)
      throw new Rejection(
        'endpoints-full',
        `A project has ${endpointLimits.endpoints} endpoints at most; remove one first`,
      );
    return [{ type: 'EndpointAdded', data: { ...endpoint, at: now.toISOString() } }];
  },
});
