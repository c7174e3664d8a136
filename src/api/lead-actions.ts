import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { acceptLead } from '../commands/accept-lead.ts';
import { closeLead } from '../commands/close-lead.ts';
import type { Command } from '../commands/command.ts';
import { declineLead } from '../commands/decline-lead.ts';
import { reopenLead } from '../commands/reopen-lead.ts';
import { findLead } from '../commands/resolve.ts';
import type { LeadId } from '../commands/placements.ts';
import { step } from '../commands/merge.ts';
import { requestRouting } from '../commands/request-routing.ts';
import { assignByHand, routeLead } from '../commands/routing.ts';
import { unassignLead } from '../commands/unassign-lead.ts';
import type { LeadEvent } from '../domain/lead-events.ts';
import type { LeadState } from '../domain/lead.ts';
import { lead } from '../domain/lead.ts';
import { outcomes, ownershipStatuses } from '../domain/ownership-events.ts';
import { Rejection } from '../domain/rejection.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Routes } from './app.ts';
import { projectOf } from './auth.ts';
import { etag, requestOf, withPosition } from './request.ts';
import type { World } from './world.ts';

const inPath = z.object({ leadId: z.string().min(1).max(64) });
const access = { config: { scope: 'leads:write' } } as const;
const tags = ['Routing'];

const reason = z.string().trim().min(1).max(1_000);
const optionalReason = z.string().trim().max(1_000).default('');
const repId = z.string().min(1).max(64);

/** Whose a lead is, after something was done about it. */
const ownershipView = z.object({
  leadId: z.string(),
  status: z.enum(ownershipStatuses),
  repId: z.string().optional(),
  teamId: z.string().optional(),
  decision: z.int().optional(),
  outcome: z.enum(outcomes).optional(),
});

const viewOf = (leadId: string, { ownership }: LeadState): z.infer<typeof ownershipView> => {
  const { status, repId: owner, teamId, decision, outcome } = ownership;
  const assigned = status === 'assigned' && owner !== undefined;
  return {
    ...{ leadId, status },
    ...(assigned && { repId: owner, decision, ...(teamId && { teamId }) }),
    ...(outcome !== undefined && { outcome }),
  };
};

const living = async ({ engine: { states } }: World, request: FastifyRequest, asked: string): Promise<LeadId> => {
  const projectId = projectOf(request);
  const found = await findLead(states, projectId, asked);
  if (!found) throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${asked}`);
  return { projectId, leadId: found.leadId };
};

const answer = async (
  { engine: { states } }: World,
  { projectId, leadId }: LeadId,
  position: number,
  reply: FastifyReply,
): Promise<z.infer<typeof ownershipView>> => {
  const { state, revision } = await states.get(lead, leadStreamId(projectId, leadId));
  withPosition(reply, position).header('ETag', etag(revision));
  return viewOf(leadId, state);
};

/** Sends a command about a lead, and answers with whose it is then. */
const sending =
  <I>(world: World, command: Command<I, LeadState, LeadEvent>) =>
  async (request: FastifyRequest, asked: string, input: (of: LeadId) => NoInfer<I>, reply: FastifyReply) => {
    const of = await living(world, request, asked);
    const { position } = await world.engine.handle(command, input(of), requestOf(request, command.name));
    return answer(world, of, position, reply);
  };

const response = { 200: ownershipView };

/** What reps and their leads do with a lead: accept, decline, assign, close, reopen. */
export const leadActions: Routes = (app, world) => {
  const accept = sending(world, acceptLead);
  app.post(
    '/api/leads/:leadId/accept',
    {
      ...access,
      schema: {
        summary: 'The rep takes the lead on: the reply is in time, if it is',
        ...{ tags, params: inPath, response },
        body: z.strictObject({ repId: repId.optional() }).nullish(),
      },
    },
    (request, reply) => {
      const { repId: who } = request.body ?? {};
      const input = (of: LeadId) => ({ ...of, ...(who !== undefined && { repId: who }) });
      return accept(request, request.params.leadId, input, reply);
    },
  );

  const decline = sending(world, declineLead);
  app.post(
    '/api/leads/:leadId/decline',
    {
      ...access,
      schema: {
        summary: 'The rep does not want the lead: it goes to another, and the turn is given back',
        ...{ tags, params: inPath, response },
        body: z.strictObject({ repId: repId.optional(), reason }),
      },
    },
    (request, reply) => {
      const { repId: who, reason: why } = request.body;
      const input = (of: LeadId) => ({ ...of, reason: why, ...(who !== undefined && { repId: who }) });
      return decline(request, request.params.leadId, input, reply);
    },
  );

  const unassign = sending(world, unassignLead);
  app.post(
    '/api/leads/:leadId/assign',
    {
      ...access,
      schema: {
        summary: 'Assign a lead by hand; with repId null it is taken from the rep who has it, and routed again',
        description:
          'Capacity and caps hold. Shifts, skills and regions are up to whoever assigns. A lead that is taken away may come ' +
          'back to the same rep, unless `exclude` is true.',
        ...{ tags, params: inPath, response },
        body: z.strictObject({
          ...{ repId: repId.nullable(), reason: optionalReason },
          exclude: z.boolean().default(false).describe('With repId null: the rep who has it does not get it this time'),
        }),
      },
    },
    async (request, reply) => {
      const { repId: chosen, reason: why, exclude } = request.body;
      if (chosen === null) {
        return unassign(request, request.params.leadId, (of) => ({ ...of, reason: why, exclude }), reply);
      }
      const of = await living(world, request, request.params.leadId);
      const asked = requestOf(request, 'AssignByHand');
      const because = why === '' ? `assigned by ${asked.actor ?? 'hand'}` : why;
      const position = await assignByHand(world.engine, { ...of, repId: chosen, reason: because }, asked);
      return answer(world, of, position, reply);
    },
  );

  app.post(
    '/api/leads/:leadId/route',
    {
      ...access,
      schema: {
        summary: 'Find a rep for a lead that nobody has, such as one that a new scoring model qualified',
        description: 'As if it had just qualified. One that has a rep keeps it; one that waits is tried again.',
        ...{ tags, params: inPath, response },
        body: z.strictObject({ reason: optionalReason }).nullish(),
      },
    },
    async (request, reply) => {
      const of = await living(world, request, request.params.leadId);
      const asked = requestOf(request, requestRouting.name);
      const input = { ...of, reason: request.body?.reason ?? '' };
      const { position } = await world.engine.handle(requestRouting, input, asked);
      await routeLead(world.engine, of, step(asked, 'route'));
      const told = await world.engine.states.refresh(lead, leadStreamId(of.projectId, of.leadId));
      return answer(world, of, Math.max(position, told.position), reply);
    },
  );

  const close = sending(world, closeLead);
  app.post(
    '/api/leads/:leadId/close',
    {
      ...access,
      schema: {
        summary: 'Say what became of a lead; its place is free for another',
        ...{ tags, params: inPath, response },
        body: z.strictObject({
          ...{ outcome: z.enum(outcomes), reason: optionalReason },
          value: z.number().min(0).max(1e12).optional().describe('What it is worth'),
        }),
      },
    },
    (request, reply) => {
      const { value, ...said } = request.body;
      const input = (of: LeadId) => ({ ...of, ...said, ...(value !== undefined && { value }) });
      return close(request, request.params.leadId, input, reply);
    },
  );

  const reopen = sending(world, reopenLead);
  app.post(
    '/api/leads/:leadId/reopen',
    {
      ...access,
      schema: {
        summary: 'Work on a closed lead again: it is routed anew, to who had it before if possible',
        ...{ tags, params: inPath, response },
        body: z.strictObject({ reason: optionalReason }).nullish(),
      },
    },
    (request, reply) => {
      const input = (of: LeadId) => ({ ...of, reason: request.body?.reason ?? '' });
      return reopen(request, request.params.leadId, input, reply);
    },
  );
};
