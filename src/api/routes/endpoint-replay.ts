import { z } from 'zod';
import { requestJob } from '../../commands/jobs/request-job.ts';
import { rangeEnd } from '../../jobs/replay-deliveries.ts';
import { endpointOf } from '../../queries/deliveries/endpoints.ts';
import type { Routes } from '../http/app.ts';
import { requestOf, withPosition } from '../http/request.ts';
import { mustBeEnabled } from './endpoint-actions.ts';
import { idOf, making } from './issuing.ts';

/** Tells an endpoint once more what happened. */
export const endpointReplay: Routes = (app, api) => {
  app.route({
    method: 'POST',
    url: '/api/projects/:projectId/endpoints/:endpointId/replay',
    config: { scope: 'config:write' },
    schema: {
      summary: 'Tell an endpoint what happened in a range of the log',
      description:
        'Each end is a position, which is not in it as `after`, or a time; without them it is all. What was missed while the endpoint was disabled is made, and what had succeeded is sent again, with the same webhook-id. A job does it.',
      tags: ['Endpoints'],
      params: z.object({ projectId: z.string(), endpointId: z.string().max(128) }),
      body: z.strictObject({ after: rangeEnd.optional(), until: rangeEnd.optional() }).nullish(),
      response: { 202: z.object({ jobId: z.string() }) },
    },
    handler: async (request, reply) => {
      const { projectId, endpointId } = request.params;
      mustBeEnabled((await endpointOf(api.engine, projectId, endpointId)).endpoint);
      const { after, until } = request.body ?? {};
      const details = { endpointId, ...(after !== undefined && { after }), ...(until !== undefined && { until }) };
      const jobId = `replay-${idOf(making(api, request, 'endpoint')('replay'))}`;
      const input = { projectId, jobId, kind: 'replay-deliveries', details } as const;
      const { position } = await api.engine.handle(requestJob, input, requestOf(request, requestJob.name));
      withPosition(reply, position).code(202);
      return { jobId: `${projectId}.${jobId}` };
    },
  });
};
