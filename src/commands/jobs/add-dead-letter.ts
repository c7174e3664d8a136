import { deadLetter, deadLetterEvents, deadLetterId } from '../../domain/jobs/dead-letter.ts';
import { command } from '../../engine/command.ts';

/** Keeps what follows from a fact and could not be done as a dead letter. Attempts add up over retries; what is settled stays so. */
export const addDeadLetter = command(deadLetter)({
  name: 'AddDeadLetter',
  input: deadLetterEvents.WorkParked.omit({ lastFailedAt: true }),
  id: ({ projectId, reactor, event }) => `${projectId}.${deadLetterId(reactor, event.id)}`,
  decide: (state, input, { now }) => {
    if (state.status !== 'unknown' && state.status !== 'retrying') return [];
    const firstFailedAt = state.firstFailedAt === '' ? input.firstFailedAt : state.firstFailedAt;
    const attempts = state.attempts + input.attempts;
    return [{ type: 'WorkParked', data: { ...input, attempts, firstFailedAt, lastFailedAt: now.toISOString() } }];
  },
});
