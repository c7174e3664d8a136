import { z } from 'zod';
import { lapsed, mustBeFreeFor, whoAndWhich, why } from '../../domain/work/work-claim.ts';
import { workItem, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/** Gives an item back. Refused while another has it; one that nobody has stays as it is. */
export const releaseWorkItem = command(workItem)({
  name: 'ReleaseWorkItem',
  input: z.object({ ...whoAndWhich, reason: why }),
  id: workStreamId,
  decide: (state, { workId, by, reason }, { now }) => {
    mustBeFreeFor(state, workId, by, now);
    const ended = lapsed(state, now);
    if (state.status !== 'claimed' || ended.length > 0) return ended;
    return [{ type: 'WorkItemReleased', data: { by, reason, releasedAt: now.toISOString() } }];
  },
});
