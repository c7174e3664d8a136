import { Socket } from 'node:net';
import { reportSchema } from '../invariants/report.ts';
import type { Routes } from './app.ts';

/** Whether everything that must hold does hold, of all leads. */
export const systemHealth: Routes = (app, world) => {
  app.get(
    '/api/admin/system-health',
    {
      config: { scope: 'admin' },
      schema: {
        summary: 'Whether streams and read models say the same of all leads, invariant by invariant',
        description:
          'Of the project of the key; with the root key of all projects, or of the one in X-Project-Id. It reads all ' +
          'there is, so the answer takes its time.',
        tags: ['Operators'],
        response: { 200: reportSchema },
      },
    },
    async (request, reply) => {
      reply.header('Cache-Control', 'no-store');
      // The connection is silent for as long as the check takes, and that is no reason to close it.
      const { socket } = request.raw;
      if (socket instanceof Socket) socket.setTimeout(0);
      return world.systemHealth(request.caller.projectId);
    },
  );
};
