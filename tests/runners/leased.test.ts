import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { leased } from '../../src/runners/leased.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { subscribe } from '../../src/runners/subscription.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { fact } from '../contracts/event-store.ts';

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
  /** A process that offers to run the subscription `reader`, and tells which positions it handled. */
  const offer = (holder: string, models: Pick<ReadModels, 'lease' | 'release' | 'checkpoint'> = readModels) => {
    const handled: number[] = [];
    const subscription = leased(
      { holder, readModels: models, now: clock, lifetime: 300 },
      { name: 'reader', checkpoint: 'reader' },
      () =>
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
    );
    ends.push(() => subscription.stop());
    return { subscription, handled };
  };
  const append = async (stream: string) => (await store.append(stream, -1, [fact(1)])).position;
  return { offer, append, readModels };
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
