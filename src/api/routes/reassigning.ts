import { z } from 'zod';
import { reassign, reassignedAtOnce, tryReassign } from '../../flows/reassign.ts';
import type { Routes } from '../http/app.ts';
import { Problem } from '../http/problems.ts';
import { requestOf, withPosition } from '../http/request.ts';

const inPath = z.object({ projectId: z.string(), repId: z.string().max(64) });

const asked = z
  .strictObject({
    to: z.string().min(1).max(64).optional().describe('Who gets them; without it the rules say'),
    reason: z.string().trim().max(1_000).default(''),
    dryRun: z.boolean().default(false).describe('Say what would be done, and do nothing'),
  })
  .nullish();

const answer = z.object({
  repId: z.string(),
  to: z.string().optional(),
  dryRun: z.boolean(),
  leads: z
    .array(z.object({ leadId: z.string(), kept: z.string().optional().describe('Why it is not handed on') }))
    .describe(`The leads that were looked at, the oldest assignments first, ${reassignedAtOnce} at most`),
  left: z.int().describe('How many leads the rep has still; send the same again while it gets less'),
});

/** What becomes of the leads of a rep who leaves. */
export const reassigning: Routes = (app, api) =>
  void app.post(
    '/api/projects/:projectId/reps/:repId/reassign',
    {
      config: { permission: 'leads:write' },
      schema: {
        summary: 'Hand on the leads of a rep, to another or by the rules',
        description:
          `Hands on ${reassignedAtOnce} leads at a time. With \`to\` they are assigned by hand: capacity and caps hold. Without, ` +
          'they are taken from the rep, who does not get them back this time, and routed.',
        tags: ['Routing'],
        params: inPath,
        body: asked,
        response: { 200: answer },
      },
    },
    async (request, reply) => {
      const { projectId, repId } = request.params;
      const { to, reason = '', dryRun = false } = request.body ?? {};
      if (to === repId) {
        throw new Problem('invalid-request', 'The leads are with that rep already; name another, or nobody', {
          errors: [{ pointer: '/to', detail: 'is the rep who has them' }],
        });
      }
      const because = reason === '' ? `handed on from ${repId}` : reason;
      const handover = { projectId, repId, to, reason: because };
      const told = { repId, ...(to !== undefined && { to }), dryRun };
      if (dryRun) {
        const { leads, open } = await api.lanes(projectId, () => tryReassign(api.engine, handover));
        return { ...told, leads: [...leads], left: open };
      }
      const { leads, open, done, position } = await api.lanes(projectId, () =>
        reassign(api.engine, handover, requestOf(request, 'Reassign')),
      );
      if (position > 0) withPosition(reply, position);
      return { ...told, leads: [...leads], left: open - done };
    },
  );
