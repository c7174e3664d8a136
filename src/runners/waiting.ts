import { ReadModelsUnavailable } from '../readmodels/read-models.ts';

type Waiter = { readonly position: number; readonly settle: (reason?: Error) => void };

/** Waits so many ms, or until the signal aborts. */
export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const resume = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', resume);
      resolve();
    };
    const timer = setTimeout(resume, milliseconds);
    signal.addEventListener('abort', resume);
    if (signal.aborted) resume();
  });
}

/**
 * Those who wait until a reader comes to a position. `occupied` tells whether anybody does. A reader that was stopped will not come there,
 * but another one may, in this process or elsewhere: asking again helps.
 */
export function waitingRoom(name: string) {
  const waiters = new Set<Waiter>();
  let closed = false;

  const enter = (position: number, current: number, limit?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (current >= position) return resolve();
      if (closed)
        throw new ReadModelsUnavailable(`Subscription ${name} is stopped at ${current} and will not reach ${position}`);
      const give = () =>
        waiter.settle(new Error(`${name} did not reach ${position} in time`, { cause: limit?.reason }));
      const waiter: Waiter = {
        position,
        settle: (reason) => {
          limit?.removeEventListener('abort', give);
          waiters.delete(waiter);
          if (reason) reject(reason);
          else resolve();
        },
      };
      limit?.addEventListener('abort', give);
      waiters.add(waiter);
      if (limit?.aborted) give();
    });
  const arrive = (position: number) => {
    for (const waiter of waiters) if (waiter.position <= position) waiter.settle();
  };
  const close = () => {
    closed = true;
    const stopped = new ReadModelsUnavailable(`Subscription ${name} was stopped`);
    for (const waiter of waiters) waiter.settle(stopped);
  };
  return { enter, arrive, close, occupied: () => waiters.size > 0 };
}
