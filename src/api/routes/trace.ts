import { z } from 'zod';
import { traceOf } from '../../queries/trace.ts';
import type { Routes } from '../http/app.ts';
import { factFor } from '../http/confidential.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { queryContext } from '../http/query-context.ts';
import { storedEvent } from '../http/stored-event.ts';

const inPath = z.object({
  correlationId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, 'A correlation id has 1-128 letters, digits, ".", "_" or "-"'),
});

/** What a request led to. */
export const trace: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/admin/trace/:correlationId',
    {
      config: { permission: 'operations' },
      schema: {
        summary: 'Every fact that was recorded under a correlation id, in order, across streams',
        description:
          'A key of a project sees the facts of its own, without why work failed and how far a job is in the log.',
        tags: ['Operators'],
        params: inPath,
        querystring: z.object(paging),
        response: { 200: listOf(storedEvent) },
      },
    },
    async ({ caller, params: { correlationId }, query }) => {
      const wanted = { correlationId, projectId: caller.projectId };
      const page = await pageOf(api, ['trace', wanted], query, async (range) => {
        const found = await traceOf(context, wanted, range);
        if (found) return found;
        throw new Problem('trace-unknown', `Nothing was recorded under ${correlationId}: perhaps it changed nothing`);
      });
      return { ...page, data: page.data.map((fact) => factFor(caller, fact)) };
    },
  );
};
