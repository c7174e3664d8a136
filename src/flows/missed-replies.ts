import { openWorkItem } from '../commands/work/open-work-item.ts';
import { raiseWorkItem } from '../commands/work/raise-work-item.ts';
import type { LeadFact } from '../domain/lead/lead-events.ts';
import { lead } from '../domain/lead/lead.ts';
import { roster } from '../domain/routing/roster.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Request } from '../engine/handle.ts';
import type { Engine } from './engine.ts';
import { step } from './step.ts';
import type { LeadId } from './placements.ts';
import { routeLead } from './route-lead.ts';

/** How long somebody has for a lead that nobody replied to, in ms. */
const escalationTime = 30 * 60_000;

/** A step that the reply policy took because nobody replied to a lead. */
type MissedReply = LeadId & LeadFact<'ResponseStepTaken'>['data'];

/** Has a missed reply seen to, once: by the team's lead when it is escalated, also when others were to see to it before. */
export const seeToUnanswered = async (
  { handle, states }: Engine,
  { projectId, leadId, teamId, repId, decision, action, at, workId }: MissedReply,
  request: Request,
): Promise<void> => {
  if (workId === undefined) return;
  const { state } = await states.refresh(lead, leadStreamId(projectId, leadId));
  const { status, acceptedAt, decision: current } = state.ownership;
  if (status !== 'assigned' || current !== decision || acceptedAt !== undefined) return;
  const { leadRepId } = (await states.get(roster, projectId)).state.teams.get(teamId) ?? {};
  const reason = `${repId} did not reply in time`;
  await handle(
    openWorkItem,
    {
      projectId,
      workId,
      kind: 'deadline_missed',
      leadId,
      ...(teamId !== '' && { teamId }),
      ...(action === 'escalate' && leadRepId !== undefined && { assignee: leadRepId }),
      priority: action === 'escalate' ? 'urgent' : 'high',
      reason,
      dueAt: new Date(Date.parse(at) + escalationTime).toISOString(),
      details: { repId, decision },
    },
    request,
  );
  if (action !== 'escalate') return;
  const to = leadRepId === undefined ? {} : { assignee: leadRepId };
  await handle(raiseWorkItem, { projectId, workId, by: 'routing', reason, ...to }, step(request, 'raise'));
};

/** Looks for another rep; where there is none, somebody sees to it, unless the policy goes on by itself. */
export const reRouteUnanswered = async (engine: Engine, missed: MissedReply, request: Request): Promise<void> => {
  const { projectId, leadId, decision } = missed;
  const routed = await routeLead(engine, { projectId, leadId, instead: decision }, request);
  if (routed !== 'placed') await seeToUnanswered(engine, missed, step(request, 'see-to'));
};
