import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { Appended } from './event-store.ts';
import { RevisionConflict, StoreUnavailable } from './event-store.ts';
import type { Append } from './sqlite-log.ts';
import { groupsTo } from './sqlite-log.ts';

/** What a thread that writes is asked, and what it answers: positions as `WriteGroup` gives them, or why nothing was written. */
export type GroupAsk = { readonly group: readonly Append[]; readonly recordedAt: number };
export type GroupAnswer = { readonly positions: readonly number[] } | { readonly error: string };

/** Commits groups somewhere. `write` rejects when nothing was written. */
type Committer = {
  readonly write: (ask: GroupAsk) => Promise<readonly number[]>;
  readonly close: () => Promise<void>;
};

/** Commits in this thread, on its own connection: what is in memory only is nowhere else. */
export function committingHere(db: DatabaseSync): Committer {
  const write = groupsTo(db);
  return { write: async ({ group, recordedAt }) => write(group, recordedAt), close: async () => undefined };
}

/**
 * Commits in a thread of its own, so that this one goes on while the disk syncs, and appends that come meanwhile share the
 * next commit. The thread is started by the first group, and again after it died; what it was writing then is rejected.
 */
export function committingInThread(path: string, timeout: number): Committer {
  const entry = new URL('./sqlite-writer-thread.ts', import.meta.url);
  let thread: Worker | undefined;

  const running = (): Worker => {
    if (thread) return thread;
    const started = new Worker(entry, { workerData: { path, timeout } });
    thread = started;
    started.once('exit', () => {
      if (thread === started) thread = undefined;
    });
    return started;
  };

  const write = async (ask: GroupAsk): Promise<readonly number[]> => {
    const worker = running();
    const { promise, resolve, reject } = Promise.withResolvers<GroupAnswer>();
    const died = (code: number): void => reject(new Error(`The thread that writes ${path} ended with ${code}`));
    // A thread that waits for work keeps no process alive.
    worker.ref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', died);
    worker.postMessage(ask);
    try {
      const answer = await promise;
      if ('error' in answer) throw new Error(answer.error);
      return answer.positions;
    } finally {
      worker.unref();
      worker.off('message', resolve);
      worker.off('error', reject);
      worker.off('exit', died);
    }
  };

  const close = async (): Promise<void> => {
    if (!thread) return;
    thread.ref();
    const gone = once(thread, 'exit');
    thread.postMessage('close');
    await gone;
  };
  return { write, close };
}

/** `maxPending` and `maxGroup` count events; `committed` hears the last position of each group that wrote something. */
type Settings = {
  readonly clock: () => Date;
  readonly maxPending: number;
  readonly maxGroup: number;
  readonly committed: (position: number) => void;
};

type Pending = Append & { readonly settle: (outcome: Appended | RevisionConflict | StoreUnavailable) => void };

const sizeOf = (appends: readonly Pending[]): number => appends.reduce((sum, { lines }) => sum + lines.length, 0);

/** Queues appends and commits them in groups, one group at a time. */
export function groupWriter(committer: Committer, { clock, maxPending, maxGroup, committed }: Settings) {
  const queue: Pending[] = [];
  let pending = 0;
  let writing: Promise<void> | undefined;

  // An append larger than the whole queue or group still gets its turn, alone, or it never would.
  const add = (append: Pending): void => {
    if (pending > 0 && pending + append.lines.length > maxPending)
      throw new StoreUnavailable(`${pending} events wait to be written, at most ${maxPending} may; try again`);
    queue.push(append);
    pending += append.lines.length;
    writing ??= flush();
  };

  const nextGroup = (): readonly Pending[] => {
    let size = 0;
    const beyond = queue.findIndex(({ lines }) => (size += lines.length) > maxGroup);
    return queue.splice(0, beyond === -1 ? queue.length : Math.max(beyond, 1));
  };

  const flush = async (): Promise<void> => {
    // What else is appended in this turn of the event loop goes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) await commit(nextGroup());
    writing = undefined;
  };

  const commit = async (group: readonly Pending[]): Promise<void> => {
    const appends = group.map(({ stream, expected, lines }) => ({ stream, expected, lines }));
    try {
      const positions = await committer.write({ group: appends, recordedAt: clock().getTime() });
      group.forEach((append, index) => append.settle(outcomeOf(append, positions[index] ?? 0)));
      const last = Math.max(...positions);
      if (last > 0) committed(last);
    } catch (error) {
      const failed = (stream: string) =>
        new StoreUnavailable(`The append to ${stream} can't be written; try again`, { cause: error });
      for (const { stream, settle } of group) settle(failed(stream));
    } finally {
      pending -= sizeOf(group);
    }
  };

  const close = async (): Promise<void> => {
    while (writing) await writing;
    await committer.close();
  };
  return { add, close };
}

const outcomeOf = ({ stream, expected, lines }: Append, position: number): Appended | RevisionConflict =>
  position === 0 ? new RevisionConflict(stream, expected) : { revision: expected + lines.length, position };
