import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Batch, EventStore } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import { newBeat } from '../../src/runners/beat.ts';
import { openRecoveries } from '../../src/runners/recoveries.ts';
import { subscribe, type Reader } from '../../src/runners/subscription.ts';
import { fact, facts, numbers } from '../contracts/event-store.ts';

/** A reader that remembers what it handled, with a checkpoint of its own, on a store in memory. */
function reading(options: Partial<Reader> = {}, wrap: (store: EventStore) => EventStore = (store) => store) {
  const store = openSqliteEventStore(':memory:', { clock: () => new Date(0) });
  const seen: number[] = [];
  const kept = { checkpoint: 0, time: 0 };
  const keep = (batch: Batch) => {
    seen.push(...numbers(batch.events));
    kept.checkpoint = batch.position;
  };
  const start = (more: Partial<Reader> = {}) => {
    const subscription = subscribe({
      name: 'counter',
      store: wrap(store),
      load: async () => ({ position: kept.checkpoint }),
      handle: async (batch) => keep(batch),
      now: () => new Date((kept.time += 1_000)),
      retryDelay: () => 0,
      ...options,
      ...more,
    });
    onTestFinished(() => subscription.stop());
    return subscription;
  };
  onTestFinished(() => store.close());
  return { store, seen, kept, keep, start };
}

/** A promise and what settles it. */
function gate() {
  return Promise.withResolvers<void>();
}

afterEach(() => {
  vi.useRealTimers();
});

describe('A subscription', () => {
  it('handles everything from its checkpoint on, and what comes later', async () => {
    const { store, seen, kept, start } = reading();
    await store.append('s-1', -1, facts(5));
    kept.checkpoint = 2;
    const subscription = start();
    await subscription.reached(5);
    await store.append('s-1', 4, facts(2, 5));
    await subscription.reached(7);
    expect(seen).toEqual([2, 3, 4, 5, 6]);
    expect(subscription.status()).toMatchObject({ name: 'counter', position: 7, attempts: 0 });
  });

  it('has come to the end of the log when what is to be done there is done, which is done once', async () => {
    const { store, seen, start } = reading();
    await store.append('s-1', -1, facts(3));
    const [called, done] = [gate(), gate()];
    const handled: number[] = [];
    const subscription = start({
      caughtUp: async () => {
        handled.push(seen.length);
        called.resolve();
        await done.promise;
      },
    });
    await called.promise;
    expect(subscription.status()).toMatchObject({ state: 'catching-up', position: 0 });
    done.resolve();
    await subscription.reached(3);
    await store.append('s-1', 2, facts(1, 3));
    await subscription.reached(4);
    expect(handled).toEqual([3]);
  });

  it('handles only the streams of its filter, and still comes to the end of the log', async () => {
    const { store, seen, start } = reading({ filter: { streams: ['a-'] } });
    await store.append('a-1', -1, facts(1));
    await store.append('b-1', -1, facts(3, 10));
    const subscription = start();
    await subscription.reached(4);
    expect(seen).toEqual([0]);
    expect(subscription.status().state).toBe('live');
  });

  it('does not ask for the end of the log where each batch says it', async () => {
    let asked = 0;
    const told = (inner: EventStore): EventStore => ({
      ...inner,
      head: async () => {
        asked += 1;
        return inner.head();
      },
      follow: async function* (...following) {
        for await (const batch of inner.follow(...following)) yield { ...batch, end: 2_500 };
      },
    });
    const { store, seen, start } = reading({}, told);
    await store.append('s-1', -1, facts(2_500));
    const subscription = start();
    await subscription.reached(2_500);
    expect(seen).toHaveLength(2_500);
    expect(subscription.status().state).toBe('live');
    // Both before it begins: whether the log has what its checkpoint stands on, and whether there is anything to do.
    expect(asked).toBe(2);
  });

  it('handles one batch at a time', async () => {
    const { store, start } = reading();
    let busy = 0;
    let most = 0;
    await store.append('s-1', -1, facts(3_000));
    const handle = async () => {
      busy += 1;
      most = Math.max(most, busy);
      await store.head();
      busy -= 1;
    };
    await start({ handle }).reached(3_000);
    expect(most).toBe(1);
  });

  it('is starting, then catching up, then live, and says since when', async () => {
    const { store, kept, keep, start } = reading();
    await store.append('s-1', -1, facts(2_000));
    const [loaded, first, second] = [gate(), gate(), gate()];
    const gates = [first, second];
    const subscription = start({
      load: async () => {
        await loaded.promise;
        return { position: 0 };
      },
      handle: async (batch) => {
        await gates.shift()?.promise;
        keep(batch);
      },
    });
    const starting = subscription.status();
    expect(starting).toMatchObject({ state: 'starting', position: 0 });
    loaded.resolve();
    first.resolve();
    await subscription.reached(1_000);
    const catchingUp = subscription.status();
    expect(catchingUp).toMatchObject({ state: 'catching-up', position: 1_000 });
    expect(catchingUp.since.getTime()).toBeGreaterThan(starting.since.getTime());
    second.resolve();
    await subscription.reached(2_000);
    expect(subscription.status()).toMatchObject({ state: 'live', since: new Date(kept.time) });
  });

  it('says when it came to its position, however long it has been live', async () => {
    const { store, kept, start } = reading();
    const subscription = start();
    await store.append('s-1', -1, facts(1));
    await subscription.reached(1);
    kept.time = 3_600_000;
    await store.append('s-1', 0, facts(1, 1));
    await subscription.reached(2);
    const { state, since, cameAt, inHand } = subscription.status();
    expect({ state, inHand }).toEqual({ state: 'live', inHand: undefined });
    expect(since.getTime()).toBeLessThan(3_600_000);
    expect(cameAt?.getTime()).toBeGreaterThan(3_600_000);
  });

  it('is live when it has come to the end as it was when the batch came, though the log went on', async () => {
    const { store, keep, start } = reading();
    await store.append('s-1', -1, facts(1));
    const subscription = start({
      handle: async (batch) => {
        if (batch.position < 20) await store.append('s-1', batch.position - 1, [fact(batch.position)]);
        keep(batch);
      },
    });
    await subscription.reached(1);
    expect(subscription.status().state).toBe('live');
    await subscription.reached(20);
  });

  it.each([0, 3])('is live at once when there is nothing to handle after position %d', async (position) => {
    const { store, kept, start } = reading();
    if (position > 0) await store.append('s-1', -1, facts(position));
    kept.checkpoint = position;
    const subscription = start();
    while (subscription.status().state === 'starting') await nextTurn();
    expect(subscription.status()).toMatchObject({ state: 'live', position });
  });
});

describe('A live subscription', () => {
  /** One that has come to the end of a log with one fact, and rests, in a time that goes on only when it is told to. */
  async function resting(options: Partial<Reader> = {}) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const batches: (readonly number[])[] = [];
    const { store, start } = reading({ ...options, handle: async ({ events }) => void batches.push(numbers(events)) });
    await store.append('s-1', -1, facts(1));
    const subscription = start();
    while (batches.length === 0) await nextTurn();
    return { store, batches, subscription };
  }

  /** Long enough for whatever does not wait for time. */
  async function turns() {
    for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  }

  it('takes what comes within 20 ms after it began a batch as one batch', async () => {
    const { store, batches } = await resting();
    for (let n = 1; n < 10; n += 1) await store.append('s-1', n - 1, [fact(n)]);
    await turns();
    expect(batches).toEqual([[0]]);
    await vi.advanceTimersByTimeAsync(20);
    await turns();
    expect(batches).toEqual([[0], numbers(facts(9, 1))]);
  });

  it('handles the first fact after a quiet time at once', async () => {
    const { store, batches } = await resting();
    await vi.advanceTimersByTimeAsync(20);
    await turns();
    await store.append('s-1', 0, [fact(1)]);
    await turns();
    expect(batches).toEqual([[0], [1]]);
  });

  it('does not rest while somebody waits for a position', async () => {
    const { store, batches, subscription } = await resting();
    const third = subscription.reached(3);
    await store.append('s-1', 0, [fact(1)]);
    await turns();
    expect(batches).toEqual([[0], [1]]);
    await store.append('s-1', 1, [fact(2)]);
    await third;
    await store.append('s-1', 2, [fact(3)]);
    await turns();
    expect(batches.flat()).toEqual([0, 1, 2]);
    await subscription.reached(4);
    expect(batches.flat()).toEqual([0, 1, 2, 3]);
  });

  it('rests longer after a batch that had nothing for it, unless somebody waits', async () => {
    const { store, batches, subscription } = await resting({ filter: { types: ['Wanted'] }, beat: newBeat(2_000) });
    await store.append('s-1', 0, [fact(1, 'Wanted')]);
    await vi.advanceTimersByTimeAsync(1_000);
    await turns();
    expect(batches).toEqual([[]]);
    await vi.advanceTimersByTimeAsync(1_000);
    await turns();
    expect(batches).toEqual([[], [1]]);
    await store.append('s-1', 1, [fact(2), fact(3, 'Wanted')]);
    await subscription.reached(4);
    expect(batches.flat()).toEqual([1, 3]);
  });

  it('does not rest when it has fallen behind', async () => {
    const { store, batches } = await resting();
    await store.append('s-1', 0, facts(2_600, 1));
    await vi.advanceTimersByTimeAsync(20);
    await turns();
    expect(batches.map(({ length }) => length)).toEqual([1, 1_000, 1_000, 600]);
  });

  it('stops at once while it rests', async () => {
    const { subscription } = await resting();
    await subscription.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('A subscription that passes over what it does not want', () => {
  /** One that wants one type and says where it passed; facts of others are appended one by one. */
  function passing(pass?: (position: number) => Promise<void>) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const passed: number[] = [];
    const keep = async (position: number) => void passed.push(position);
    const { store, seen, start } = reading({ filter: { types: ['Wanted'] }, pass: pass ?? keep });
    const subscription = start();
    const append = async (n: number, type?: string) => {
      const { position } = await store.append(`s-${n}`, -1, [fact(n, type)]);
      await subscription.reached(position);
    };
    return { passed, seen, append, subscription };
  }

  it('saves that at most once a second', async () => {
    const { passed, append, subscription } = passing();
    for (let n = 1; n <= 5; n += 1) await append(n);
    expect(subscription.status()).toMatchObject({ state: 'live', position: 5 });
    await vi.advanceTimersByTimeAsync(999);
    expect(passed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(passed).toEqual([5]);
    await append(6);
    await vi.advanceTimersByTimeAsync(1_000);
    await vi.advanceTimersByTimeAsync(9_000);
    await subscription.stop();
    expect(passed).toEqual([5, 6]);
  });

  it('saves that when it is stopped', async () => {
    const { passed, append, subscription } = passing();
    for (let n = 1; n <= 3; n += 1) await append(n);
    await subscription.stop();
    expect(passed).toEqual([3]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('handles what it wants in between, and only that', async () => {
    const { passed, seen, append, subscription } = passing();
    await append(1);
    await append(2, 'Wanted');
    await append(3);
    await subscription.stop();
    expect(seen).toEqual([2]);
    expect(passed).toEqual([3]);
  });

  it('saves it later when that fails', async () => {
    const outcomes = ['away', 'away', ''];
    const tried: number[] = [];
    const { append } = passing(async (position) => {
      tried.push(position);
      if (outcomes.shift()) throw new Error('no disk');
    });
    await append(1);
    await vi.advanceTimersByTimeAsync(1_000);
    await append(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(tried).toEqual([1, 2, 2]);
  });

  it('stops also when it can not be saved any more', async () => {
    const { append, subscription } = passing(() => Promise.reject(new Error('no disk')));
    await append(1);
    await subscription.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('A subscription that fails', () => {
  it('is stalled, says why, and tries the same batch again until it is handled', async () => {
    const { store, seen, keep, start } = reading();
    await store.append('s-1', -1, facts(3));
    const stalled: unknown[] = [];
    const subscription = start({
      handle: async (batch) => {
        if (stalled.length < 3) throw new Error(`no disk ${stalled.length}`);
        keep(batch);
      },
      retryDelay: (attempt) => {
        stalled.push({ attempt, ...subscription.status() });
        return 0;
      },
    });
    await subscription.reached(3);
    expect(stalled).toMatchObject([
      { attempt: 1, attempts: 1, state: 'stalled', error: 'no disk 0', position: 0 },
      { attempt: 2, attempts: 2, state: 'stalled', error: 'no disk 1' },
      { attempt: 3, attempts: 3, state: 'stalled', error: 'no disk 2' },
    ]);
    expect(new Set(stalled.map((status) => (status as { since: Date }).since.getTime())).size).toBe(1);
    expect(seen).toEqual([0, 1, 2]);
    expect(subscription.status()).toMatchObject({ state: 'live', attempts: 0, position: 3 });
    expect(subscription.status()).not.toHaveProperty('error');
  });

  it('tries again to do what is to be done at the end of the log, and handles nothing again for it', async () => {
    const { store, seen, start } = reading();
    await store.append('s-1', -1, facts(3));
    const errors: unknown[] = [];
    const subscription = start({
      caughtUp: async () => {
        if (errors.length < 2) throw new Error('no disk');
      },
      retryDelay: () => {
        errors.push(subscription.status().error);
        return 0;
      },
    });
    await subscription.reached(3);
    expect(errors).toEqual(['no disk', 'no disk']);
    expect(seen).toEqual([0, 1, 2]);
  });

  it('tries again at once when a store is there again, and begins to wait anew', async () => {
    const recoveries = openRecoveries();
    const { store, keep, start } = reading({ recoveries });
    await store.append('s-1', -1, facts(1));
    const waits: number[] = [];
    const state = { away: true };
    const subscription = start({
      handle: async (batch) => {
        if (state.away) throw new Error('away');
        keep(batch);
      },
      retryDelay: (attempt) => {
        waits.push(attempt);
        return attempt < 9 ? 0 : 3_600_000;
      },
    });
    while (waits.length < 9) await nextTurn();
    recoveries.announce();
    while (waits.length < 18) await nextTurn();
    expect(waits).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(subscription.status()).toMatchObject({ state: 'stalled', attempts: 18 });
    state.away = false;
    recoveries.announce();
    await subscription.reached(1);
    expect(subscription.status()).toMatchObject({ state: 'live', attempts: 0 });
  });

  it('tries again at once when a store came back while it tried', async () => {
    const recoveries = openRecoveries();
    const { store, keep, start } = reading({ recoveries });
    await store.append('s-1', -1, facts(1));
    let tries = 0;
    const subscription = start({
      handle: async (batch) => {
        if (tries++ > 0) return keep(batch);
        recoveries.announce();
        throw new Error('away');
      },
      retryDelay: () => 3_600_000,
    });
    await subscription.reached(1);
    expect(tries).toBe(2);
  });

  it('stays stalled, with its error, while it tries again', async () => {
    const { store, keep, start } = reading();
    await store.append('s-1', -1, facts(1));
    const states: unknown[] = [];
    const subscription = start({
      handle: async (batch) => {
        states.push(subscription.status());
        if (states.length === 1) throw new Error('no disk');
        keep(batch);
      },
    });
    await subscription.reached(1);
    expect(states).toMatchObject([{ state: 'catching-up' }, { state: 'stalled', error: 'no disk' }]);
  });

  it('goes on from the checkpoint that was kept, not from where it thought it was', async () => {
    const { store, seen, kept, keep, start } = reading();
    await store.append('s-1', -1, facts(1_500));
    let fail = true;
    const subscription = start({
      handle: async (batch) => {
        keep(batch);
        if (fail && batch.position > 1_000) {
          fail = false;
          kept.checkpoint = 700;
          throw new Error('the disk lost the end');
        }
      },
    });
    await subscription.reached(1_500);
    expect(seen.slice(1_500)).toEqual(numbers(facts(800, 700)));
  });

  it('goes on by itself when the log fails, ends, or can not be asked for its head', async () => {
    const failures = ['throws', 'ends', 'head'];
    const { store, seen, start } = reading({}, (inner) => ({
      ...inner,
      head: async () => {
        if (failures.at(-1) === 'head') throw new Error(`failure: ${failures.pop()}`);
        return inner.head();
      },
      async *follow(from, signal, filter) {
        const failure = failures.pop();
        if (failure === 'ends') return;
        if (failure) throw new Error(`failure: ${failure}`);
        yield* inner.follow(from, signal, filter);
      },
    }));
    await store.append('s-1', -1, facts(2));
    const errors: unknown[] = [];
    const subscription = start({
      retryDelay: () => {
        errors.push(subscription.status().error);
        return 0;
      },
    });
    await subscription.reached(2);
    expect(errors).toEqual(['failure: head', 'The log ended', 'failure: throws']);
    expect(seen).toEqual([0, 1]);
  });

  it('waits longer after each failure, even when nothing is left to handle', async () => {
    const attempts: number[] = [];
    const enough = gate();
    const { start } = reading({}, (inner) => ({
      ...inner,
      follow: () => {
        throw new Error('gone');
      },
    }));
    start({
      retryDelay: (attempt) => {
        attempts.push(attempt);
        if (attempt === 4) enough.resolve();
        return attempt === 4 ? 60_000 : 0;
      },
    });
    await enough.promise;
    expect(attempts).toEqual([1, 2, 3, 4]);
  });

  it('waits between half and all of a time that doubles up to thirty seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { store } = reading();
    await store.append('s-1', -1, facts(1));
    const handle = () => Promise.reject(new Error('no disk'));
    const subscription = subscribe({
      name: 'counter',
      store,
      load: async () => ({ position: 0 }),
      handle,
      now: () => new Date(0),
    });
    onTestFinished(() => subscription.stop());
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      while (subscription.status().attempts < attempt) await nextTurn();
      const longest = Math.min(30_000, 100 * 2 ** (attempt - 1));
      vi.advanceTimersByTime(longest / 2 - 1);
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(longest / 2 + 1);
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});

describe('A subscription to a log that lost its tail', () => {
  /** A log with facts in a stream, 0 to 4 at first, and what a reader has read of another that began alike. */
  async function given(options: Partial<Reader> = {}) {
    const reader = reading(options);
    const other = openSqliteEventStore(':memory:', { clock: () => new Date(0) });
    onTestFinished(() => other.close());
    const common = facts(3);
    for (const store of [reader.store, other]) await store.append('s-1', -1, common);
    await other.append('s-1', 2, facts(2, 30));
    const standingAt = async (revision: number) => {
      const fact = await other.at('s-1', revision);
      if (!fact) throw new Error('There is none');
      return { position: fact.position, fact };
    };
    return { ...reader, standingAt };
  }

  const lost = async ({ status }: ReturnType<typeof subscribe>) => {
    await vi.waitFor(() => expect(status().state).toBe('lost-tail'));
    return status();
  };

  it('reads nothing when the log is shorter than its checkpoint, and says so', async () => {
    const { seen, start, standingAt } = await given();
    const standing = await standingAt(4);
    const told: string[] = [];
    const subscription = start({ load: async () => standing, onLostTail: ({ message }) => told.push(message) });
    const { error, position } = await lost(subscription);
    expect(error).toMatch(/^It has read up to 5, and the log ends at 3\. .* npm run rebuild -- --all$/);
    await vi.waitFor(() => expect(subscription.status().attempts).toBeGreaterThan(3));
    expect({ told, position, seen }).toEqual({ told: [error], position: 0, seen: [] });
    const late = subscription.reached(4, AbortSignal.timeout(50));
    await expect(late).rejects.toThrow('in time');
  });

  it('reads nothing when another fact is where its checkpoint stands, however long the log has become', async () => {
    const { store, seen, start, standingAt } = await given();
    await store.append('s-1', 2, facts(50, 3));
    const standing = await standingAt(4);
    const { error } = await lost(start({ load: async () => standing }));
    expect(error).toContain(`It has read fact ${standing.fact.id} at position 5, revision 4 of s-1, and another fact`);
    expect(seen).toEqual([]);
  });

  it('reads nothing when the stream of the fact is gone, or the fact has another position', async () => {
    const { store, seen, start, standingAt } = await given();
    const { position, fact: known } = await standingAt(2);
    await store.append('s-2', -1, facts(20, 100));
    const elsewhere = [
      [{ ...known, stream: 's-3' }, 'there is none now'],
      [{ ...known, position: 2 }, 'that revision is at position 3 now'],
    ] as const;
    for (const [fact, said] of elsewhere) {
      const subscription = start({ load: async () => ({ position, fact }) });
      expect((await lost(subscription)).error).toContain(said);
      await subscription.stop();
    }
    expect(seen).toEqual([]);
  });

  it('goes on as soon as the log has again what it had, or its checkpoint is another', async () => {
    const { store, seen, start, standingAt } = await given();
    const kept: { standing: Awaited<ReturnType<typeof standingAt>> | { position: number } } = {
      standing: await standingAt(4),
    };
    const subscription = start({ load: async () => kept.standing });
    await lost(subscription);
    kept.standing = await standingAt(1);
    await subscription.reached(await store.head());
    expect(seen).toEqual([2]);
    expect(subscription.status()).toMatchObject({ state: 'live', position: 3 });
    expect(subscription.status().error).toBeUndefined();
  });

  it('begins at the beginning when it may, and comes to the end of the log once more', async () => {
    const { store, seen, start, standingAt } = await given();
    const kept: { standing: Awaited<ReturnType<typeof standingAt>> | { position: number }; arrivals: number } = {
      standing: await standingAt(4),
      arrivals: 0,
    };
    const answers = [false, false, true];
    const subscription = start({
      load: async () => kept.standing,
      beginAgain: async () => {
        const may = answers.shift() ?? false;
        if (may) kept.standing = { position: 0 };
        return may;
      },
      caughtUp: async () => void (kept.arrivals += 1),
    });
    await subscription.reached(await store.head());
    expect({ seen, answers, arrivals: kept.arrivals }).toEqual({ seen: [0, 1, 2], answers: [], arrivals: 1 });
  });

  it('takes a checkpoint without a fact as it is, and hands over the fact that the next one stands on', async () => {
    const { store, start } = reading();
    await store.append('s-1', -1, facts(4));
    await store.append('other-1', -1, facts(1, 50));
    const handled: Batch[] = [];
    const filter = { streams: ['s-'] };
    const handle = async (batch: Batch) => void handled.push(batch);
    await start({ load: async () => ({ position: 2 }), filter, handle }).reached(5);
    expect(handled.map(({ events, position, last }) => [numbers(events), position, last])).toEqual([
      [[2, 3], 5, await store.at('other-1', 0)],
    ]);
  });

  it('reads on from the fact, where its checkpoint is beyond it', async () => {
    const { store, seen, start } = reading();
    await store.append('s-1', -1, facts(5));
    const fact = await store.at('s-1', 1);
    const subscription = start({ load: async () => ({ position: 4, ...(fact && { fact }) }) });
    await subscription.reached(5);
    expect(seen).toEqual([2, 3, 4]);
  });

  it('saves with what it passed over the fact that it stands on', async () => {
    const { store, start } = reading();
    await store.append('other-1', -1, facts(3));
    const passed: unknown[] = [];
    const subscription = start({
      filter: { streams: ['s-'] },
      pass: async (...standing) => void passed.push(standing),
    });
    await subscription.reached(3);
    await subscription.stop();
    expect(passed).toEqual([[3, await store.at('other-1', 2)]]);
  });
});

describe('Waiting for a position', () => {
  it('ends with the signal, and holds on to nothing afterwards', async () => {
    const { start } = reading();
    const subscription = start();
    const limit = new AbortController();
    const add = vi.spyOn(limit.signal, 'addEventListener');
    const remove = vi.spyOn(limit.signal, 'removeEventListener');
    const waiting = expect(subscription.reached(1, limit.signal)).rejects.toThrow('did not reach 1 in time');
    limit.abort();
    await waiting;
    await expect(subscription.reached(1, limit.signal)).rejects.toThrow('in time');
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });

  it('holds on to nothing once the position is reached', async () => {
    const { store, start } = reading();
    const subscription = start();
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    const waiting = subscription.reached(1, signal);
    await store.append('s-1', -1, facts(1));
    await waiting;
    expect(remove).toHaveBeenCalledTimes(1);
  });

  it('is over for everybody whose position has come, and only for them', async () => {
    const { store, start } = reading();
    const subscription = start();
    const over: number[] = [];
    const waits = [3, 1, 2, 9].map(async (position) => {
      await subscription.reached(position);
      over.push(position);
    });
    // Who asks again may be answered by another reader.
    const stopped = new ReadModelsUnavailable('Subscription counter was stopped');
    const last = expect(waits[3]).rejects.toThrow(stopped);
    await store.append('s-1', -1, facts(3));
    await Promise.all(waits.slice(0, 3));
    expect(over.sort()).toEqual([1, 2, 3]);
    await subscription.stop();
    await last;
  });

  it('fails at once when the subscription is stopped, unless the position was reached before', async () => {
    const { store, start } = reading();
    await store.append('s-1', -1, facts(1));
    const subscription = start();
    await subscription.reached(1);
    await subscription.stop();
    await subscription.reached(1);
    await expect(subscription.reached(2)).rejects.toThrow(ReadModelsUnavailable);
    await expect(subscription.reached(2)).rejects.toThrow('is stopped at 1');
  });
});

describe('Stopping a subscription', () => {
  it('waits for the batch in hand and takes no other', async () => {
    const { store, seen, keep, start } = reading();
    await store.append('s-1', -1, facts(2_000));
    const [begun, held] = [gate(), gate()];
    const subscription = start({
      handle: async (batch) => {
        begun.resolve();
        await held.promise;
        keep(batch);
      },
    });
    await begun.promise;
    let stopped = false;
    const stopping = subscription.stop().then(() => (stopped = true));
    await store.append('s-2', -1, facts(1));
    expect(stopped).toBe(false);
    held.resolve();
    await stopping;
    expect(seen).toHaveLength(1_000);
  });

  it('does not wait for the next try of a stalled one', async () => {
    const { store, start } = reading();
    await store.append('s-1', -1, facts(1));
    const stalled = gate();
    const subscription = start({
      handle: () => Promise.reject(new Error('no disk')),
      retryDelay: () => (stalled.resolve(), 3_600_000),
    });
    await stalled.promise;
    await subscription.stop();
    expect(subscription.status().state).toBe('stalled');
  });

  it('may be asked for twice, and then another one goes on where it ended', async () => {
    const { store, seen, start } = reading();
    await store.append('s-1', -1, facts(2));
    const subscription = start();
    await subscription.reached(2);
    await Promise.all([subscription.stop(), subscription.stop()]);
    await store.append('s-1', 1, facts(1, 2));
    await start().reached(3);
    expect(seen).toEqual([0, 1, 2]);
  });
});
