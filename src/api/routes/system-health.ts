import { Socket } from 'node:net';
import type { z } from 'zod';
import type { Report } from '../../invariants/report.ts';
import { reportSchema } from '../../invariants/report.ts';
import type { Routes } from '../http/app.ts';
import type { Caller } from '../http/caller.ts';
import { isRoot } from '../http/confidential.ts';

const told = reportSchema.partial({ position: true });

/** A report as the caller may see it: where the log is, and what is wrong with the readers of all of it, is for the root key. */
const shownTo = (caller: Caller, { position, ...report }: Report): z.infer<typeof told> => {
  if (isRoot(caller)) return { ...report, position };
  const invariants = report.invariants.map((invariant) => ({
    ...invariant,
    examples: invariant.examples.filter(({ projectId }) => projectId !== undefined),
  }));
  return { ...report, invariants };
};

/** Whether everything that must hold does hold, of all leads. */
export const systemHealth: Routes = (app, api) => {
  app.get(
    '/api/admin/system-health',
    {
      config: { permission: 'operations', limit: 'heavy' },
      schema: {
        summary: 'Whether streams and read models say the same of all leads, invariant by invariant',
        description:
          'Of the project of the key; with the root key of all projects, or of the one in X-Project-Id. It reads all ' +
          'there is, so the answer takes its time. The position in the log is told to the root key.',
        tags: ['Operators'],
        response: { 200: told },
      },
    },
    async (request, reply) => {
      reply.header('Cache-Control', 'no-store');
      // The connection is silent for as long as the check takes, and that is no reason to close it.
      const { socket } = request.raw;
      if (socket instanceof Socket) socket.setTimeout(0);
      const { caller } = request;
      return shownTo(caller, await api.systemHealth(caller.projectId));
    },
  );
};
