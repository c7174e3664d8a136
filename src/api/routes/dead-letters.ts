import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { cancelJob } from '../../commands/jobs/cancel-job.ts';
import { discardDeadLetter } from '../../commands/jobs/discard-dead-letter.ts';
import type { Outcome } from '../../engine/handle.ts';
import { retryJob } from '../../commands/jobs/retry-job.ts';
import { retryDeadLetter } from '../../commands/jobs/retry-dead-letter.ts';
import type { Event } from '../../domain/event.ts';
import type { DeadLetter } from '../../queries/jobs/dead-letters.ts';
import { deadLetterOf, deadLetters } from '../../queries/jobs/dead-letters.ts';
import type { Routes } from '../http/app.ts';
import type { Caller } from '../http/caller.ts';
import { isRoot, withheld } from '../http/confidential.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { requestOf, withPosition } from '../http/request.ts';
import { queryContext } from '../http/query-context.ts';
import type { ApiContext } from '../http/context.ts';

/** How many things one request retries at most. */
const many = 1_000;

const inPath = z.object({ id: z.string().min(1).max(400) });
const access = { config: { permission: 'operations' } } as const;
const tags = ['Operators'];

/** A job, or what follows from an event, that failed. */
const deadLetterView = z.object({
  id: z.string(),
  projectId: z.string(),
  kind: z.enum(['job', 'event']),
  reactor: z.string().optional(),
  status: z.enum(['failed', 'retrying']),
  error: z.string(),
  attempts: z.number(),
  firstFailedAt: z.string(),
  lastFailedAt: z.string(),
  event: z
    .object({ id: z.string(), type: z.string(), stream: z.string(), revision: z.number(), position: z.number() })
    .optional(),
});

/** What failed as the caller may see it: why it did is an internal text. */
const shownTo = (caller: Caller, failed: DeadLetter): DeadLetter =>
  isRoot(caller) ? failed : { ...failed, error: withheld };

const retry = (
  { engine }: ApiContext,
  request: FastifyRequest,
  { id, kind, projectId }: DeadLetter,
): Promise<Outcome<Event>> => {
  const own = id.slice(projectId.length + 1);
  return kind === 'job'
    ? engine.handle(retryJob, { projectId, jobId: own }, requestOf(request, retryJob.name))
    : engine.handle(retryDeadLetter, { projectId, workId: own }, requestOf(request, retryDeadLetter.name));
};

const discard = (
  { engine }: ApiContext,
  request: FastifyRequest,
  { id, kind, projectId }: DeadLetter,
  reason: string,
): Promise<Outcome<Event>> => {
  const own = id.slice(projectId.length + 1);
  return kind === 'job'
    ? engine.handle(cancelJob, { projectId, jobId: own, reason }, requestOf(request, cancelJob.name))
    : engine.handle(discardDeadLetter, { projectId, workId: own, reason }, requestOf(request, discardDeadLetter.name));
};

/** Work that failed, to be retried or discarded: jobs, and what follows from events. */
export const failedWork: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/admin/failed-jobs',
    {
      ...access,
      schema: {
        summary: 'What failed and waits for somebody: jobs, and what follows from events; the last to fail first',
        description:
          'Why it failed, `error`, is told to the root key; a key of a project learns what failed, when and how often.',
        tags,
        querystring: z.object(paging),
        response: { 200: listOf(deadLetterView) },
      },
    },
    async ({ caller, query }) => {
      const { projectId } = caller;
      const page = await pageOf(api, ['failed', projectId], query, (range) =>
        deadLetters(context, { projectId }, range),
      );
      return { ...page, data: page.data.map((failed) => shownTo(caller, failed)) };
    },
  );

  const answer = z.object({ id: z.string(), status: z.enum(['retrying', 'discarded']) });
  app.post(
    '/api/admin/retry-failed/:id',
    { ...access, schema: { summary: 'Try again what failed', tags, params: inPath, response: { 202: answer } } },
    async (request, reply) => {
      const failed = await deadLetterOf(context, request.caller.projectId, request.params.id);
      const { position } = await retry(api, request, failed);
      withPosition(reply, position).code(202);
      return { id: failed.id, status: 'retrying' as const };
    },
  );

  app.post(
    '/api/admin/retry-failed',
    {
      ...access,
      schema: {
        summary: `Try again all that failed, at most ${many.toLocaleString('en-US')}, the last to fail first`,
        tags,
        response: { 202: z.object({ retried: z.int() }) },
      },
    },
    async (request, reply) => {
      const wanted = { projectId: request.caller.projectId, status: 'failed' } as const;
      const { docs } = await deadLetters(context, wanted, { limit: many });
      let last = 0;
      for (const failed of docs) last = Math.max(last, (await retry(api, request, failed)).position);
      withPosition(reply, last).code(202);
      return { retried: docs.length };
    },
  );

  app.post(
    '/api/admin/discard-failed/:id',
    {
      ...access,
      schema: {
        summary: 'Give up what failed, and say why',
        tags,
        params: inPath,
        body: z.object({ reason: z.string().trim().min(1).max(1_000) }),
        response: { 200: answer },
      },
    },
    async (request, reply) => {
      const failed = await deadLetterOf(context, request.caller.projectId, request.params.id);
      const { position } = await discard(api, request, failed, request.body.reason);
      withPosition(reply, position);
      return { id: failed.id, status: 'discarded' as const };
    },
  );
};
