import { z } from 'zod';
import { lapsed } from '../../domain/work/work-claim.ts';
import { workItem, workStreamId } from '../../domain/work/work-item.ts';
import { command } from '../../engine/command.ts';

/** Notes that the time of a claim ran out, if it did. The item was everybody's from that moment, also before it is noted. */
export const lapseWorkItem = command(workItem)({
  name: 'LapseWorkItem',
  input: z.object({ projectId: z.string(), workId: z.string() }),
  id: workStreamId,
  decide: (state, _input, { now }) => lapsed(state, now),
});
