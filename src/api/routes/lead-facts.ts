import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { findLead } from '../../flows/resolve.ts';
import { explain, explanationSchema } from '../../domain/scoring/explanation.ts';
import { lead } from '../../domain/lead/lead.ts';
import { scorable } from '../../domain/lead/scorable.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import type { HistoryEntry } from '../../projections/history.ts';
import { history, historyEntry } from '../../projections/history.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { inLane } from '../http/lanes.ts';
import { leadThen, pastTimes, thenOf } from './lead-then.ts';
import { leadDocumentOf } from './lead-view.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { etag } from '../http/request.ts';
import { shownFact, storedEvent } from '../http/stored-event.ts';
import type { ApiContext } from '../http/context.ts';

const inPath = z.object({ leadId: z.string().min(1).max(64) });
const access = { config: { scope: 'leads:read' } } as const;
const tags = ['Leads'];

/** With more activities than this the explanation of a lead's score waits for its turn. */
const longLead = 2_000;

const tellSurvivor = (reply: FastifyReply, asked: string, leadId: string, part: string): void => {
  if (asked !== leadId) reply.header('Content-Location', `/api/leads/${leadId}/${part}`);
};

const timelineEntry = historyEntry
  .omit({ scoredLead: true, scoredRevision: true, revision: true, leadId: true })
  .extend({ score: z.number() });

/** The lead's score after an activity that changed nothing: the one that was recorded before it. */
const scoreBefore = async (
  { readModels }: ApiContext,
  projectId: string,
  { leadId, revision }: HistoryEntry,
): Promise<number> => {
  const { docs } = await readModels.find(projectId, history, {
    where: [
      { field: 'scoredLead', op: 'eq', value: leadId },
      { field: 'scoredRevision', op: 'lt', value: revision },
    ],
    sort: [{ field: 'scoredRevision', direction: 'desc' }],
    limit: 1,
  });
  return docs[0]?.score ?? 0;
};

/** A lead and its project as of now. */
const asTheyAre = async ({ engine: { states } }: ApiContext, projectId: string, leadId: string) => {
  const found = await findLead(states, projectId, leadId);
  if (!found) throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${leadId}`);
  // Another process may have appended: what explains a score should not lag behind what others can read.
  const { state, revision } = await states.refresh(lead, leadStreamId(projectId, found.leadId));
  const { scoring } = (await states.get(project, projectId)).state;
  return { leadId: found.leadId, state, scoring, revision };
};

/** What a lead did, why it has its score, and the facts behind both. */
export const leadFacts: Routes = (app, api) => {
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
      const { leadId } = await leadDocumentOf(api, projectId, request.params.leadId);
      tellSurvivor(reply, request.params.leadId, leadId, 'timeline');
      const where = [{ field: 'leadId', op: 'eq', value: leadId }] as const;
      const page = await pageOf(api, ['timeline', projectId, leadId, direction], asked, (range) =>
        api.readModels.find(projectId, history, { where, sort: [{ field: 'occurredAt', direction }], ...range }),
      );
      const data = page.data.map(async (entry) => {
        const { revision: _, scoredLead: __, scoredRevision: ___, leadId: ____, ...shown } = entry;
        return { ...shown, score: entry.score ?? (await scoreBefore(api, projectId, entry)) };
      });
      return { ...page, data: await Promise.all(data) };
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
          const { leadId, state, scoring, at } = await leadThen(api, projectId, asked, then);
          return { leadId, ...explain(scoring, scorable(state), at.getTime()) };
        });
        tellSurvivor(reply, asked, explained.leadId, 'score');
        return explained;
      }
      const { leadId, state, scoring, revision } = await asTheyAre(api, projectId, asked);
      tellSurvivor(reply, asked, leadId, 'score');
      reply.header('ETag', etag(revision));
      const explained = async () => explain(scoring, scorable(state), api.clock().getTime());
      const isLong = state.activities.size > longLead;
      return { leadId, ...(await (isLong ? inLane(api, request, explained) : explained())) };
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
      const { leadId } = await asTheyAre(api, projectId, request.params.leadId);
      tellSurvivor(reply, request.params.leadId, leadId, 'events');
      const page = await pageOf(api, ['events', projectId, leadId], request.query, async ({ limit, after = [-1] }) => {
        const stream = `lead-${leadStreamId(projectId, leadId)}`;
        const docs = await api.engine.states.read(stream, Number(after[0]), limit);
        const last = docs.at(-1);
        // A page has fewer than were asked for when they are large.
        const more = last && (await api.engine.states.read(stream, last.revision, 1)).length > 0;
        return { docs, ...(more && { next: [last.revision] }) };
      });
      return { ...page, data: page.data.map(shownFact) };
    },
  );
};
