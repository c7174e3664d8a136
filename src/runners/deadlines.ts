import type { AnyDeadline } from '../deadlines/deadline.ts';
import { deadlines } from '../deadlines/index.ts';
import { unrepeatable } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import { checkpointOf } from '../reactors/reactor.ts';
import type { WorkerContext } from './context.ts';
import { runIntent } from './intents.ts';

/** How often is looked for what is due, in ms. */
const lookEvery = 1_000;

type Dependencies = {
  readonly context: Pick<WorkerContext, 'engine' | 'readModels' | 'clock' | 'head' | 'reached'>;
  readonly newId: () => string;
  /** Waits so many ms or until the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Is told why something that was due could not be done; it is tried again. */
  readonly onError: (error: unknown) => void;
};

/** What happens as time passes. */
export type Ticking = {
  /** Resolves when what was due when it was called is done. */
  readonly quiet: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const isDueAt = (look: number, { every = lookEvery }: AnyDeadline): boolean =>
  look % Math.ceil(every / lookEvery) === 0;

/**
 * Looks time and again for what is due, and does it. What is due is in the read models and every command changes nothing when
 * it was done already, so nothing is lost while no process runs, and any number of them may look at once.
 */
export const startTicking = ({ context, newId, sleep, onError }: Dependencies): Ticking => {
  const { engine, readModels, clock } = context;
  const stopping = new AbortController();
  const request = (): Request => ({ commandId: unrepeatable(newId()), correlationId: newId(), actor: 'tick' });
  const trying = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      if (!stopping.signal.aborted) await work();
    } catch (error) {
      if (!stopping.signal.aborted) onError(error);
    }
  };

  const meet = async ({ due, after }: AnyDeadline): Promise<void> => {
    const followed = after ? await readModels.checkpoint(checkpointOf(after)) : 0;
    for await (const some of due(readModels, clock())) {
      if (stopping.signal.aborted) return;
      const ready = some.filter(({ position }) => position <= followed);
      await Promise.all(ready.map(({ intent }) => trying(() => runIntent(engine, intent, request()))));
    }
  };

  const look = async (some: readonly AnyDeadline[]): Promise<void> => {
    for (const each of some) await trying(() => meet(each));
  };

  const run = async (): Promise<void> => {
    for (let looks = 0; !stopping.signal.aborted; looks++) {
      await sleep(lookEvery, stopping.signal);
      await look(deadlines.filter((each) => isDueAt(looks, each)));
    }
  };

  const running = run();
  return {
    quiet: async () => {
      await context.reached(await context.head());
      await look(deadlines);
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};
