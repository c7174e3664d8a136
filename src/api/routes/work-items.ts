import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { approveWorkItem } from '../../commands/work/approve-work-item.ts';
import { claimWorkItem } from '../../commands/work/claim-work-item.ts';
import type { Command } from '../../engine/command.ts';
import { completeWorkItem } from '../../commands/work/complete-work-item.ts';
import { escalateWorkItem } from '../../commands/work/escalate-work-item.ts';
import { rejectWorkItem } from '../../commands/work/reject-work-item.ts';
import { releaseWorkItem } from '../../commands/work/release-work-item.ts';
import { roster } from '../../domain/routing/roster.ts';
import { whoAndWhich, why } from '../../domain/work/work-claim.ts';
import type { WorkItemEvent, WorkItemState } from '../../domain/work/work-item.ts';
import { resolution, workPriority } from '../../domain/work/work-item.ts';
import { workIdIn, workItemOf, workItems as listed } from '../../queries/work/work-items.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { listOf, pageOf } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { queryContext } from '../http/query-context.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';
import { workItemQuery, workItemView } from './work-item-view.ts';
import type { ApiContext } from '../http/context.ts';

const inPath = z.object({ workId: z.string().min(1).max(128) });
const tags = ['Work queue'];
const [reading, acting] = [
  { config: { permission: 'leads:read' } },
  { config: { permission: 'leads:write' } },
] as const;

const by = whoAndWhich.by.optional().describe('Who does it; without it, the caller');
const who = z.strictObject({ by }).nullish();
const whoMaySay = z.strictObject({ by, reason: why.default('') }).nullish();
const whoMustSay = z.strictObject({ by, reason: why.min(1) });

type ItemQuery = FastifyRequest & { readonly params: { readonly workId: string } };
type Said = { readonly by?: string | undefined } | null | undefined;

/** Which item, and who acts on it: by name, or else the caller. */
const actingOn = (request: ItemQuery, body: Said) => ({
  projectId: projectOf(request),
  workId: workIdIn(request.params),
  by: body?.by ?? request.caller.name,
});

/** Runs a command on an item; gives the last fact that it recorded, now or when it was first asked. */
const act = async <I extends { readonly workId: string }>(
  { engine }: ApiContext,
  command: Command<I, WorkItemState, WorkItemEvent>,
  input: I,
  [request, reply]: readonly [FastifyRequest, FastifyReply],
): Promise<WorkItemEvent | undefined> => {
  const { events, position } = await engine.handle(command, input, requestOf(request, command.name));
  withPosition(reply, position);
  return events.at(-1);
};

const mustBeInRoster = async (
  { engine }: ApiContext,
  projectId: string,
  { teamId, assignee }: { readonly teamId?: string | undefined; readonly assignee?: string | undefined },
): Promise<void> => {
  const { teams, reps } = (await engine.states.refresh(roster, projectId)).state;
  const errors = [
    ...(teamId === undefined || teams.has(teamId) ? [] : [{ pointer: '/teamId', detail: 'There is no such team' }]),
    ...(assignee === undefined || reps.has(assignee) ? [] : [{ pointer: '/assignee', detail: 'There is no such rep' }]),
  ];
  if (errors.length > 0)
    throw new Problem('invalid-request', 'It can go to teams and reps of the roster only', { errors });
};

const lists: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/work-items',
    {
      ...reading,
      schema: {
        summary: 'What people must look at, by when it is due',
        tags,
        querystring: workItemQuery,
        response: { 200: listOf(workItemView) },
      },
    },
    async (request) => {
      const projectId = projectOf(request);
      const { sort, limit, cursor, ...filters } = request.query;
      return pageOf(api, ['work', projectId, sort, filters], { limit, cursor }, (range) =>
        listed(context, projectId, { filters, sort, range }),
      );
    },
  );

  app.get(
    '/api/work-items/:workId',
    {
      ...reading,
      schema: { summary: 'A work item', tags, params: inPath, response: { 200: workItemView } },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const item = await workItemOf(context, projectId, request.params.workId);
      reply.header('ETag', etag(item.revision));
      return item;
    },
  );
};

const claims: Routes = (app, api) => {
  const workId = z.string();
  app.post(
    '/api/work-items/:workId/claim',
    {
      ...acting,
      schema: {
        summary: 'Take a work item for 15 minutes; 409 while anybody has it',
        tags,
        params: inPath,
        body: who,
        response: { 200: z.object({ workId, status: z.literal('claimed'), by: z.string(), until: z.string() }) },
      },
    },
    async (request, reply) => {
      const input = actingOn(request, request.body);
      const fact = await act(api, claimWorkItem, input, [request, reply]);
      // A retry may come with another name; the answer is the one from before.
      const taken = fact?.type === 'WorkItemClaimed' ? fact.data : { by: input.by, until: '' };
      return { workId: input.workId, status: 'claimed' as const, by: taken.by, until: taken.until };
    },
  );

  app.post(
    '/api/work-items/:workId/release',
    {
      ...acting,
      schema: {
        summary: 'Give a work item back',
        tags,
        params: inPath,
        body: whoMaySay,
        response: { 200: z.object({ workId, status: z.literal('open') }) },
      },
    },
    async (request, reply) => {
      const input = { ...actingOn(request, request.body), reason: request.body?.reason ?? '' };
      await act(api, releaseWorkItem, input, [request, reply]);
      return { workId: input.workId, status: 'open' as const };
    },
  );

  const higher = z.object({ workId, status: z.literal('open'), priority: workPriority });
  app.post(
    '/api/work-items/:workId/escalate',
    {
      ...acting,
      schema: {
        summary: 'Make a work item matter more, to a team or a rep if one is named; it is free then, and due as before',
        tags,
        params: inPath,
        response: { 200: higher },
        body: whoMustSay.extend({
          teamId: z.string().min(1).max(64).optional(),
          assignee: z.string().min(1).max(64).optional(),
        }),
      },
    },
    async (request, reply) => {
      const input = { ...request.body, ...actingOn(request, request.body) };
      await mustBeInRoster(api, input.projectId, input);
      const fact = await act(api, escalateWorkItem, input, [request, reply]);
      const priority = fact?.type === 'WorkItemEscalated' ? fact.data.priority : 'urgent';
      return { workId: input.workId, status: 'open' as const, priority };
    },
  );
};

const ends: Routes = (app, api) => {
  const ended = z.object({ workId: z.string(), status: z.literal('completed'), resolution });
  const response = { 200: ended };
  const isMay = { complete: completeWorkItem, approve: approveWorkItem } as const;
  const summaries = {
    complete: 'End a work item that was seen to; not what waits for a decision or for an owner',
    approve: 'Say yes to what a work item asks for',
  } as const;
  for (const verb of ['complete', 'approve'] as const) {
    app.post(
      `/api/work-items/:workId/${verb}`,
      { ...acting, schema: { summary: summaries[verb], tags, params: inPath, body: whoMaySay, response } },
      async (request, reply) => {
        const input = { ...actingOn(request, request.body), reason: request.body?.reason ?? '' };
        await act(api, isMay[verb], input, [request, reply]);
        const how = verb === 'complete' ? ('done' as const) : ('approved' as const);
        return { workId: input.workId, status: 'completed' as const, resolution: how };
      },
    );
  }
  app.post(
    '/api/work-items/:workId/reject',
    {
      ...acting,
      schema: {
        summary: 'Say no to what a work item asks for, and why',
        tags,
        params: inPath,
        body: whoMustSay,
        response,
      },
    },
    async (request, reply) => {
      const input = { ...actingOn(request, request.body), reason: request.body.reason };
      await act(api, rejectWorkItem, input, [request, reply]);
      return { workId: input.workId, status: 'completed' as const, resolution: 'rejected' as const };
    },
  );
};

/** The work queue: what people must look at, who has it, and what came of it. What it is about is never taken from the caller. */
export const workItems: Routes = async (app, api) => {
  for (const routes of [lists, claims, ends]) await routes(app, api);
};
