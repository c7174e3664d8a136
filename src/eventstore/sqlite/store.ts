import { resolve as absolute } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BroadcastChannel } from 'node:worker_threads';
import { isDamage, restore } from './damage.ts';
import type { Appended, Batch, EventStore, Filter, Metadata, NewEvent } from '../event-store.ts';
import { StoreUnavailable } from '../event-store.ts';
import { pageLimits } from '../page.ts';
import type { Line } from './log.ts';
import { hasSeparator } from './group-text.ts';
import { openLogFile } from './log.ts';
import { pagesOf, placesOf, streamsOf } from './pages.ts';
import { headOf, recentOf } from './recent.ts';
import { mayTruncateIn, truncatingTogether } from './truncating.ts';
import type { Written } from './writer.ts';
import { committingHere, committingInThread, groupWriter } from './writer.ts';

/** `maxPending` (of a project) and `maxGroup` count events, `busyTimeout` is in milliseconds: how long a commit waits for another writer. */
export type SqliteEventStoreOptions = {
  readonly clock: () => Date;
  readonly maxPending?: number;
  readonly maxGroup?: number;
  readonly busyTimeout?: number;
  /** Nothing can be appended then, and the file must be there. */
  readonly readOnly?: boolean;
  /** How many pages of 4 KiB the file may have at most, as if the disk had no more room. */
  readonly maxPages?: number;
};

const POLL_MS = 250;
/** So many ms are between two times that other threads are told of commits: it costs both sides more than to read what one brought. */
const TELL_MS = 10;
/** SQLite's primary result codes BUSY, LOCKED, READONLY, IOERR, FULL and CANTOPEN: the file, not the statement, is the trouble. */
const UNAVAILABLE = [5, 6, 8, 10, 13, 14];

/**
 * The log in one SQLite file, or in `:memory:`. Appends that wait at the same time share one commit and its fsync.
 * Throws `StoreUnavailable` when the file can't be opened. Any number of stores may be open on one file.
 */
export function openSqliteEventStore(path: string, options: SqliteEventStoreOptions): EventStore {
  const { clock, maxPending = 20_000, maxGroup = 2_000, busyTimeout = 1_000, readOnly = false, maxPages } = options;
  const db = openLogFile(path, busyTimeout, readOnly);
  const recent = recentOf(db);
  const signals = wakeUps(path, recent.expect);
  const committer = path === ':memory:' ? committingHere(db) : committingInThread(path, busyTimeout, maxPages);
  const committed = (written: readonly Written[], recordedAt: number): void => {
    recent.note(written, recordedAt);
    signals.announce();
  };
  const writer = groupWriter(committer, { clock, maxPending, maxGroup, committed });
  const [pages, stream, place, head] = [pagesOf(db, recent), streamsOf(db), placesOf(db), headOf(db)];
  const mayTruncate = mayTruncateIn(db);
  const truncating = truncatingTogether(committer, () => {
    pages.forget();
    recent.forget();
  });

  function ask<T>(question: () => T): T {
    if (!db.isOpen) throw new StoreUnavailable(`Event store ${path} is closed; open it again`);
    try {
      return question();
    } catch (error) {
      if (isDamage(error)) throw new StoreUnavailable(`${path} is damaged; ${restore}`, { cause: error });
      throw isUnavailable(error) ? new StoreUnavailable(`${path} can't be read; try again`, { cause: error }) : error;
    }
  }

  async function* follow(from: number, signal: AbortSignal, filter?: Filter): AsyncGenerator<Batch> {
    const page = ask(() => pages.of(filter));
    recent.expect();
    let position = from;
    while (!signal.aborted) {
      const batch = ask(() => page(position));
      if (batch.position === position) await signals.wait(signal);
      else yield batch;
      position = batch.position;
      // Reading is synchronous: without this a long catch-up would keep timers, sockets and the abort itself waiting.
      await nextTurn();
    }
  }

  return {
    read: async (name, after = -1, limit = pageLimits.events) => ask(() => stream(name, after, limit)),
    at: async (name, revision) => ask(() => place(name, revision)),
    append: (name, expected, events) =>
      new Promise((resolve, reject) => {
        const lines = events.map(serialising(name));
        if (lines.length === 0) throw new RangeError(`An append to ${name} has no events; append one at least`);
        if (readOnly) throw new TypeError(`${path} was opened to be read only; open it to be written to`);
        const settle = (outcome: Appended | Error) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
        ask(() => writer.add({ stream: name, expected, lines, settle }));
      }),
    truncate: async (stream, before) => {
      ask(() => {
        if (readOnly) throw new TypeError(`${path} was opened to be read only; open it to be written to`);
        mayTruncate({ stream, before });
      });
      try {
        await truncating.add({ stream, before });
      } catch (error) {
        throw new StoreUnavailable(`${stream} can't be truncated; try again`, { cause: error });
      }
    },
    follow,
    scan: async (from, filter, limits) =>
      ask(() => {
        recent.expect();
        return pages.scan(from, filter, limits);
      }),
    head: async () => ask(head),
    state: async () => {
      ask(head);
      return writer.state();
    },
    close: async () => {
      if (!db.isOpen) return;
      await truncating.ended();
      await writer.close();
      if (db.isOpen) db.close();
      signals.close();
    },
  };
}

/**
 * Wakes followers at commits of this connection, of other threads (by channel) and of other processes (by polling).
 * `expect` is called before those of others, of which nothing is known yet.
 */
function wakeUps(path: string, expect: () => void) {
  const waiting = new Set<() => void>();
  const wake = () => waiting.forEach((resume) => resume());
  const channel = path === ':memory:' ? undefined : new BroadcastChannel(absolute(path));
  if (channel) {
    channel.onmessage = () => {
      expect();
      wake();
    };
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
      const poll = () => {
        expect();
        resume();
      };
      const timer = setTimeout(poll, POLL_MS).unref();
      signal.addEventListener('abort', resume);
      waiting.add(resume);
    });
  let news = false;
  let resting: NodeJS.Timeout | undefined;
  const tell = () => {
    news = false;
    channel?.postMessage('news');
    resting = setTimeout(() => {
      resting = undefined;
      if (news) tell();
    }, TELL_MS).unref();
  };
  const announce = () => {
    wake();
    news = channel !== undefined;
    if (news && !resting) tell();
  };
  const close = () => {
    clearTimeout(resting);
    if (news) channel?.postMessage('news');
    channel?.close();
    wake();
  };
  return { wait, announce, close };
}

function mustBeWritable(name: string): void {
  if (hasSeparator(name))
    throw new TypeError(`${JSON.stringify(name)} has a character of code 0, which can't be written; leave it out`);
}

/** Makes lines of the events of an append. Metadata that several share is written down once. Throws what of the names can't be written. */
function serialising(stream: string): (event: NewEvent) => Line {
  mustBeWritable(stream);
  let last: { readonly metadata: Metadata; readonly text: string } | undefined;
  return ({ id, type, data, metadata }) => {
    const json = JSON.stringify(data) as string | undefined;
    mustBeWritable(id);
    mustBeWritable(type);
    if (json === undefined) throw new TypeError(`Event ${type} for ${stream} has no data; give it an object`);
    if (last?.metadata !== metadata) last = { metadata, text: JSON.stringify(metadata) };
    return [id, type, json, last.text];
  };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && UNAVAILABLE.includes(Number(error.errcode) & 0xff);
}
