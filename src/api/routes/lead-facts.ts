import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { jsonObject } from '../../domain/lead/activity.ts';
import { explanationSchema } from '../../domain/scoring/explanation.ts';
import { explanationOf, leadNow, takesLong } from '../../queries/lead/explanation.ts';
import { leadFactsOf } from '../../queries/lead/lead-facts.ts';
import { leadThen } from '../../queries/lead/lead-then.ts';
import { survivorOf } from '../../queries/lead/lead.ts';
import { timelineOf } from '../../queries/lead/timeline.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { inLane } from '../http/lanes.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { etag } from '../http/request.ts';
import { storedEvent } from '../http/stored-event.ts';
import { pastTimes, thenOf } from './past-times.ts';

const inPath = z.object({ leadId: z.string().min(1).max(64) });
const access = { config: { permission: 'leads:read' } } as const;
const tags = ['Leads'];

const tellSurvivor = (reply: FastifyReply, asked: string, leadId: string, part: string): void => {
  if (asked !== leadId) reply.header('Content-Location', `/api/leads/${leadId}/${part}`);
};

const timelineEntry = z.object({
  eventId: z.string(),
  eventType: z.string(),
  occurredAt: z.string(),
  receivedAt: z.string(),
  properties: jsonObject,
  sessionId: z.string().optional(),
  source: z.string(),
  context: jsonObject.optional(),
  delta: z.number(),
  score: z.number(),
  because: z.array(z.object({ rule: z.string(), points: z.number() })),
});

/** What a lead did, why it has its score, and the facts behind both. */
export const leadFacts: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/leads/:leadId/timeline',
    {
      ...access,
      schema: {
        summary: 'What a lead did, in the order in which it occurred, and what that did to its score',
        tags,
        params: inPath,
        response: { 200: listOf(timelineEntry) },
        querystring: z.object({ order: z.enum(['asc', 'desc']).default('asc'), ...paging }),
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const { order: direction, ...asked } = request.query;
      const leadId = await survivorOf(context, projectId, request.params.leadId);
      tellSurvivor(reply, request.params.leadId, leadId, 'timeline');
      return pageOf(api, ['timeline', projectId, leadId, direction], asked, (range) =>
        timelineOf(context, [projectId, leadId], { direction, range }, (work) => inLane(api, request, work)),
      );
    },
  );

  app.get(
    '/api/leads/:leadId/score',
    {
      ...access,
      schema: {
        summary: 'Why a lead has its score: every contribution in force; they sum up to it',
        tags,
        params: inPath,
        querystring: z.object(pastTimes),
        response: { 200: explanationSchema.extend({ leadId: z.string() }) },
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const asked = request.params.leadId;
      const then = thenOf(api, request.query);
      if (then) {
        const explained = await inLane(api, request, async () => {
          const past = await leadThen(context, projectId, asked, then);
          return explanationOf(past, past.at);
        });
        tellSurvivor(reply, asked, explained.leadId, 'score');
        return explained;
      }
      const lead = await leadNow(context, projectId, asked);
      tellSurvivor(reply, asked, lead.leadId, 'score');
      reply.header('ETag', etag(lead.revision));
      const explained = async () => explanationOf(lead, api.clock());
      return takesLong(lead) ? inLane(api, request, explained) : explained();
    },
  );

  app.get(
    '/api/leads/:leadId/events',
    {
      ...access,
      schema: {
        summary: 'The facts of a lead as they were recorded',
        tags,
        params: inPath,
        querystring: z.object(paging),
        response: { 200: listOf(storedEvent) },
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const { leadId } = await leadNow(context, projectId, request.params.leadId);
      tellSurvivor(reply, request.params.leadId, leadId, 'events');
      return pageOf(api, ['events', projectId, leadId], request.query, (range) =>
        leadFactsOf(context, projectId, leadId, range),
      );
    },
  );
};
