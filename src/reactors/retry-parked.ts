import { finishWork } from '../commands/jobs/finish-work.ts';
import type { ParkedEvent } from '../domain/jobs/dead-letter.ts';
import { parked } from '../domain/jobs/dead-letter.ts';
import { streamParts } from '../domain/streams.ts';
import type { Reactor, ReactorContext } from './reactor.ts';
import { follow, parking, passes } from './reactor.ts';

/**
 * Does again what was put aside, when somebody wants it: with the same commands, so that what was done of it before is not
 * done twice. What fails again is put aside again.
 */
export const retryParked = (reactors: readonly Reactor[]): Reactor => {
  const again = async (name: string, { stream, revision }: ParkedEvent, context: ReactorContext): Promise<void> => {
    const reactor = reactors.find((each) => each.name === name);
    if (!reactor) throw new Error(`This version has no reactor ${name}; run one that has, or discard the work`);
    const [fact] = await context.engine.states.read(stream, revision - 1, 1);
    if (!fact) throw new Error(`There is no fact ${revision} in ${stream}; discard the work`);
    await follow(reactor, fact, context);
  };
  return {
    name: 'retry-parked',
    streams: ['parked-'],
    types: ['WorkRetried'],
    react: async ({ stream }, context) => {
      const parts = streamParts('parked', stream);
      if (!parts) return [];
      const { projectId, id: workId } = parts;
      const { state } = await context.engine.states.refresh(parked, `${projectId}.${workId}`);
      if (state.status !== 'retrying' || !state.event) return [];
      try {
        await again(state.reactor, state.event, context);
      } catch (error) {
        if (passes(error)) throw error;
        const failure = { error, attempts: 1, firstFailedAt: context.clock().toISOString() };
        return [parking(state.reactor, state.event, failure)];
      }
      return [({ handle }, request) => handle(finishWork, { projectId, workId }, request)];
    },
  };
};
