import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Documents, Stored } from '../readmodels/documents.ts';
import type { Collection } from '../readmodels/collection.ts';

/** A document that is made when its turn to be written comes, if it is to be written then; `size` is the memory it takes until then, in bytes. */
export type Waiting<D> = { readonly size: number; readonly make: () => Stored<D> | undefined };

/** What waits takes `room` bytes of memory at most, and `turn` bytes are made and written at a time. */
const most = { room: 16 * 1024 * 1024, turn: 4 * 1024 * 1024 };

/** How long what comes waits for more, in ms. */
const gathering = 100;

/** What waits, the last of each name. */
const queue = <D>() => {
  const waiting = new Map<string, Waiting<D>>();
  let size = 0;
  const remove = (name: string): void => {
    size -= waiting.get(name)?.size ?? 0;
    waiting.delete(name);
  };
  return {
    remove,
    add: (name: string, one: Waiting<D>): void => {
      remove(name);
      if (size + one.size > most.room) return;
      waiting.set(name, one);
      size += one.size;
    },
    /** The documents of a turn; undefined when nothing waits. */
    take: (): readonly Stored<D>[] | undefined => {
      if (waiting.size === 0) return undefined;
      const documents: Stored<D>[] = [];
      let taken = 0;
      for (const [name, one] of waiting) {
        if (taken > 0 && taken + one.size > most.turn) break;
        taken += one.size;
        remove(name);
        const made = one.make();
        if (made) documents.push(made);
      }
      return documents;
    },
  };
};

/** Writes documents of a collection, and makes the place for them first if there is none, or was none the last time. */
const writing = <D>(readModels: Documents, collection: Collection<D>) => {
  let prepared = false;
  return async (documents: readonly Stored<D>[]): Promise<void> => {
    try {
      if (!prepared) await readModels.prepare([collection]);
      prepared = true;
      await readModels.save(collection, documents, 0);
    } catch {
      // Nobody misses them. The file may have been deleted, and the new one has no place for them yet.
      prepared = false;
    }
  };
};

/**
 * Writes documents that nobody waits for and that may get lost: a little later, some at a time, and none of those for which
 * there is no room.
 */
export const writeLater = <D>(readModels: Documents, collection: Collection<D>) => {
  const [waiting, write] = [queue<D>(), writing(readModels, collection)];
  let timer: NodeJS.Timeout | undefined;
  let work: Promise<unknown> = Promise.resolve();
  let stopped = false;

  const writeAll = async (): Promise<void> => {
    for (let documents = waiting.take(); documents && !stopped; documents = waiting.take()) {
      if (documents.length > 0) await write(documents);
      await nextTurn();
    }
  };
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const done = work.then(task);
    work = done.catch(() => undefined);
    return done;
  };
  const written = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    return inTurn(writeAll);
  };

  return {
    add: (name: string, one: Waiting<D>): void => {
      if (stopped) return;
      waiting.add(name, one);
      timer ??= setTimeout(() => void written().catch(() => undefined), gathering).unref();
    },
    remove: waiting.remove,
    /** Does something when nothing is being written. */
    inTurn,
    /** Writes at once what waits. */
    written,
    /** What waits is dropped, and what comes. */
    stop: (): void => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};
