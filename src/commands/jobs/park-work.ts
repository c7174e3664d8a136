import { parked, parkedEvents, parkedId } from '../../domain/jobs/dead-letter.ts';
import { command } from '../../engine/command.ts';

/** Puts aside what follows from a fact and could not be done. Attempts add up over retries; what is settled stays so. */
export const parkWork = command(parked)({
  name: 'ParkWork',
  input: parkedEvents.WorkParked.omit({ lastFailedAt: true }),
  id: ({ projectId, reactor, event }) => `${projectId}.${parkedId(reactor, event.id)}`,
  decide: (state, input, { now }) => {
    if (state.status !== 'unknown' && state.status !== 'retrying') return [];
    const firstFailedAt = state.firstFailedAt === '' ? input.firstFailedAt : state.firstFailedAt;
    const attempts = state.attempts + input.attempts;
    return [{ type: 'WorkParked', data: { ...input, attempts, firstFailedAt, lastFailedAt: now.toISOString() } }];
  },
});
