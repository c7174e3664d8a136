import { sleep as sleepForReal } from './waiting.ts';

/** Waits so many ms or until the signal aborts. */
export type Sleep = typeof sleepForReal;

type Pace = {
  /** How long to wait from the end of a look to the next, in ms. */
  readonly every: number;
  /** Nothing is looked at any more when it aborts. */
  readonly signal: AbortSignal;
  /** Is told why a look failed; the next one comes all the same. */
  readonly onError: (error: unknown) => unknown;
  readonly sleep?: Sleep;
};

type Polling = {
  /** Has the next look come at once, or right after the one that is under way. */
  readonly wake: () => void;
  /** Resolves when the signal has aborted and the last look is over. */
  readonly ended: Promise<void>;
};

/** Looks at something again and again, at once for the first time. A look is told whether it was asked for or its time has come. */
export const poll = (
  look: (woken: boolean) => Promise<unknown>,
  { every, signal, onError, sleep = sleepForReal }: Pace,
): Polling => {
  let resting = new AbortController();
  let woken = true;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      resting = new AbortController();
      const asked = woken;
      woken = false;
      try {
        await look(asked);
      } catch (error) {
        if (!signal.aborted) await onError(error);
      }
      if (!woken) await sleep(every, AbortSignal.any([resting.signal, signal]));
    }
  };
  return {
    wake: () => {
      woken = true;
      resting.abort();
    },
    ended: run(),
  };
};
