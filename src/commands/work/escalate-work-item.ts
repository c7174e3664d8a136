import { z } from 'zod';
import { lapsed, mustBeFreeFor, whoAndWhich, why } from '../../domain/work/work-claim.ts';
import { raised, workItem, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

const name = z.string().min(1).max(64);

/** Makes an item matter more, to a team or a person if one is named. Nobody has it then; when it is due stays. */
export const escalateWorkItem = command(workItem)({
  name: 'EscalateWorkItem',
  input: z.object({ ...whoAndWhich, reason: why.min(1), teamId: name.optional(), assignee: name.optional() }),
  id: workStreamId,
  decide: (state, { workId, by, reason, teamId, assignee }, { now }) => {
    mustBeFreeFor(state, workId, by, now);
    const named = { ...(teamId !== undefined && { teamId }), ...(assignee !== undefined && { assignee }) };
    const data = { by, reason, priority: raised(state.priority), ...named, escalatedAt: now.toISOString() };
    return [...lapsed(state, now), { type: 'WorkItemEscalated', data }];
  },
});
