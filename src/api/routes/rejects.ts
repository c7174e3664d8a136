import { z } from 'zod';
import { discardReject } from '../../commands/sources/discard-reject.ts';
import { requestJob } from '../../commands/jobs/request-job.ts';
import { jsonValue } from '../../domain/lead/activity.ts';
import { rejectLimits, waysIn } from '../../domain/sources/reject.ts';
import { requestOfProject } from '../../jobs/request-of-project.ts';
import { rejects as listed, rejectsDropped, rejectStatuses } from '../../queries/sources/rejects.ts';
import type { Routes } from '../http/app.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf, withPosition } from '../http/request.ts';
import { resultSchema } from '../ingest/answer.ts';

const tags = ['Sources'];
const [read, write] = [{ permission: 'leads:read' }, { permission: 'config:write' }] as const;
const ofProject = z.object({ projectId: z.string() });
const ofReject = ofProject.extend({ rejectId: z.string().max(64) });

const rejectSchema = z.object({
  rejectId: z.string(),
  receivedAt: z.string(),
  via: z.enum(waysIn),
  sourceId: z.string().optional(),
  code: z.string().describe('The field that is wrong first, or why in a word'),
  detail: z.string(),
  pointer: z.string().optional(),
  body: jsonValue.describe(
    'What was sent; null once it was replayed or discarded. Text where it is not JSON or too long to be whole',
  ),
  status: z.enum(rejectStatuses),
});

const filters = {
  sourceId: z.string().max(128).optional(),
  code: z.string().max(128).optional(),
};

/** What was refused on the ways in, to be looked at, tried again or put away. */
export const rejects: Routes = (app, api) => {
  const context = queryContext(api);
  const url = '/api/projects/:projectId/rejects';
  const { open, bytes, bodyBytes } = rejectLimits;
  const kept = `${open.toLocaleString('en-US')} open ones or ${bytes / 2 ** 20} MiB are kept, of each way in the half of that at most, and of a body ${bodyBytes / 1024} KiB; the oldest go first, and \`dropped\` says how many went.`;
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'What was refused, the newest first',
      description: `An item that is refused on any way in is kept with the reason. ${kept}`,
      tags,
      params: ofProject,
      querystring: z.object({ ...filters, status: z.enum(rejectStatuses).optional(), ...paging }),
      response: { 200: listOf(rejectSchema).extend({ dropped: z.int() }) },
    },
    handler: async ({ params: { projectId }, query: { sourceId, code, status, ...query } }) => {
      const wanted = { sourceId, code, status };
      const scope = ['rejects', projectId, wanted];
      const page = await pageOf(api, scope, query, (range) => listed(context, projectId, wanted, range));
      return { ...page, dropped: await rejectsDropped(context, projectId) };
    },
  });
  app.route({
    method: 'POST',
    url: `${url}/:rejectId/replay`,
    config: write,
    schema: {
      summary: 'Try again what was refused',
      description:
        'As it was sent, by the mapping that its source has now, or with a body that takes its place. It is recorded once, however often it is replayed, and as of when it came.',
      tags,
      params: ofReject,
      body: z.strictObject({ body: jsonValue.optional() }).nullish(),
      response: {
        200: z.object({ status: z.enum(['queued', 'duplicate', 'rejected']), results: z.array(resultSchema) }),
      },
    },
    handler: async (request, reply) => {
      const { projectId, rejectId } = request.params;
      const reject = { projectId, rejectId, body: request.body?.body };
      const { status, results, position } = await api.replay(reject, requestOf(request, 'ReplayReject'));
      withPosition(reply, position);
      return { status, results };
    },
  });
  app.route({
    method: 'POST',
    url: `${url}/replay`,
    config: write,
    schema: {
      summary: 'Try again all that was refused and is open',
      description: 'A job does it, the oldest first. One at a time: while one is open, the answer names it.',
      tags,
      params: ofProject,
      body: z.strictObject(filters).nullish(),
      response: { 202: z.object({ jobId: z.string() }) },
    },
    handler: async (request, reply) => {
      const { sourceId, code } = request.body ?? {};
      const details = { ...(sourceId !== undefined && { sourceId }), ...(code !== undefined && { code }) };
      const asked = requestOf(request, requestJob.name);
      const of = ['replay-rejects', request.params.projectId] as const;
      const { jobId, position } = await requestOfProject(api, of, asked, details);
      if (position !== undefined) withPosition(reply, position);
      reply.code(202);
      return { jobId };
    },
  });
  app.route({
    method: 'POST',
    url: `${url}/:rejectId/discard`,
    config: write,
    schema: {
      summary: 'Put away what was refused',
      description: 'What was sent is forgotten.',
      tags,
      params: ofReject,
      response: { 200: z.object({ rejectId: z.string(), status: z.literal('discarded') }) },
    },
    handler: async (request, reply) => {
      const { projectId, rejectId } = request.params;
      const asked = requestOf(request, discardReject.name);
      const { position } = await api.engine.handle(discardReject, { projectId, rejectId }, asked);
      withPosition(reply, position);
      return { rejectId, status: 'discarded' as const };
    },
  });
};
