import { sleep } from './waiting.ts';

/** When stores answer again that were away: whoever waits to try something again then need not wait any longer. */
export type Recoveries = {
  /** How many there were. */
  readonly count: () => number;
  /** Says that there is one now. */
  readonly announce: () => void;
  /** Calls back at each until the returned function is called. */
  readonly listen: (recovered: () => void) => () => void;
  /** Waits so many ms, but not after there were more than `count`, nor when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal, count?: number) => Promise<void>;
};

/** Those of the stores of a process or a thread. */
export const openRecoveries = (): Recoveries => {
  const listeners = new Set<() => void>();
  let many = 0;
  const listen = (recovered: () => void) => {
    listeners.add(recovered);
    return () => void listeners.delete(recovered);
  };
  return {
    count: () => many,
    announce: () => {
      many += 1;
      for (const recovered of [...listeners]) recovered();
    },
    listen,
    sleep: async (milliseconds, signal, count = many) => {
      if (many > count) return;
      const over = new AbortController();
      const forget = listen(() => over.abort());
      await sleep(milliseconds, AbortSignal.any([signal, over.signal]));
      forget();
    },
  };
};
