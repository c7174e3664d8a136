import { z } from 'zod';
import { acceptLead } from '../../commands/routing/accept-lead.ts';
import { closeLead } from '../../commands/routing/close-lead.ts';
import { declineLead } from '../../commands/routing/decline-lead.ts';
import { reopenLead } from '../../commands/routing/reopen-lead.ts';
import type { LeadId } from '../../flows/placements.ts';
import { step } from '../../flows/step.ts';
import { requestRouting } from '../../commands/routing/request-routing.ts';
import { assignByHand, routeLead } from '../../flows/route-lead.ts';
import { unassignLead } from '../../commands/routing/unassign-lead.ts';
import { lead } from '../../domain/lead/lead.ts';
import { outcomes } from '../../domain/routing/ownership-events.ts';
import { leadStreamId } from '../../domain/streams.ts';
import type { Routes } from '../http/app.ts';
import { requestOf } from '../http/request.ts';
import { ownershipView, sending, living, answer } from './lead-ownership.ts';

const inPath = z.object({ leadId: z.string().min(1).max(64) });
const access = { config: { permission: 'leads:write' } } as const;
const tags = ['Routing'];

const reason = z.string().trim().min(1).max(1_000);
const optionalReason = z.string().trim().max(1_000).default('');
const repId = z.string().min(1).max(64);

const response = { 200: ownershipView };

/** What reps and their leads do with a lead: accept, decline, assign, close, reopen. */
export const leadActions: Routes = (app, api) => {
  const accept = sending(api, acceptLead);
  app.post(
    '/api/leads/:leadId/accept',
    {
      ...access,
      schema: {
        summary: 'The rep takes the lead on: the reply is in time, if it is',
        tags,
        params: inPath,
        response,
        body: z.strictObject({ repId: repId.optional() }).nullish(),
      },
    },
    (request, reply) => {
      const { repId: who } = request.body ?? {};
      const input = (of: LeadId) => ({ ...of, ...(who !== undefined && { repId: who }) });
      return accept(request, request.params.leadId, input, reply);
    },
  );

  const decline = sending(api, declineLead);
  app.post(
    '/api/leads/:leadId/decline',
    {
      ...access,
      schema: {
        summary: 'The rep does not want the lead: it goes to another, and the turn is given back',
        tags,
        params: inPath,
        response,
        body: z.strictObject({ repId: repId.optional(), reason }),
      },
    },
    (request, reply) => {
      const { repId: who, reason: why } = request.body;
      const input = (of: LeadId) => ({ ...of, reason: why, ...(who !== undefined && { repId: who }) });
      return decline(request, request.params.leadId, input, reply);
    },
  );

  const unassign = sending(api, unassignLead);
  app.post(
    '/api/leads/:leadId/assign',
    {
      ...access,
      schema: {
        summary: 'Assign a lead by hand; with repId null it is taken from the rep who has it, and routed again',
        description:
          'Capacity and caps hold. Shifts, skills and regions are up to whoever assigns. A lead that is taken away may come ' +
          'back to the same rep, unless `exclude` is true.',
        tags,
        params: inPath,
        response,
        body: z.strictObject({
          repId: repId.nullable(),
          reason: optionalReason,
          exclude: z.boolean().default(false).describe('With repId null: the rep who has it does not get it this time'),
        }),
      },
    },
    async (request, reply) => {
      const { repId: chosen, reason: why, exclude } = request.body;
      if (chosen === null) {
        return unassign(request, request.params.leadId, (of) => ({ ...of, reason: why, exclude }), reply);
      }
      const of = await living(api, request, request.params.leadId);
      const asked = requestOf(request, 'AssignByHand');
      const because = why === '' ? `assigned by ${asked.actor ?? 'hand'}` : why;
      const position = await assignByHand(api.engine, { ...of, repId: chosen, reason: because }, asked);
      return answer(api, of, position, reply);
    },
  );

  app.post(
    '/api/leads/:leadId/route',
    {
      ...access,
      schema: {
        summary: 'Find a rep for a lead that nobody has, such as one that a new scoring model qualified',
        description: 'As if it had just qualified. One that has a rep keeps it; one that waits is tried again.',
        tags,
        params: inPath,
        response,
        body: z.strictObject({ reason: optionalReason }).nullish(),
      },
    },
    async (request, reply) => {
      const of = await living(api, request, request.params.leadId);
      const asked = requestOf(request, requestRouting.name);
      const input = { ...of, reason: request.body?.reason ?? '' };
      const { position } = await api.engine.handle(requestRouting, input, asked);
      await routeLead(api.engine, of, step(asked, 'route'));
      const told = await api.engine.states.refresh(lead, leadStreamId(of.projectId, of.leadId));
      return answer(api, of, Math.max(position, told.position), reply);
    },
  );

  const close = sending(api, closeLead);
  app.post(
    '/api/leads/:leadId/close',
    {
      ...access,
      schema: {
        summary: 'Say what became of a lead; its place is free for another',
        tags,
        params: inPath,
        response,
        body: z.strictObject({
          outcome: z.enum(outcomes),
          reason: optionalReason,
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

  const reopen = sending(api, reopenLead);
  app.post(
    '/api/leads/:leadId/reopen',
    {
      ...access,
      schema: {
        summary: 'Work on a closed lead again: it is routed anew, to who had it before if possible',
        tags,
        params: inPath,
        response,
        body: z.strictObject({ reason: optionalReason }).nullish(),
      },
    },
    (request, reply) => {
      const input = (of: LeadId) => ({ ...of, reason: request.body?.reason ?? '' });
      return reopen(request, request.params.leadId, input, reply);
    },
  );
};
