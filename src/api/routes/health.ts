import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { App } from '../http/app.ts';
import { shared } from '../http/sharing.ts';
import type { Component, ApiContext } from '../http/context.ts';

const component = z.object({
  name: z.string(),
  healthy: z.boolean(),
  state: z.string(),
  lag: z
    .number()
    .optional()
    .describe(
      'About how many facts it has still to handle: 0, or the next power of ten. Anybody may ask; the root key is told the number at /api/admin/projections',
    ),
  behindFor: z
    .int()
    .optional()
    .describe('For how many seconds there has been something that it has not handled; where other processes run it'),
  error: z.string().optional().describe('What is wrong, and what to do, where it does not mend by itself'),
});
const report = z.object({ status: z.enum(['healthy', 'degraded']), components: z.array(component) });
const readiness = z.object({ status: z.enum(['ready', 'stopping', 'degraded']) });

const fresh = (reply: FastifyReply): FastifyReply => reply.header('Cache-Control', 'no-store');
const areHealthy = (components: readonly Component[]): boolean => components.every(({ healthy }) => healthy);

/** As much of a part as a stranger may know: the exact lag, looked at again and again, would tell how much others send. */
const viewOf = ({ name, healthy, state, error, lag, behindFor }: Component): Component => ({
  name,
  healthy,
  state,
  ...(error !== undefined && { error }),
  ...(lag !== undefined && { lag: lag > 0 ? 10 ** Math.ceil(Math.log10(lag)) : 0 }),
  ...(behindFor !== undefined && { behindFor: Math.floor(behindFor) }),
});

/** How the process is: alive, ready for work, and each part of it. Asks for no key. */
export const health = (app: App, api: ApiContext, stopping: () => boolean): void => {
  // Anybody may ask, and as often as they like.
  const components = shared(api.components);
  const config = { public: true, limit: 'none' } as const;
  app.route({
    method: 'GET',
    url: '/api/health',
    config,
    schema: {
      summary: 'How each part of the service is',
      tags: ['Health'],
      response: { 200: report, 503: report },
    },
    handler: async (_, reply) => {
      const found = [...(await components())];
      const healthy = areHealthy(found);
      return fresh(reply)
        .code(healthy ? 200 : 503)
        .send({ status: healthy ? 'healthy' : 'degraded', components: found.map(viewOf) });
    },
  });
  app.route({
    method: 'GET',
    url: '/livez',
    config,
    schema: {
      summary: 'Whether the process is alive',
      tags: ['Health'],
      response: { 200: z.object({ status: z.literal('alive') }) },
    },
    handler: (_, reply) => {
      fresh(reply);
      return { status: 'alive' as const };
    },
  });
  app.route({
    method: 'GET',
    url: '/readyz',
    config,
    schema: {
      summary: 'Whether to send requests here',
      tags: ['Health'],
      response: { 200: readiness, 503: readiness },
    },
    handler: async (_, reply) => {
      if (stopping()) return fresh(reply).code(503).send({ status: 'stopping' });
      // What other processes see to is no reason to send requests elsewhere: it would be the same there.
      const healthy = areHealthy((await components()).filter(({ elsewhere }) => elsewhere !== true));
      return fresh(reply)
        .code(healthy ? 200 : 503)
        .send({ status: healthy ? 'ready' : 'degraded' });
    },
  });
};
