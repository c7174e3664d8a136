import type { Command } from '../../engine/command.ts';
import type { FastifyRequest, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { LeadEvent } from '../../domain/lead/lead-events.ts';
import type { LeadState } from '../../domain/lead/lead.ts';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { ownershipStatuses, outcomes } from '../../domain/routing/ownership-events.ts';
import { leadStreamId } from '../../domain/streams.ts';
import type { LeadId } from '../../flows/placements.ts';
import { findLead } from '../../flows/resolve.ts';
import { projectOf } from '../http/auth.ts';
import { withPosition, etag, requestOf } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

/** Whose a lead is, after something was done about it. */
export const ownershipView = z.object({
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
    leadId,
    status,
    ...(assigned && { repId: owner, decision, ...(teamId && { teamId }) }),
    ...(outcome !== undefined && { outcome }),
  };
};

/** The living lead that an id leads to. Throws `Rejection` when there is none. */
export const living = async (
  { engine: { states } }: ApiContext,
  request: FastifyRequest,
  asked: string,
): Promise<LeadId> => {
  const projectId = projectOf(request);
  const found = await findLead(states, projectId, asked);
  if (!found) throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${asked}`);
  return { projectId, leadId: found.leadId };
};

/** Answers with whose a lead is now, and its ETag. */
export const answer = async (
  { engine: { states } }: ApiContext,
  { projectId, leadId }: LeadId,
  position: number,
  reply: FastifyReply,
): Promise<z.infer<typeof ownershipView>> => {
  const { state, revision } = await states.get(lead, leadStreamId(projectId, leadId));
  withPosition(reply, position).header('ETag', etag(revision));
  return viewOf(leadId, state);
};

/** Sends a command about a lead, and answers with whose it is then. */
export const sending =
  <I>(api: ApiContext, command: Command<I, LeadState, LeadEvent>) =>
  async (request: FastifyRequest, asked: string, input: (of: LeadId) => NoInfer<I>, reply: FastifyReply) => {
    const of = await living(api, request, asked);
    const { position } = await api.engine.handle(command, input(of), requestOf(request, command.name));
    return answer(api, of, position, reply);
  };
