import { StoreUnavailable } from '../eventstore/event-store.ts';

/** How long a process may go on without looking whether another one changed something, in ms by a clock that never steps back. */
const freshFor = 2_000;

/** Whether what was looked at then is told without another look. */
export const isFresh = (at: number | undefined, monotonic: () => number): boolean =>
  at !== undefined && monotonic() - at < freshFor;

type Looking<T> = {
  readonly monotonic: () => number;
  /** Looks it up, and notes when it did. */
  readonly look: (id: string) => Promise<T>;
  /** What it was, for as long as it can't be looked up, noted as if it was now; undefined where nothing is known. */
  readonly goOn: (id: string) => T | Promise<T> | undefined;
};

/**
 * Looks things up for processes that remember them, at most 2 s late: once for all who ask at the same time, and ahead of time, so that
 * hardly anybody waits. While the store is away, what is known is as it was.
 */
export const lookingUp = <T>({ monotonic, look, goOn }: Looking<T>) => {
  const looks = new Map<string, Promise<T>>();

  const lookOrGoOn = async (id: string): Promise<T> => {
    try {
      return await look(id);
    } catch (error) {
      const last = error instanceof StoreUnavailable ? goOn(id) : undefined;
      if (last === undefined) throw error;
      return last;
    }
  };

  const together = (id: string): Promise<T> => {
    const begun: Promise<T> =
      looks.get(id) ??
      lookOrGoOn(id).finally(() => {
        if (looks.get(id) === begun) looks.delete(id);
      });
    looks.set(id, begun);
    return begun;
  };

  return {
    /** What something is that was looked at then, and was that. */
    of: (id: string, at: number | undefined, known: () => T | Promise<T>): T | Promise<T> => {
      if (!isFresh(at, monotonic)) return together(id);
      // What goes wrong is heard by the one who has to look when the time has come.
      if (monotonic() - (at ?? 0) >= freshFor / 2) together(id).catch(() => undefined);
      return known();
    },
    /** Looks again, whoever looks already. */
    forget: (id: string): void => void looks.delete(id),
    forgetAll: (): void => looks.clear(),
  };
};
