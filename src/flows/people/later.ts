/** How much is done at a time of what nobody waits for, and how much waits. What would be more is not done. */
export const laterLimits = { atOnce: 2, waiting: 500 } as const;

/** Does what a request asked for after it was answered, so that its answer takes as long whatever there is to do. */
export type Later = {
  readonly add: (work: () => Promise<unknown>) => void;
  /** Resolves when nothing waits or is under way. */
  readonly idle: () => Promise<void>;
};

/** A line of such work. `onError` is told of what failed, and of what found no place. */
export const openLater = (onError: (error: unknown) => void): Later => {
  const line: (() => Promise<unknown>)[] = [];
  const running = new Set<Promise<void>>();

  const begin = (): void => {
    while (running.size < laterLimits.atOnce) {
      const work = line.shift();
      if (!work) return;
      // In a turn of its own: what begins at once would be part of the answer.
      const done: Promise<void> = new Promise<void>((resolve) => setImmediate(resolve))
        .then(work)
        .then(() => undefined, onError)
        .finally(() => {
          running.delete(done);
          begin();
        });
      running.add(done);
    }
  };

  return {
    add: (work) => {
      if (line.length >= laterLimits.waiting)
        return onError(new Error('mails that were asked for are more than can be made'));
      line.push(work);
      begin();
    },
    idle: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
};
