import { z } from 'zod';
import type { Recorded } from '../../eventstore/event-store.ts';
import type { Page, Scalar } from '../../readmodels/queries.ts';
import type { Routes } from '../http/app.ts';
import { factFor } from '../http/confidential.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { shownFact, storedEvent } from '../http/stored-event.ts';
import type { Wanted } from './tracing-facts.ts';
import { factsOf } from './tracing-facts.ts';
import { untilReached } from '../http/waiting.ts';
import type { ApiContext } from '../http/context.ts';

const inPath = z.object({
  correlationId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,128}$/, 'A correlation id has 1-128 letters, digits, ".", "_" or "-"'),
});

type Range = { readonly limit: number; readonly after?: readonly Scalar[] };

/** A page of a trace. One that is not found is looked for once more when the read models have all that was acknowledged by now. */
const find = async (api: ApiContext, wanted: Wanted, range: Range): Promise<Page<Recorded>> => {
  const isThere = ({ docs, next }: Page<Recorded>): boolean => docs.length > 0 || next !== undefined;
  const seen = await factsOf(api, wanted, range);
  if (isThere(seen) || range.after) return seen;
  await untilReached(api, await api.head(), { projectId: wanted.projectId });
  const found = await factsOf(api, wanted, range);
  if (isThere(found)) return found;
  throw new Problem('trace-unknown', `Nothing was recorded under ${wanted.correlationId}: perhaps it changed nothing`);
};

/** What a request led to. */
export const trace: Routes = (app, api) => {
  app.get(
    '/api/admin/trace/:correlationId',
    {
      config: { scope: 'admin' },
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
      const page = await pageOf(api, ['trace', wanted], query, (range) => find(api, wanted, range));
      return { ...page, data: page.data.map((fact) => shownFact(factFor(caller, fact))) };
    },
  );
};
