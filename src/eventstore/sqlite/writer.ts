import { once } from 'node:events';
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { projectOfStream } from '../../domain/streams.ts';
import type { Appended, StoreState } from '../event-store.ts';
import { RevisionConflict, StoreUnavailable } from '../event-store.ts';
import { textOfGroup } from './group-text.ts';
import { linesOfProjects } from './project-lines.ts';
import type { Append } from './log.ts';
import { groupsTo, stateBy, tryRoom } from './log.ts';
import type { Truncating } from './truncating.ts';
import { truncateIn } from './truncating.ts';
import type { GroupAnswer, WriterAsk } from './writer-asks.ts';

/** What is to be committed together, and when it was recorded, in ms. */
type Group = { readonly group: readonly Append[]; readonly recordedAt: number };

/** Nothing was written. `state` says why, as far as the store itself is the reason. */
class Unwritten extends Error {
  readonly state: StoreState;
  constructor(message: string, state: StoreState) {
    super(message);
    this.name = 'Unwritten';
    this.state = state;
  }
}

/** Commits groups somewhere. `write` rejects when nothing was written, and `tryRoom` when nothing would be. */
type Committer = {
  readonly write: (group: Group) => Promise<readonly number[]>;
  readonly tryRoom: () => Promise<void>;
  readonly close: () => Promise<void>;
} & Truncating;

/** Commits in this thread, on its own connection: what is in memory only is nowhere else. */
export function committingHere(db: DatabaseSync): Committer {
  const write = groupsTo(db);
  return {
    write: async ({ group, recordedAt }) => write(group, recordedAt),
    tryRoom: async () => tryRoom(db),
    truncate: async (some) => truncateIn(db, some),
    // What is in memory has no such log.
    takeOver: async () => true,
    close: async () => undefined,
  };
}

/**
 * Commits in a thread of its own, so that this one goes on while the disk syncs, and appends that come meanwhile share the
 * next commit. The thread is started by the first group, and again after it died; what it was asked by then is rejected.
 */
export function committingInThread(path: string, timeout: number, maxPages?: number): Committer {
  const entry = new URL('./writer-thread.ts', import.meta.url);
  // The thread answers in the order in which it was asked.
  const asked: PromiseWithResolvers<GroupAnswer>[] = [];
  let thread: Worker | undefined;

  const died = (why: Error): void => {
    for (const { reject } of asked.splice(0)) reject(why);
  };

  const running = (): Worker => {
    if (thread) return thread;
    const started = new Worker(entry, { workerData: { path, timeout, maxPages } });
    thread = started;
    started.on('message', (answer: GroupAnswer) => asked.shift()?.resolve(answer));
    started.on('error', died);
    started.once('exit', (code) => {
      thread = undefined;
      died(new Error(`The thread that writes ${path} ended with ${code}`));
    });
    return started;
  };

  const asking = async (ask: WriterAsk): Promise<readonly number[]> => {
    const worker = running();
    const mine = Promise.withResolvers<GroupAnswer>();
    asked.push(mine);
    // A thread that waits for work keeps no process alive.
    worker.ref();
    worker.postMessage(ask);
    try {
      const answer = await mine.promise;
      if ('error' in answer) throw new Unwritten(answer.error, answer.state);
      return answer.positions;
    } finally {
      if (asked.length === 0) worker.unref();
    }
  };

  const close = async (): Promise<void> => {
    if (!thread) return;
    thread.ref();
    const gone = once(thread, 'exit');
    thread.postMessage('close');
    await gone;
  };
  return {
    write: ({ group, recordedAt }) => asking({ text: textOfGroup(group), recordedAt }),
    tryRoom: async () => void (await asking('try')),
    truncate: async (truncations) => void (await asking({ truncations })),
    takeOver: async () => (await asking('take over')).length > 0,
    close,
  };
}

/**
 * `maxPending` and `maxGroup` count events: those of one project that may wait, and those of a group. `committed` hears what each group wrote,
 * append by append with the position of its last event, if it wrote something.
 */
type Settings = {
  readonly clock: () => Date;
  readonly maxPending: number;
  readonly maxGroup: number;
  readonly committed: (written: readonly Written[], recordedAt: number) => void;
};

/** An append that was written, and the position of its last event. */
export type Written = Append & { readonly position: number };

type Pending = Append & { readonly settle: (outcome: Appended | RevisionConflict | StoreUnavailable) => void };

/** So many groups may be at the committer's: while it writes one, the next is there already. */
const AHEAD = 2;
/** So many appends are worth a commit as soon as they wait; fewer wait for what else this turn of the event loop brings. */
const WORTH = 16;

/** All projects together may have so many times as much waiting as one. */
const TOGETHER = 5;

/** At most every so many ms it is tried whether appends work again that failed. */
const TRIED_EVERY = 500;

/** Queues appends and commits them in groups: those of a project in the order in which they came, projects in turn. */
export function groupWriter(committer: Committer, { clock, maxPending, maxGroup, committed }: Settings) {
  const queue = linesOfProjects<Pending>();
  const writing = new Set<Promise<void>>();
  let state: StoreState = 'up';
  let tried = -Infinity;
  // Those that are being written count too.
  const pending = new Map<string, number>();
  let all = 0;

  const count = (appends: readonly Append[], sign: 1 | -1): void => {
    for (const { stream, lines: events } of appends) {
      const project = projectOfStream(stream);
      const left = (pending.get(project) ?? 0) + sign * events.length;
      if (left > 0) pending.set(project, left);
      else pending.delete(project);
      all += sign * events.length;
    }
  };

  // An append larger than the whole queue or group still gets its turn, alone, or it never would.
  const add = (append: Pending): void => {
    const size = append.lines.length;
    const own = pending.get(projectOfStream(append.stream)) ?? 0;
    if (own > 0 && (own + size > maxPending || all + size > maxPending * TOGETHER))
      throw new StoreUnavailable(`${own} events of the project wait to be written, of ${all}; try again`);
    queue.add(append);
    count([append], 1);
    if (queue.length() === 1) setImmediate(flush);
    // A turn that brings many requests takes a while: the first of them are written while the others are worked on.
    if (queue.length() === WORTH) queueMicrotask(flush);
  };

  const flush = (): void => {
    while (writing.size < AHEAD && queue.length() >= (writing.size === 0 ? 1 : WORTH)) {
      const group: Promise<void> = commit(queue.take(maxGroup)).finally(() => {
        writing.delete(group);
        flush();
      });
      writing.add(group);
    }
  };

  const commit = async (group: readonly Pending[]): Promise<void> => {
    const appends = group.map(({ stream, expected, lines }) => ({ stream, expected, lines }));
    try {
      const recordedAt = clock().getTime();
      const positions = await committer.write({ group: appends, recordedAt });
      state = 'up';
      group.forEach((append, index) => append.settle(outcomeOf(append, positions[index] ?? 0)));
      const written = appends.flatMap((append, index): readonly Written[] => {
        const position = positions[index] ?? 0;
        return position === 0 ? [] : [{ ...append, position }];
      });
      if (written.length > 0) committed(written, recordedAt);
    } catch (error) {
      state = error instanceof Unwritten ? error.state : stateBy(error);
      const failed = (stream: string) =>
        new StoreUnavailable(`The append to ${stream} can't be written; try again`, { cause: error });
      for (const { stream, settle } of group) settle(failed(stream));
    } finally {
      count(group, -1);
    }
  };

  const close = async (): Promise<void> => {
    for (flush(); writing.size > 0;) await Promise.all(writing);
    await committer.close();
  };

  /** How it is by the last that was written or tried to be: after a failure it is tried whether there is room again. */
  const current = async (): Promise<StoreState> => {
    if (state === 'up' || performance.now() - tried < TRIED_EVERY) return state;
    tried = performance.now();
    try {
      await committer.tryRoom();
      state = 'up';
    } catch (error) {
      state = error instanceof Unwritten ? error.state : stateBy(error);
    }
    return state;
  };
  return { add, state: current, close };
}

const outcomeOf = ({ stream, expected, lines }: Append, position: number): Appended | RevisionConflict =>
  position === 0 ? new RevisionConflict(stream, expected) : { revision: expected + lines.length, position };
