import { approveLead } from '../commands/routing/approve-lead.ts';
import { closeLead } from '../commands/routing/close-lead.ts';
import { findLead } from '../flows/resolve.ts';
import { streamParts } from '../domain/streams.ts';
import { workItem } from '../domain/work/work-item.ts';
import type { Reactor } from './reactor.ts';

/** Lets a lead go on that was approved; one that was rejected is closed, with the reason. */
export const followApprovals: Reactor = {
  name: 'follow-approvals',
  streams: ['work-'],
  types: ['WorkItemCompleted'],
  react: async (event, { engine: { states } }) => {
    const parts = streamParts('work', event.stream);
    if (!parts || event.type !== 'WorkItemCompleted' || event.data.resolution === 'done') return [];
    const { projectId, id: workId } = parts;
    const { by, resolution, reason } = event.data;
    const { leadId } = (await states.get(workItem, `${projectId}.${workId}`)).state;
    const found = leadId === undefined ? undefined : await findLead(states, projectId, leadId, true);
    if (!found || found.lead.state.ownership.status !== 'approval') return [];
    const of = { projectId, leadId: found.leadId };
    if (resolution === 'approved')
      return [({ handle }, request) => handle(approveLead, { ...of, workId, by }, request)];
    const said = { outcome: 'disqualified' as const, reason: `Not approved by ${by}: ${reason}` };
    return [({ handle }, request) => handle(closeLead, { ...of, ...said }, request)];
  },
};
