import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Skipped } from './benchmark.ts';

/** A thread: its name as the system knows it, of 15 characters at most, and how long it has run on a core so far, in µs. */
export type Thread = { readonly name: string; readonly us: number };

/** The threads of a process by their ids; that of the first one is the id of the process. */
export type Threads = ReadonlyMap<number, Thread>;

/** What the threads of a process have used, in µs. */
export type Used = {
  readonly all: number;
  readonly main: number;
  /** The worker thread that used most: the one that projects, as long as nothing takes more. */
  readonly busiestWorker: number;
  readonly otherWorkers: number;
  /** What Node starts by itself: V8's helpers, which collect garbage and compile, and libuv's. */
  readonly helpers: number;
};

const ofNode = /^(V8Worker|DelayedTaskSche|SignalInspector|libuv-worker|node)$/;

/** How long a thread was on a core, in µs, by the first number of its `schedstat`, which is in ns. Throws `Skipped` for other text. */
export const busyIn = (schedstat: string): number => {
  const [, ns] = /^(\d+) \d+ \d+\s*$/.exec(schedstat) ?? [];
  if (ns === undefined) throw new Skipped('It needs a kernel that tells in /proc how long each thread was on a core');
  return Number(ns) / 1_000;
};

/** Nothing when the thread has ended meanwhile. */
const threadOf = (folder: string): Thread | undefined => {
  try {
    const [name, schedstat] = ['comm', 'schedstat'].map((file) => readFileSync(`${folder}/${file}`, 'utf8'));
    return { name: name?.trim() ?? '', us: busyIn(schedstat ?? '') };
  } catch (error) {
    if (error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code))) return undefined;
    throw error;
  }
};

/** The threads that a process has now. */
export const threadsOf = (pid: number): Threads => {
  const tasks = `/proc/${pid}/task`;
  const found = readdirSync(tasks).map((id) => [Number(id), threadOf(`${tasks}/${id}`)] as const);
  return new Map(found.flatMap(([id, thread]) => (thread ? [[id, thread]] : [])));
};

/** Throws `Skipped` where the system does not tell what threads use. */
export const needThreads = (): void => {
  try {
    if (threadsOf(process.pid).size > 0) return;
  } catch (error) {
    if (error instanceof Skipped) throw error;
  }
  throw new Skipped('It needs /proc with the CPU of each thread, which only Linux has');
};

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** What the threads of a process have used between two moments. What a thread used that has ended meanwhile is not known. */
export const usedBetween = (pid: number, before: Threads, after: Threads): Used => {
  const spent = [...after].map(([id, { name, us }]) => ({ id, name, us: us - (before.get(id)?.us ?? 0) }));
  const others = spent.filter(({ id }) => id !== pid);
  const workers = others.filter(({ name }) => !ofNode.test(name)).map(({ us }) => us);
  const busiestWorker = Math.max(0, ...workers);
  return {
    all: sum(spent.map(({ us }) => us)),
    main: sum(spent.filter(({ id }) => id === pid).map(({ us }) => us)),
    busiestWorker,
    otherWorkers: sum(workers) - busiestWorker,
    helpers: sum(others.filter(({ name }) => ofNode.test(name)).map(({ us }) => us)),
  };
};

/** How long a process is looked at to see whether it is idle, in ms, and the share of a core that it may use then. */
const [glance, idle] = [250, 0.05];

/** Resolves when a process hardly uses a core any more. Throws when that is not so within two minutes. */
export const untilIdle = async (pid: number): Promise<void> => {
  for (let glances = 0; glances < 120_000 / glance; glances++) {
    const before = threadsOf(pid);
    await sleep(glance);
    if (usedBetween(pid, before, threadsOf(pid)).all < glance * 1_000 * idle) return;
  }
  throw new Error('The process was still busy two minutes after its work was done');
};
