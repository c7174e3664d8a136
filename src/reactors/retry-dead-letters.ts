import { deadLetter } from '../domain/jobs/dead-letter.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Reactor } from './reactor.ts';

/**
 * Does again what a dead letter is about, when somebody wants it: with the same commands, so that what was done of it before is not
 * done twice. What fails again is a dead letter again.
 */
export const retryDeadLetters: Reactor = {
  name: 'retry-parked',
  streams: [streamsOf('parked')],
  on: {
    WorkRetried: async ({ stream }, context) => {
      const parts = streamParts('parked', stream);
      if (!parts) return [];
      const { projectId, id: workId } = parts;
      const { status, reactor, event } = (await context.refresh(deadLetter, `${projectId}.${workId}`)).state;
      return status === 'retrying' && event ? [{ retry: { projectId, workId, reactor, event } }] : [];
    },
  },
};
