import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { BroadcastChannel, Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { RevisionConflict, StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore, type SqliteEventStoreOptions } from '../../src/eventstore/sqlite/store.ts';
import { pageLimits, streamPages } from '../../src/eventstore/page.ts';
import { appendWithRetries, fact, facts, followUntil, numbers, take } from '../contracts/event-store.ts';
import { factsIn } from '../support/facts-in.ts';

const clock = () => new Date('2026-03-01T12:00:00Z');

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'leadfold-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

function openAt(path: string, options: Partial<SqliteEventStoreOptions> = {}) {
  const store = openSqliteEventStore(path, { clock, ...options });
  onTestFinished(() => store.close());
  return store;
}

async function opened(options: Partial<SqliteEventStoreOptions> = {}) {
  const path = join(await folder(), 'events.db');
  return { path, store: openAt(path, options) };
}

/** Another connection of the same file, with nothing of ours in between. */
function raw(path: string) {
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  return db;
}

/** Commits in the write-ahead log: a frame with a database size in bytes 4 to 7 of its 24-byte header ends a commit. */
async function commits(path: string): Promise<number> {
  const wal = await readFile(`${path}-wal`);
  const frame = 24 + wal.readUInt32BE(8);
  const starts = Array.from({ length: Math.floor((wal.length - 32) / frame) }, (_, index) => 32 + index * frame);
  return starts.filter((start) => wal.readUInt32BE(start + 4) > 0).length;
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('A SQLite event store commits in groups', () => {
  it('writes the appends of one turn with one commit', async () => {
    const { path, store } = await opened();
    const before = await commits(path);
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.append(`s-${n}`, -1, facts(2))));
    expect((await commits(path)) - before).toBe(1);
    expect(await store.head()).toBe(200);
  });

  it('writes at most so many events with one commit, in the order they came', async () => {
    const { path, store } = await opened({ maxGroup: 50 });
    const before = await commits(path);
    const appended = await Promise.all(Array.from({ length: 12 }, (_, n) => store.append(`s-${n}`, -1, facts(10))));
    expect((await commits(path)) - before).toBe(3);
    expect(appended.map(({ position }) => position)).toEqual(Array.from({ length: 12 }, (_, n) => 10 * (n + 1)));
  });

  it('writes an append that is larger than a group or the queue by itself', async () => {
    const { path, store } = await opened({ maxGroup: 10, maxPending: 10 });
    const before = await commits(path);
    await store.append('s-1', -1, facts(30));
    expect((await commits(path)) - before).toBe(1);
    expect(await factsIn(store, 's-1')).toHaveLength(30);
  });

  it('acknowledges only what another connection can see', async () => {
    const { path, store } = await opened();
    const other = raw(path).prepare('SELECT count(*) AS events FROM events');
    const seen = facts(20).map(async (event, n) => {
      await store.append(`s-${n}`, -1, [event]);
      return other.get()?.['events'];
    });
    expect(other.get()).toEqual({ events: 0 });
    expect(await Promise.all(seen)).toEqual(seen.map(() => 20));
  });

  it('lets a conflict harm nobody else in the group', async () => {
    const { store } = await opened();
    const outcomes = await Promise.allSettled([
      store.append('s-p.1', -1, facts(2)),
      store.append('s-p.1', -1, facts(2, 10)),
      store.append('s-p.2', 4, facts(1, 20)),
      store.append('s-p.1', 1, facts(1, 30)),
      store.append('s-p.3', -1, facts(1, 40)),
    ]);
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason))).toEqual([
      { revision: 1, position: 2 },
      expect.any(RevisionConflict),
      expect.any(RevisionConflict),
      { revision: 2, position: 3 },
      { revision: 0, position: 4 },
    ]);
    expect(numbers(await take(store, 0, 4))).toEqual([0, 1, 30, 40]);
  });

  it('lets data that JSON cannot hold harm nobody else', async () => {
    const { store } = await opened();
    const outcomes = await Promise.allSettled([
      store.append('s-1', -1, [fact(1)]),
      store.append('s-2', -1, [{ ...fact(2), data: undefined }]),
      store.append('s-3', -1, [{ ...fact(3), data: { big: 1n } }]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await store.head()).toBe(1);
  });

  it('refuses a name that can not be told from what comes after it, and harms nobody else', async () => {
    const { path, store } = await opened();
    const wrong = [
      store.append('s-1\0', -1, [fact(1)]),
      store.append('s-2', -1, [fact(1, 'Type\0')]),
      store.append('s-3', -1, [{ ...fact(1), id: '\0' }]),
    ];
    const right = store.append('s-4', -1, [{ ...fact(1), data: { text: 'a\0b' } }]);
    for (const each of wrong) await expect(each).rejects.toThrow(/character of code 0/);
    expect((await right).position).toBe(1);
    expect(raw(path).prepare('SELECT stream FROM events').all()).toEqual([{ stream: 's-4' }]);
    expect(await factsIn(store, 's-4')).toMatchObject([{ data: { text: 'a\0b' } }]);
  });

  it('refuses more of a project than it can hold, at once, and takes appends again after the commit', async () => {
    const { store } = await opened({ maxPending: 10 });
    const held = [store.append('s-p.1', -1, facts(6)), store.append('s-p.2', -1, facts(4))];
    const refused = expect(store.append('s-p.3', -1, facts(1))).rejects.toThrow(/try again/);
    await Promise.all([...held, refused]);
    await store.append('s-p.3', -1, facts(10));
    expect(await store.head()).toBe(20);
  });

  it('takes what another project has to say however much of one waits, and writes it among the first', async () => {
    const { store } = await opened({ maxPending: 100, maxGroup: 10 });
    const greedy = Array.from({ length: 100 }, (_, n) => store.append(`s-greedy.${n}`, -1, facts(1, n)));
    const refused = expect(store.append('s-greedy.more', -1, facts(1))).rejects.toThrow(/try again/);
    const { position } = await store.append('s-other.1', -1, facts(1));
    expect(position).toBeLessThanOrEqual(10);
    await Promise.all([...greedy, refused]);
    expect(await store.head()).toBe(101);
  });

  it('refuses what is too much of all projects together, but never one that has nothing waiting', async () => {
    const { store } = await opened({ maxPending: 10 });
    const held = Array.from({ length: 6 }, (_, n) => store.append(`s-p${n}.1`, -1, facts(9)));
    const refused = expect(store.append('s-p0.2', -1, facts(1))).rejects.toThrow(/try again/);
    await Promise.all([...held, store.append('s-new.1', -1, facts(9)), refused]);
    expect(await store.head()).toBe(63);
  });

  it('writes what is waiting before it closes, and can be closed twice', async () => {
    const { path, store } = await opened({ maxGroup: 3 });
    const appends = [store.append('s-1', -1, facts(2)), store.append('s-2', -1, facts(2))];
    await store.close();
    await store.close();
    await Promise.all(appends);
    expect(await openAt(path).head()).toBe(4);
  });

  it('stamps the time of its clock', async () => {
    const { store } = await opened({ clock: () => new Date(1_234) });
    await store.append('s-1', -1, facts(1));
    expect((await factsIn(store, 's-1'))[0]?.recordedAt).toEqual(new Date(1_234));
  });
});

describe('A SQLite event store that cannot write', () => {
  it('rejects all that the thread which died was to write, and starts another one for what comes then', async () => {
    const { path, store } = await opened({ maxGroup: 20 });
    for (const end of ['', '-wal', '-shm']) await rm(`${path}${end}`, { force: true });
    await mkdir(path);
    const lost = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => store.append(`s-${n}`, -1, [fact(n)])));
    const unavailable = { status: 'rejected', reason: { name: 'StoreUnavailable' } };
    expect(lost).toMatchObject(lost.map(() => unavailable));
    await rm(path, { recursive: true });
    expect(await store.append('s-0', -1, [fact(0)])).toEqual({ revision: 0, position: 1 });
  });

  it('rejects while another connection holds the write lock, and goes on afterwards', async () => {
    const { path, store } = await opened({ busyTimeout: 10 });
    const other = raw(path);
    other.exec('BEGIN IMMEDIATE');
    const outcomes = await Promise.allSettled([store.append('s-1', -1, facts(1)), store.append('s-2', -1, facts(1))]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { name: 'StoreUnavailable' } },
      { status: 'rejected', reason: { name: 'StoreUnavailable' } },
    ]);
    expect(await store.head()).toBe(0);
    other.exec('ROLLBACK');
    expect(await store.append('s-1', -1, facts(1))).toEqual({ revision: 0, position: 1 });
  });

  it('stores nothing of a group that fails in the middle, and goes on afterwards', async () => {
    const { path, store } = await opened();
    raw(path).exec(`CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.type = 'Last'
      BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
    const outcomes = await Promise.allSettled([
      store.append('s-1', -1, facts(3)),
      store.append('s-2', -1, [fact(3), fact(4, 'Last')]),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: { name: 'StoreUnavailable' } },
      { status: 'rejected', reason: { name: 'StoreUnavailable' } },
    ]);
    expect(await store.head()).toBe(0);
    expect(await store.append('s-1', -1, facts(3))).toEqual({ revision: 2, position: 3 });
    expect(numbers(await take(store, 0, 3))).toEqual([0, 1, 2]);
  });

  it('says which file can not be opened', async () => {
    const notADatabase = join(await folder(), 'events.db');
    await writeFile(notADatabase, 'not a database, '.repeat(100));
    expect(() => openSqliteEventStore(notADatabase, { clock })).toThrow(StoreUnavailable);
    expect(() => openSqliteEventStore(notADatabase, { clock })).toThrow(notADatabase);
    expect(() => openSqliteEventStore(join(notADatabase, 'events.db'), { clock })).toThrow(StoreUnavailable);
  });

  it('makes the folder it is told to live in', async () => {
    const path = join(await folder(), 'a', 'b', 'events.db');
    await openAt(path).append('s-1', -1, facts(1));
    expect((await readFile(path)).length).toBeGreaterThan(0);
  });
});

describe('A follower of a SQLite event store', () => {
  /** From here on no poll happens by itself. */
  const stopPolling = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

  it('is woken by a commit of its own connection', async () => {
    const { store } = await opened();
    stopPolling();
    const reading = take(store, 0, 3);
    for (let n = 0; n < 3; n += 1) await store.append('s-1', n - 1, [fact(n)]);
    expect(numbers(await reading)).toEqual([0, 1, 2]);
  });

  it('is woken by a commit of another connection in this process', async () => {
    const { path, store } = await opened();
    const other = openAt(path);
    stopPolling();
    const reading = take(other, 0, 3);
    for (let n = 0; n < 3; n += 1) await store.append('s-1', n - 1, [fact(n)]);
    // The first is told at once, what comes soon after it together.
    await vi.advanceTimersByTimeAsync(10);
    expect(numbers(await reading)).toEqual([0, 1, 2]);
  });

  it('finds the commits of another process by looking', async () => {
    const { path, store } = await opened();
    const other = raw(path);
    stopPolling();
    const reading = take(store, 0, 1);
    other.exec(`INSERT INTO events VALUES (NULL, 's-1', 0, 'id', 'Counted', '{"n":1}', '{}', 0, NULL)`);
    await vi.advanceTimersByTimeAsync(250);
    expect(numbers(await reading)).toEqual([1]);
  });

  it('ends at once when aborted while it waits, and leaves no listener behind', async () => {
    const { store } = await opened();
    stopPolling();
    const stop = new AbortController();
    const remove = vi.spyOn(stop.signal, 'removeEventListener');
    const add = vi.spyOn(stop.signal, 'addEventListener');
    const next = store.follow(0, stop.signal)[Symbol.asyncIterator]().next();
    stop.abort();
    expect(await next).toMatchObject({ done: true });
    expect(vi.getTimerCount()).toBe(0);
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });

  it('fails when the store is closed under it', async () => {
    const { store } = await opened();
    stopPolling();
    const next = store.follow(0, new AbortController().signal)[Symbol.asyncIterator]().next();
    await store.close();
    await expect(next).rejects.toBeInstanceOf(StoreUnavailable);
  });

  it('lets the process do other work between two pages', async () => {
    const { store } = await opened();
    await store.append('s-1', -1, facts(3_000));
    const seen: (number | 'other')[] = [];
    setImmediate(() => seen.push('other'));
    const stop = new AbortController();
    for await (const { position } of store.follow(0, stop.signal)) {
      seen.push(position);
      if (position === 3_000) stop.abort();
    }
    expect(seen).toEqual([1_000, 'other', 2_000, 3_000]);
  });

  it('lets the process do other work while it passes over many events that it does not want', async () => {
    const { store } = await opened();
    await store.append('s-1', -1, facts(24_999));
    await store.append('s-1', 24_998, [fact(1, 'Rare')]);
    const seen: (number | 'other')[] = [];
    setImmediate(() => seen.push('other'));
    const stop = new AbortController();
    for await (const { events, position } of store.follow(0, stop.signal, { types: ['Rare'] })) {
      seen.push(events.length, position);
      if (position === 25_000) stop.abort();
    }
    expect(seen).toEqual([0, 10_000, 'other', 0, 20_000, 1, 25_000]);
  });

  it('takes a prefix as it is written, whatever characters it has', async () => {
    const { store } = await opened();
    const streams = ['a%-1', 'ab-1', 'A%-1', 'a%', "a'-1", '\u{10ffff}-1', 'Ω-1'];
    for (const [n, stream] of streams.entries()) await store.append(stream, -1, [fact(n)]);
    const wanted = ['a%-', "a'", '\u{10ffff}', 'Ω'];
    expect(numbers(await take(store, 0, 4, { streams: wanted }))).toEqual([0, 4, 5, 6]);
  });

  it('leaves no channel open behind a closed store', async () => {
    const { store } = await opened();
    const close = vi.spyOn(BroadcastChannel.prototype, 'close');
    await store.close();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('sees the commits of the main thread from a worker thread', async () => {
    const { path, store } = await opened();
    await store.append('s-1', -1, facts(1));
    const worker = new Worker(new URL('./follow-worker.ts', import.meta.url), { workerData: path });
    onTestFinished(async () => void (await worker.terminate()));
    for (let n = 0; n < 100; n += 1) {
      expect(await once(worker, 'message')).toEqual([n]);
      await store.append('s-1', n, [fact(n + 1)]);
    }
  }, 15_000);
});

describe('Several processes on one SQLite event store', () => {
  /** Runs a module in a process of its own; gives its exit code when it has ended by itself. */
  async function run(path: string, code: string): Promise<number | null> {
    const module = JSON.stringify(new URL('../../src/eventstore/sqlite/store.ts', import.meta.url).href);
    const prelude = `import { openSqliteEventStore } from ${module};`;
    const file = join(dirname(path), 'other.mjs');
    await writeFile(file, prelude + code);
    const child = spawn(process.execPath, ['--no-warnings', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    return exitCode;
  }
  const openIn = (path: string) => `openSqliteEventStore(${JSON.stringify(path)}, { clock: () => new Date(0) })`;

  it('write to one stream without losing or repeating a fact', async () => {
    const { path, store } = await opened();
    const other = run(
      path,
      `const store = ${openIn(path)};
      const metadata = { commandId: 'c', correlationId: 'x', causationId: 'y' };
      for (let n = 100; n < 200; ) {
        const revision = (await store.read('s-1')).events.length - 1;
        try { await store.append('s-1', revision, [{ id: 'i', type: 'Counted', data: { n }, metadata }]); n += 1; }
        catch (error) { if (error.name !== 'RevisionConflict') throw error; }
      }`,
    );
    for (const event of facts(100)) await appendWithRetries(store, 's-1', event);
    expect(await other).toBe(0);
    const events = await take(store, 0, 200);
    expect(events).toEqual(await factsIn(store, 's-1'));
    expect([...numbers(events)].sort((a, b) => a - b)).toEqual(numbers(facts(200)));
  });

  it('end by themselves although a follower waits', async () => {
    const { path } = await opened();
    const code = await run(
      path,
      `const store = ${openIn(path)};
      void store.follow(0, new AbortController().signal)[Symbol.asyncIterator]().next();`,
    );
    expect(code).toBe(0);
  });
});

describe('A page of a SQLite event store', () => {
  const large = (n: number, bytes: number) => ({ ...fact(n), data: { n, text: 'x'.repeat(bytes) } });

  it('has one event at least, however large it is, and ends with the one that fills it', async () => {
    const { store } = await opened();
    const { bytes } = pageLimits;
    const room = bytes - JSON.stringify(large(0, 0).data).length - JSON.stringify(fact(0).metadata).length;
    await store.append('s-1', -1, [large(0, 3 * bytes), large(1, room - 1), fact(2), large(3, room), fact(4)]);
    const pages: (readonly number[])[] = [];
    for await (const page of streamPages(store, 's-1')) pages.push(numbers(page));
    expect(pages).toEqual([[0], [1, 2], [3], [4]]);
    const batches = await followUntil(store, 0, (seen) => seen.at(-1)?.position === 5);
    expect(batches.map(({ events }) => numbers(events))).toEqual(pages);
  });
});

describe('A SQLite event store whose disk is full', () => {
  const large = (n: number) => ({ ...fact(n), data: { n, text: 'x'.repeat(20_000) } });

  it('says so while nothing can be appended, still reads, and goes on by itself when there is room', async () => {
    const { path, store } = await opened({ maxPages: 100 });
    const stored = async (n: number): Promise<boolean> => {
      const [{ status } = { status: '' }] = await Promise.allSettled([store.append(`s-${n}`, -1, [large(n)])]);
      return status === 'fulfilled';
    };
    expect(await store.state()).toBe('up');
    let n = 0;
    while (await stored(n)) n += 1;
    expect(n).toBeGreaterThan(5);
    await expect(store.append('s-full', -1, [large(n)])).rejects.toBeInstanceOf(StoreUnavailable);
    expect(await store.state()).toBe('disk-full');
    expect(await store.head()).toBe(n);
    raw(path).exec('DELETE FROM events WHERE position > 3');
    await vi.waitFor(async () => expect(await store.state()).toBe('up'), { timeout: 5_000 });
    expect(await stored(n + 1)).toBe(true);
    // What was tried left nothing behind.
    expect(raw(path).prepare(`SELECT name FROM sqlite_schema WHERE name = 'room'`).get()).toBeUndefined();
  });
});

describe('A truncated stream of a SQLite event store', () => {
  const secret = 'ada@example.com';
  const about = (n: number) => ({ ...fact(n), data: { n, email: secret } });

  it('is nowhere in the files any more, neither in pages that were freed nor in the write-ahead log', async () => {
    const { path, store } = await opened();
    const bytes = async (): Promise<string> =>
      (await Promise.all([path, `${path}-wal`].map((file) => readFile(file, 'latin1')))).join('');
    for (let n = 0; n < 200; n += 1) await store.append('lead-a', n - 1, [about(n)]);
    await store.append('lead-b', -1, facts(5));
    await store.append('lead-a', 199, [fact(200)]);
    expect(await bytes()).toContain(secret);
    await store.truncate('lead-a', 200);
    expect(await bytes()).not.toContain(secret);
    expect(numbers(await factsIn(store, 'lead-b'))).toEqual([0, 1, 2, 3, 4]);
  });

  it('among many at once keeps nobody from appending', async () => {
    const { store } = await opened();
    const streams = Array.from({ length: 300 }, (_, n) => `reject-acme.${n}`);
    await Promise.all(streams.map((stream) => store.append(stream, -1, [about(0), fact(1)])));
    const truncated = Promise.all(streams.map((stream) => store.truncate(stream, 1)));
    for (let n = 0; n < 50; n += 1) await store.append('lead-bloom', n - 1, [fact(n)]);
    await truncated;
    expect(await factsIn(store, 'lead-bloom')).toHaveLength(50);
    for (const stream of streams) expect(numbers(await factsIn(store, stream))).toEqual([1]);
  });

  it('is forgotten by those who follow here', async () => {
    const { store } = await opened();
    for (let n = 0; n < 3; n += 1) await store.append('lead-a', n - 1, [about(n)]);
    expect(await take(store, 0, 3)).toHaveLength(3);
    await store.append('lead-a', 2, [fact(3)]);
    await store.truncate('lead-a', 3);
    expect(numbers(await take(store, 0, 1))).toEqual([3]);
  });

  it('can not be made by who may only read', async () => {
    const { path, store } = await opened();
    await store.append('lead-a', -1, facts(3));
    await expect(openAt(path, { readOnly: true }).truncate('lead-a', 2)).rejects.toThrow('read only');
  });
});
