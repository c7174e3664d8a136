import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { leased } from '../../src/runners/leased.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import type { Subscription } from '../../src/runners/subscription.ts';
import { subscribe } from '../../src/runners/subscription.ts';
import { openRecoveries } from '../../src/runners/recoveries.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { fact } from '../contracts/event-store.ts';

type Models = Pick<ReadModels, 'lease' | 'leaseOf' | 'release' | 'checkpoint'>;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const open = () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-lease-'));
  const clock = () => new Date();
  const store = openSqliteEventStore(join(folder, 'events.db'), { clock });
  const readModels = openSqliteReadModels(join(folder, 'read-models.db'));
  ends.push(async () => {
    await readModels.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  /** What all processes do, in order: `a starts`, and `a stopped` when it has ended. */
  const runs: string[] = [];
  const noted = (holder: string, subscription: Subscription): Subscription => {
    runs.push(`${holder} starts`);
    const stop = async (): Promise<void> => {
      await subscription.stop();
      runs.push(`${holder} stopped`);
    };
    return { ...subscription, stop };
  };
  /** A process that offers to run the subscription `reader`, and tells which positions it handled. `skew` is what its clock is ahead, in ms. */
  const offer = (holder: string, models: Models = readModels, skew = 0, recoveries = openRecoveries()) => {
    const handled: number[] = [];
    const now = () => new Date(Date.now() + skew);
    const subscription = leased(
      { holder, readModels: models, now, lifetime: 300, recoveries },
      { name: 'reader', checkpoint: 'reader' },
      () =>
        noted(
          holder,
          subscribe({
            name: 'reader',
            store,
            now: clock,
            load: () => readModels.standing('reader'),
            handle: async ({ position }) => {
              handled.push(position);
              await readModels.saveCheckpoint('reader', position);
            },
          }),
        ),
    );
    ends.push(() => subscription.stop());
    return { subscription, handled };
  };
  const append = async (stream: string) => (await store.append(stream, -1, [fact(1)])).position;
  return { offer, append, readModels, runs };
};

const soon = () => AbortSignal.timeout(5_000);

test('one of two processes runs the subscription, and both see how far it is', async () => {
  const { offer, append } = open();
  const [first, second] = [offer('a'), offer('b')];
  const position = await append('one');
  await first.subscription.reached(position, soon());
  await second.subscription.reached(position, soon());
  const states = [first, second].map(({ subscription }) => subscription.status().state).sort();
  expect(states).toEqual(['live', 'standby']);
  expect([...first.handled, ...second.handled]).toEqual([position]);
});

test('another process goes on when the one that ran it gives its lease back', async () => {
  const { offer, append } = open();
  const first = offer('a');
  await first.subscription.reached(await append('one'), soon());
  const second = offer('b');
  await first.subscription.stop();
  const position = await append('two');
  await second.subscription.reached(position, soon());
  expect(second.handled).toEqual([position]);
});

test('another process goes on when the lease of one that died is over', async () => {
  const { offer, append, readModels } = open();
  // What a killed process leaves behind: a lease that nobody renews or gives back.
  const alive = new AbortController();
  const first = offer('dead', {
    checkpoint: (name) => readModels.checkpoint(name),
    leaseOf: (name) => readModels.leaseOf(name),
    lease: async (...asked) => !alive.signal.aborted && readModels.lease(...asked),
    release: async () => undefined,
  });
  await first.subscription.reached(await append('one'), soon());
  alive.abort();
  const second = offer('b');
  const position = await append('two');
  await second.subscription.reached(position, soon());
  expect(second.subscription.status().state).not.toBe('stalled');
  expect([...first.handled, ...second.handled]).toContain(position);
});

test('goes on alone while the read models do not answer, until its lease is over', async () => {
  const { offer, append, readModels } = open();
  const answering = new AbortController();
  const first = offer('a', {
    checkpoint: (name) => readModels.checkpoint(name),
    leaseOf: (name) => readModels.leaseOf(name),
    lease: async (...asked) => {
      if (answering.signal.aborted) throw new Error('away');
      return readModels.lease(...asked);
    },
    release: async () => undefined,
  });
  await first.subscription.reached(await append('one'), soon());
  answering.abort();
  const position = await append('two');
  await first.subscription.reached(position, soon());
  expect(first.handled).toContain(position);
  await vi.waitFor(() => expect(first.subscription.status().state).toBe('standby'), { timeout: 5_000 });
});

describe('Of processes whose clocks differ by an hour', () => {
  const hour = 3_600_000;

  test.each([
    ['ahead', hour],
    ['behind', -hour],
  ])('one takes over from one that died whose clock is %s, and from nobody who lives', async (_, skew) => {
    const { offer, append, readModels, runs } = open();
    const alive = new AbortController();
    let renewals = 0;
    const first = offer(
      'a',
      {
        checkpoint: (name) => readModels.checkpoint(name),
        leaseOf: (name) => readModels.leaseOf(name),
        lease: async (...asked) => {
          if (alive.signal.aborted) throw new Error('dead');
          renewals += 1;
          return readModels.lease(...asked);
        },
        release: async () => undefined,
      },
      skew,
    );
    await first.subscription.reached(await append('one'), soon());
    const second = offer('b');
    await vi.waitFor(() => expect(renewals).toBeGreaterThan(8), { timeout: 5_000 });
    expect(runs).toEqual(['a starts']);
    const begun = performance.now();
    alive.abort();
    const position = await append('two');
    await second.subscription.reached(position, soon());
    await vi.waitFor(() => expect(runs).toEqual(['a starts', 'a stopped', 'b starts']), { timeout: 5_000 });
    // As much longer than its lifetime as a look and a second for noise.
    expect(performance.now() - begun).toBeLessThan(300 * 1.5 + 1_000);
  });
});

test('who could not renew stops before another begins, and has it again at once when it may renew', async () => {
  const { offer, append, readModels, runs } = open();
  const away = { now: false };
  const recoveries = openRecoveries();
  const answered = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (away.now) throw new Error('away');
    return ask();
  };
  const first = offer(
    'a',
    {
      checkpoint: (name) => readModels.checkpoint(name),
      leaseOf: (name) => answered(() => readModels.leaseOf(name)),
      lease: (...asked) => answered(() => readModels.lease(...asked)),
      release: (...asked) => readModels.release(...asked),
    },
    0,
    recoveries,
  );
  await first.subscription.reached(await append('one'), soon());
  away.now = true;
  await vi.waitFor(() => expect(runs).toEqual(['a starts', 'a stopped']), { timeout: 5_000 });
  away.now = false;
  recoveries.announce();
  await first.subscription.reached(await append('two'), soon());
  expect(runs).toEqual(['a starts', 'a stopped', 'a starts']);
});
