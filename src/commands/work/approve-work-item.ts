import { z } from 'zod';
import { decided, whoAndWhich, why } from '../../domain/work/work-claim.ts';
import { workItem, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/** Says yes to what an item asks for. Refused while another has it, and for items that ask for no decision. */
export const approveWorkItem = command(workItem)({
  name: 'ApproveWorkItem',
  input: z.object({ ...whoAndWhich, reason: why }),
  id: workStreamId,
  decide: (state, input, { now }) => decided(state, { ...input, resolution: 'approved' }, now),
});
