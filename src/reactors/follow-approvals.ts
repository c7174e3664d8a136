import { approveLead } from '../commands/routing/approve-lead.ts';
import { closeLead } from '../commands/routing/close-lead.ts';
import { intent } from '../flows/intent.ts';
import { findLead } from '../flows/resolve.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import { workItem } from '../domain/work/work-item.ts';
import type { Reactor } from './reactor.ts';

/** Lets a lead go on that was approved; one that was rejected is closed, with the reason. */
export const followApprovals: Reactor = {
  name: 'follow-approvals',
  streams: [streamsOf('work')],
  on: {
    WorkItemCompleted: async ({ stream, data: { by, resolution, reason } }, context) => {
      const parts = streamParts('work', stream);
      if (!parts || resolution === 'done') return [];
      const { projectId, id: workId } = parts;
      const { leadId } = (await context.get(workItem, `${projectId}.${workId}`)).state;
      const found = leadId === undefined ? undefined : await findLead(context, projectId, leadId, true);
      if (!found || found.lead.state.ownership.status !== 'approval') return [];
      const of = { projectId, leadId: found.leadId };
      if (resolution === 'approved') return [intent(approveLead, { ...of, workId, by })];
      return [intent(closeLead, { ...of, outcome: 'disqualified', reason: `Not approved by ${by}: ${reason}` })];
    },
  },
};
