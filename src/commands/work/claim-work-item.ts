import { z } from 'zod';
import { Rejection } from '../../domain/rejection.ts';
import { claimLifetime, lapsed, mustBeOpen, whoAndWhich } from '../../domain/work/work-claim.ts';
import { workItem, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/** Takes an item for a while. Refused while anybody has it, whoever asks: one that is claimed twice is done twice. */
export const claimWorkItem = command(workItem)({
  name: 'ClaimWorkItem',
  input: z.object(whoAndWhich),
  id: workStreamId,
  decide: (state, { workId, by }, { now }) => {
    mustBeOpen(state, workId);
    const ended = lapsed(state, now);
    if (state.status === 'claimed' && ended.length === 0)
      throw new Rejection('work-claimed', `Work item ${workId} is with ${state.by} until ${state.until}`);
    const until = new Date(now.getTime() + claimLifetime).toISOString();
    return [...ended, { type: 'WorkItemClaimed', data: { by, until, claimedAt: now.toISOString() } }];
  },
});
