import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { findLead } from '../commands/resolve.ts';
import type { Aggregate, Event } from '../domain/event.ts';
import { explain, explanationSchema } from '../domain/explanation.ts';
import type { LeadEvent } from '../domain/lead-events.ts';
import type { LeadState } from '../domain/lead.ts';
import { lead, scorable } from '../domain/lead.ts';
import type { ProjectState } from '../domain/project.ts';
import { project } from '../domain/project.ts';
import { Rejection } from '../domain/rejection.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { HistoryEntry } from '../projections/history.ts';
import { history, historyEntry } from '../projections/history.ts';
import type { Routes } from './app.ts';
import { projectOf } from './auth.ts';
import { leadDocumentOf } from './lead-view.ts';
import { listOf, pageOf, paging } from './paging.ts';
import { etag } from './request.ts';
import type { World } from './world.ts';

const inPath = z.object({ leadId: z.string().min(1).max(64) });
const access = { config: { scope: 'leads:read' } } as const;
const tags = ['Leads'];

const tellSurvivor = (reply: FastifyReply, asked: string, leadId: string, part: string): void => {
  if (asked !== leadId) reply.header('Content-Location', `/api/leads/${leadId}/${part}`);
};

const timelineEntry = historyEntry
  .omit({ scoredRevision: true, revision: true, leadId: true })
  .extend({ score: z.number() });

/** The lead's score after an activity that changed nothing: the one that was recorded before it. */
const scoreBefore = async (
  { readModels }: World,
  projectId: string,
  { leadId, revision }: HistoryEntry,
): Promise<number> => {
  const { docs } = await readModels.find(projectId, history, {
    where: [
      { field: 'leadId', op: 'eq', value: leadId },
      { field: 'scoredRevision', op: 'gte', value: 0 },
      { field: 'scoredRevision', op: 'lt', value: revision },
    ],
    sort: [{ field: 'scoredRevision', direction: 'desc' }],
    limit: 1,
  });
  return docs[0]?.score ?? 0;
};

const storedEvent = z.object({
  ...{ id: z.string(), type: z.string(), data: z.unknown(), stream: z.string(), revision: z.int(), position: z.int() },
  recordedAt: z.string(),
  metadata: z.object({
    ...{ commandId: z.string(), correlationId: z.string(), causationId: z.string() },
    ...{ actor: z.string().optional(), traceparent: z.string().optional(), version: z.int().optional() },
  }),
});

/** What an aggregate's facts had added up to at a time. */
const foldUntil = <S, E extends Event>(
  { initial, evolve }: Aggregate<S, E>,
  facts: readonly Recorded<E>[],
  asOf: Date,
): S => facts.filter(({ recordedAt }) => recordedAt <= asOf).reduce(evolve, initial);

/** A lead and its project at some time; `revision` when that is now. */
type Moment = {
  readonly leadId: string;
  readonly state: LeadState;
  readonly inForce: ProjectState;
  readonly revision?: number;
};

/** A lead and its project as they were: with the facts recorded until then, followed through the merges made until then. */
const asTheyWere = async (
  { engine: { states } }: World,
  projectId: string,
  leadId: string,
  asOf: Date,
): Promise<Moment> => {
  const inForce = foldUntil(project, await states.read(`project-${projectId}`, -1), asOf);
  let id: string | undefined = leadId;
  while (id !== undefined) {
    const facts: readonly Recorded<LeadEvent>[] = await states.read(`lead-${leadStreamId(projectId, id)}`, -1);
    const state: LeadState = foldUntil(lead, facts, asOf);
    if (state.status === 'lead') return { leadId: id, state, inForce };
    id = state.into;
  }
  throw new Rejection('lead-unknown', `Project ${projectId} had no lead ${leadId} at ${asOf.toISOString()}`);
};

const asTheyAre = async ({ engine: { states } }: World, projectId: string, leadId: string): Promise<Moment> => {
  const found = await findLead(states, projectId, leadId);
  if (!found) throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${leadId}`);
  // Another process may have appended: what explains a score should not lag behind what others can read.
  const { state, revision } = await states.refresh(lead, leadStreamId(projectId, found.leadId));
  const inForce = (await states.get(project, projectId)).state;
  return { leadId: found.leadId, state, inForce, revision };
};

/** What a lead did, why it has its score, and the facts behind both. */
export const leadFacts: Routes = (app, world) => {
  app.get(
    '/api/leads/:leadId/timeline',
    {
      ...access,
      schema: {
        summary: 'What a lead did, in the order in which it occurred, and what that did to its score',
        ...{ tags, params: inPath, response: { 200: listOf(timelineEntry) } },
        querystring: z.object({ order: z.enum(['asc', 'desc']).default('asc'), ...paging }),
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const { order: direction, ...asked } = request.query;
      const { leadId } = await leadDocumentOf(world, projectId, request.params.leadId);
      tellSurvivor(reply, request.params.leadId, leadId, 'timeline');
      const where = [{ field: 'leadId', op: 'eq', value: leadId }] as const;
      const page = await pageOf(world, ['timeline', projectId, leadId, direction], asked, (range) =>
        world.readModels.find(projectId, history, { where, sort: [{ field: 'occurredAt', direction }], ...range }),
      );
      const data = page.data.map(async (entry) => {
        const { revision: _, scoredRevision: __, leadId: ___, ...shown } = entry;
        return { ...shown, score: entry.score ?? (await scoreBefore(world, projectId, entry)) };
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
        ...{ tags, params: inPath },
        querystring: z.object({
          asOf: z.iso.datetime({ offset: true }).optional().describe('By the facts recorded until then'),
        }),
        response: { 200: explanationSchema.extend({ leadId: z.string() }) },
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const asked = request.params.leadId;
      const asOf = request.query.asOf === undefined ? undefined : new Date(request.query.asOf);
      const at = asOf ? await asTheyWere(world, projectId, asked, asOf) : await asTheyAre(world, projectId, asked);
      tellSurvivor(reply, asked, at.leadId, 'score');
      if (at.revision !== undefined) reply.header('ETag', etag(at.revision));
      const time = (asOf ?? world.clock()).getTime();
      return { leadId: at.leadId, ...explain(at.inForce.scoring, scorable(at.state), time) };
    },
  );

  app.get(
    '/api/leads/:leadId/events',
    {
      ...access,
      schema: {
        summary: 'The facts of a lead as they were recorded',
        ...{ tags, params: inPath, querystring: z.object(paging), response: { 200: listOf(storedEvent) } },
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const { leadId } = await asTheyAre(world, projectId, request.params.leadId);
      tellSurvivor(reply, request.params.leadId, leadId, 'events');
      const page = await pageOf(
        world,
        ['events', projectId, leadId],
        request.query,
        async ({ limit, after = [-1] }) => {
          const facts = await world.engine.states.read<LeadEvent>(
            `lead-${leadStreamId(projectId, leadId)}`,
            Number(after[0]),
          );
          const docs = facts.slice(0, limit);
          const last = docs.at(-1);
          return { docs, ...(last && facts.length > limit && { next: [last.revision] }) };
        },
      );
      return { ...page, data: page.data.map((fact) => ({ ...fact, recordedAt: fact.recordedAt.toISOString() })) };
    },
  );
};
