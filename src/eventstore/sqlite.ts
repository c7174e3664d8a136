import { mkdirSync } from 'node:fs';
import { dirname, resolve as absolute } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import type { Appended, Batch, EventStore, Metadata, NewEvent, Recorded } from './event-store.ts';
import { RevisionConflict, StoreUnavailable } from './event-store.ts';

/** `maxPending` and `maxGroup` count events, `busyTimeout` is in milliseconds: how long a commit waits for another writer. */
export type SqliteEventStoreOptions = {
  readonly clock: () => Date;
  readonly maxPending?: number;
  readonly maxGroup?: number;
  readonly busyTimeout?: number;
};

type Texts = { readonly data: string; readonly metadata: string; readonly recordedAt: number };
type Row = Omit<Recorded, keyof Texts> & Texts;
type Line = readonly [id: string, type: string, data: string, metadata: string];
type Outcome = Appended | RevisionConflict | StoreUnavailable;
type Pending = {
  readonly stream: string;
  readonly expected: number;
  readonly lines: readonly Line[];
  readonly settle: (outcome: Outcome) => void;
};

const PAGE = 1_000;
const POLL_MS = 250;
const COLUMNS = 'position, stream, revision, id, type, data, metadata, recorded_at AS recordedAt';
const SCHEMA = `CREATE TABLE IF NOT EXISTS events (
  position INTEGER PRIMARY KEY, stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL,
  data TEXT NOT NULL, metadata TEXT NOT NULL, recorded_at INTEGER NOT NULL, UNIQUE (stream, revision)) STRICT`;
/** SQLite's primary result codes BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN: the file, not the statement, is the trouble. */
const UNAVAILABLE = [5, 6, 8, 10, 13, 14];

/**
 * The log in one SQLite file, or in `:memory:`. Appends that meet in a turn of the event loop share one commit and its fsync.
 * Throws `StoreUnavailable` when the file can't be opened. Any number of stores may be open on one file.
 */
export function openSqliteEventStore(path: string, options: SqliteEventStoreOptions): EventStore {
  const db = open(path, options.busyTimeout ?? 1_000);
  const signals = wakeUps(path);
  const writer = groupWriter(db, options, signals.announce);
  const log = db.prepare(`SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ${PAGE}`);
  const stream = db.prepare(`SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision > ? ORDER BY revision`);
  const last = db.prepare('SELECT coalesce(max(position), 0) AS position FROM events');

  function ask<T>(question: () => T): T {
    if (!db.isOpen) throw new StoreUnavailable(`Event store ${path} is closed; open it again`);
    try {
      return question();
    } catch (error) {
      throw isUnavailable(error) ? new StoreUnavailable(`${path} can't be read; try again`, { cause: error }) : error;
    }
  }

  function page(from: number, filter: readonly string[] = ['']): Batch {
    const rows = ask(() => log.all(from) as Row[]);
    const wanted = rows.filter((row) => filter.some((prefix) => row.stream.startsWith(prefix)));
    return { events: wanted.map(recorded), position: rows.at(-1)?.position ?? from };
  }

  async function* follow(from: number, signal: AbortSignal, filter?: readonly string[]): AsyncGenerator<Batch> {
    let position = from;
    while (!signal.aborted) {
      const batch = page(position, filter);
      if (batch.position === position) await signals.wait(signal);
      else yield batch;
      position = batch.position;
      // Reading is synchronous: without this a long catch-up would keep timers, sockets and the abort itself waiting.
      await nextTurn();
    }
  }

  return {
    read: async (name, after = -1) => ask(() => stream.all(name, after) as Row[]).map(recorded),
    append: (name, expected, events) =>
      new Promise((resolve, reject) => {
        const lines = events.map((event) => serialised(name, event));
        if (lines.length === 0) throw new RangeError(`An append to ${name} has no events; append one at least`);
        const settle = (outcome: Outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
        ask(() => writer.add({ stream: name, expected, lines, settle }));
      }),
    follow,
    head: async () => ask(() => (last.get() as Row).position),
    close: async () => {
      if (!db.isOpen) return;
      writer.drain();
      db.close();
      signals.close();
    },
  };
}

function open(path: string, timeout: number): DatabaseSync {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    const db = new DatabaseSync(path, { timeout });
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${SCHEMA}`);
    return db;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(`Event store ${path} can't be opened: ${reason}; check its folder`, { cause: error });
  }
}

/** Queues appends and commits them in groups; `committed` hears the last position of each group that wrote something. */
function groupWriter(db: DatabaseSync, options: SqliteEventStoreOptions, committed: (position: number) => void) {
  const { clock, maxPending = 20_000, maxGroup = 5_000 } = options;
  const current = db.prepare('SELECT coalesce(max(revision), -1) AS revision FROM events WHERE stream = ?');
  const insert = db.prepare('INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)');
  const queue: Pending[] = [];
  let pending = 0;

  // An append larger than the whole queue or group still gets its turn, alone, or it never would.
  function add(append: Pending): void {
    if (pending > 0 && pending + append.lines.length > maxPending)
      throw new StoreUnavailable(`${pending} events wait to be written, at most ${maxPending} may; try again`);
    queue.push(append);
    pending += append.lines.length;
    if (queue.length === 1) setImmediate(flush);
  }

  function flush(): void {
    if (queue.length > 0) commit(nextGroup());
    if (queue.length > 0) setImmediate(flush);
  }

  function nextGroup(): readonly Pending[] {
    let size = 0;
    const beyond = queue.findIndex((append) => (size += append.lines.length) > maxGroup);
    const group = queue.splice(0, beyond === -1 ? queue.length : Math.max(beyond, 1));
    pending -= group.reduce((sum, append) => sum + append.lines.length, 0);
    return group;
  }

  function commit(group: readonly Pending[]): void {
    const outcomes = stored(group);
    for (const [append, outcome] of outcomes) append.settle(outcome);
    const last = outcomes.flatMap(([, outcome]) => (outcome instanceof Error ? [] : outcome.position)).at(-1);
    if (last !== undefined) committed(last);
  }

  function stored(group: readonly Pending[]): readonly (readonly [Pending, Outcome])[] {
    try {
      db.exec('BEGIN IMMEDIATE');
      const recordedAt = clock().getTime();
      const outcomes = group.map((append) => [append, write(append, recordedAt)] as const);
      db.exec('COMMIT');
      return outcomes;
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      const failed = (stream: string) =>
        new StoreUnavailable(`The append to ${stream} can't be written; try again`, { cause: error });
      return group.map((append) => [append, failed(append.stream)] as const);
    }
  }

  // A conflict is an outcome, not an exception, so that it costs the rest of the group nothing.
  function write({ stream, expected, lines }: Pending, recordedAt: number): Appended | RevisionConflict {
    if ((current.get(stream) as Row).revision !== expected) return new RevisionConflict(stream, expected);
    const written = lines.map((line, index) => insert.run(stream, expected + 1 + index, ...line, recordedAt));
    return { revision: expected + lines.length, position: Number(written.at(-1)?.lastInsertRowid) };
  }

  function drain(): void {
    while (queue.length > 0) commit(nextGroup());
  }

  return { add, drain };
}

/** Wakes followers at commits of this connection, of other threads (by channel) and of other processes (by polling). */
function wakeUps(path: string) {
  const waiting = new Set<() => void>();
  const wake = () => waiting.forEach((resume) => resume());
  const channel = path === ':memory:' ? undefined : new BroadcastChannel(absolute(path));
  if (channel) {
    channel.onmessage = wake;
    (channel as BroadcastChannel & NodeJS.RefCounted).unref();
  }
  const wait = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const resume = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', resume);
        waiting.delete(resume);
        resolve();
      };
      const timer = setTimeout(resume, POLL_MS).unref();
      signal.addEventListener('abort', resume);
      waiting.add(resume);
    });
  const announce = (position: number) => {
    channel?.postMessage(position);
    wake();
  };
  const close = () => {
    channel?.close();
    wake();
  };
  return { wait, announce, close };
}

function serialised(stream: string, { id, type, data, metadata }: NewEvent): Line {
  const json = JSON.stringify(data) as string | undefined;
  if (json === undefined) throw new TypeError(`Event ${type} for ${stream} has no data; give it an object`);
  return [id, type, json, JSON.stringify(metadata)];
}

function recorded(row: Row): Recorded {
  const [data, metadata] = [JSON.parse(row.data) as unknown, JSON.parse(row.metadata) as Metadata];
  return { ...row, data, metadata, recordedAt: new Date(row.recordedAt) };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && UNAVAILABLE.includes(Number(error.errcode) & 0xff);
}
