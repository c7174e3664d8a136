import { z } from 'zod';
import { decided, whoAndWhich, why } from '../../domain/work/work-claim.ts';
import { workItem, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/** Says no to what an item asks for, and why. Refused while another has it, and for items that ask for no decision. */
export const rejectWorkItem = command(workItem)({
  name: 'RejectWorkItem',
  input: z.object({ ...whoAndWhich, reason: why.min(1) }),
  id: workStreamId,
  decide: (state, input, { now }) => decided(state, { ...input, resolution: 'rejected' }, now),
});
