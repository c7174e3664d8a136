/**
 * A live reader begins a batch at most every so many ms. Under load a batch then has what many commits brought, so that a
 * document is read and written once for all of it. The first fact after a quiet time does not wait, nor does anything that
 * somebody waits for. With more events in hand it takes its time: a larger batch costs less an event.
 */
const paceAfter = (events: number, idle: number): number =>
  events === 0 ? Math.max(20, idle) : Math.min(80, 20 + events);

/** By what live readers begin their batches. */
export type Beat = {
  /** Says that a batch of so many events begins. */
  readonly begin: (events: number) => void;
  /** Resolves when it is time for the next batch, or the signal aborts. */
  readonly next: (signal: AbortSignal) => Promise<void>;
};

/**
 * The beat of one reader, or of several that then begin their batches together: they read the same stretch of the log, and what
 * they save shares a transaction. The largest of their batches says how long they rest: after batches that
 * had nothing for them `idle` ms at least, where what others look for comes much more often.
 */
export const newBeat = (idle = 0): Beat => {
  const resting = new Set<() => void>();
  let [began, until] = [0, 0];
  let timer: NodeJS.Timeout | undefined;

  const arm = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => resting.forEach((resume) => resume()), Math.max(0, until - performance.now()));
  };
  return {
    begin: (events) => {
      const now = performance.now();
      // One that never rests, because somebody waits for it, must not keep the others resting.
      if (now >= until && resting.size === 0) began = now;
      const before = until;
      until = Math.max(until, began + paceAfter(events, idle));
      if (resting.size > 0 && until > before) arm();
    },
    next: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const resume = (): void => {
          resting.delete(resume);
          signal.removeEventListener('abort', resume);
          if (resting.size === 0) clearTimeout(timer);
          resolve();
        };
        signal.addEventListener('abort', resume);
        resting.add(resume);
        if (resting.size === 1) arm();
      }),
  };
};
