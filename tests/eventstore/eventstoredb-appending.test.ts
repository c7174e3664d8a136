import { status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Appended, EventStore, NewEvent } from '../../src/eventstore/event-store.ts';
import { openEventStoreDB } from '../../src/eventstore/eventstoredb/store.ts';
import { fact, facts, numbers } from '../contracts/event-store.ts';
import { startEventStoreStandin, trailers } from '../support/eventstoredb-standin.ts';
import { factsIn } from '../support/facts-in.ts';

const UNAVAILABLE = { name: 'StoreUnavailable' };

const opened = async ({ deadline = 5_000, options = '' } = {}) => {
  const standin = await startEventStoreStandin();
  const store = openEventStoreDB(`${standin.url}${options}`, { deadline });
  onTestFinished(async () => {
    await store.close();
    await standin.stop();
  });
  return { standin, store };
};

const many = 20;
const streams = Array.from({ length: many }, (_, n) => `lead-${n}`);

/** Appends to many streams at the same time; the first of them has a call of its own. */
const together = (store: EventStore, expected: number, events: (n: number) => readonly NewEvent[]) =>
  Promise.allSettled(streams.map((stream, n) => store.append(stream, expected, events(n))));

const statuses = (outcomes: readonly PromiseSettledResult<Appended>[]) => outcomes.map(({ status: how }) => how);
const reasons = (outcomes: readonly PromiseSettledResult<Appended>[]): readonly unknown[] =>
  outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
const all = (how: string): readonly string[] => Array.from({ length: many }, () => how);

describe('Appends', () => {
  it('that come one after the other have a call each, and those that come together share one', async () => {
    const { standin, store } = await opened();
    for (let n = 0; n < 5; n++) await store.append('lead-x', n - 1, [fact(n)]);
    expect(standin.batches()).toBe(0);
    for (let round = 0; round < 5; round++)
      expect(statuses(await together(store, 2 * round - 1, () => facts(2)))).toEqual(all('fulfilled'));
    expect(standin.batches()).toBe(1);
    expect(standin.seen().filter((kind) => kind === 'append')).toHaveLength(5 + 5 * many);
  });

  it('that share a call are each told where they are, as they were given', async () => {
    const { store } = await opened();
    const given = streams.map((_, n) => facts(3, n));
    const outcomes = await together(store, -1, (n) => given[n] ?? []);
    for (const [n, stream] of streams.entries()) {
      const stored = await factsIn(store, stream);
      expect(stored.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))).toEqual(given[n]);
      expect(outcomes[n]).toEqual({ status: 'fulfilled', value: { revision: 2, position: stored[2]?.position } });
    }
  });

  it.each(['', '&throwOnAppendFailure=false'])(
    'of which one is refused are written but for that one%s',
    async (options) => {
      const { standin, store } = await opened({ options });
      await store.append('lead-0', -1, [fact(1)]);
      await store.append('lead-7', -1, [fact(1)]);
      const large = { ...fact(1), data: { text: 'x'.repeat(1_100_000) } };
      const outcomes = await together(store, -1, (n) => (n === 9 ? [large] : facts(2)));
      const names = reasons(outcomes).map((error) => (error as Error).name);
      expect(names).toEqual(['RevisionConflict', 'RevisionConflict', 'RangeError']);
      expect(outcomes.filter(({ status: how }) => how === 'fulfilled')).toHaveLength(many - 3);
      expect(standin.batches()).toBe(1);
    },
  );

  it('whose events are there already are told where those are', async () => {
    const { store } = await opened();
    const given = streams.map((_, n) => facts(2, n));
    const first = await together(store, -1, (n) => given[n] ?? []);
    expect(await together(store, -1, (n) => given[n] ?? [])).toEqual(first);
  });

  it('of which the server answers all but one lose that one alone, in time', async () => {
    const { standin, store } = await opened({ deadline: 600 });
    await together(store, -1, () => facts(1));
    const lone = store.append('lead-x', -1, [fact(1)]);
    standin.fault('batched', 'silent');
    const rest = [store.append('lead-y', -1, [fact(1)]), store.append('lead-z', -1, [fact(1)])];
    const outcomes = await Promise.allSettled([lone, ...rest]);
    expect(reasons(outcomes)).toMatchObject([UNAVAILABLE]);
    expect(statuses(await together(store, 0, () => facts(1)))).toEqual(all('fulfilled'));
  });

  it('that nobody answers are each given up in time, and the next have a new call', async () => {
    const { standin, store } = await opened({ deadline: 400 });
    await together(store, -1, () => facts(1));
    standin.delay(60_000);
    const begun = performance.now();
    expect(reasons(await together(store, 0, () => facts(1)))).toMatchObject(all('').map(() => UNAVAILABLE));
    expect(performance.now() - begun).toBeLessThan(1_500);
    standin.delay(0);
    const next = streams.map((_, n) => [fact(n)]);
    await vi.waitFor(
      async () => expect(statuses(await together(store, 0, (n) => next[n] ?? []))).toEqual(all('fulfilled')),
      { timeout: 10_000 },
    );
    expect(standin.batches()).toBeGreaterThan(1);
    expect(standin.log.stream('lead-3')).toHaveLength(2);
  });

  it('under way when the connection breaks fail, end no process, and are found or written when they are made again', async () => {
    const { standin, store } = await opened();
    const given = new Map<string, NewEvent[]>(streams.map((stream) => [stream, []]));
    const acknowledged: string[] = [];
    let over = false;
    const writer = async (stream: string): Promise<void> => {
      const own = given.get(stream) ?? [];
      while (!over || own.length < 3) {
        const next = fact(own.length);
        own.push(next);
        await vi.waitFor(() => store.append(stream, own.length - 2, [next]), { timeout: 20_000, interval: 10 });
        acknowledged.push(next.id);
      }
    };
    const writing = Promise.all(streams.map(writer));
    for (let cut = 0; cut < 5; cut++) {
      const before = acknowledged.length;
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before + many), 10_000);
      await standin.stop();
      await standin.start();
    }
    over = true;
    await writing;
    for (const [stream, own] of given) {
      expect((await factsIn(store, stream)).map(({ id }) => id)).toEqual(own.map(({ id }) => id));
      expect(own.every(({ id }) => acknowledged.includes(id))).toBe(true);
    }
  }, 60_000);

  it('to an older server have a call each, and it is asked once', async () => {
    const { standin, store } = await opened();
    await standin.stop();
    await standin.start({ batching: false });
    await vi.waitFor(() => store.head(), 5_000);
    for (let round = 0; round < 3; round++)
      expect(statuses(await together(store, round - 1, (n) => [fact(n)]))).toEqual(all('fulfilled'));
    expect(standin.batches()).toBe(0);
    expect(numbers(await factsIn(store, 'lead-3'))).toEqual([3, 3, 3]);
  });

  it('of which one is answered in a way that says nothing are made with calls of their own', async () => {
    const { standin, store } = await opened();
    await together(store, -1, () => facts(1));
    const lone = store.append('lead-x', -1, [fact(1)]);
    standin.fault('batched', 'unclear');
    const rest = ['lead-y', 'lead-z'].map((stream) => store.append(stream, -1, [fact(1)]));
    const outcomes = await Promise.allSettled([lone, ...rest]);
    expect(statuses(outcomes)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
    expect(standin.log.stream('lead-y')).toHaveLength(1);
    expect(statuses(await together(store, 0, () => facts(1)))).toEqual(all('fulfilled'));
    expect(standin.batches()).toBe(2);
  });

  it('go to the leader after the node said that it is none', async () => {
    const { standin, store } = await opened();
    const leader = await startEventStoreStandin();
    onTestFinished(() => leader.stop());
    const where = { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': String(leader.port) };
    await together(store, -1, () => facts(1));
    const lone = store.append('lead-x', -1, [fact(1)]);
    const metadata = trailers({ exception: 'not-leader', ...where });
    standin.fault('batched', { code: status.NOT_FOUND, details: 'Leader info available', metadata });
    const outcomes = await Promise.allSettled([lone, store.append('lead-y', -1, [fact(1)])]);
    for (const reason of reasons(outcomes)) expect(reason).toMatchObject(UNAVAILABLE);
    expect(reasons(outcomes).length).toBeGreaterThan(0);
    expect(statuses(await together(store, -1, () => facts(1)))).toEqual(all('fulfilled'));
    expect(leader.log.stream('lead-3')).toHaveLength(1);
  });
});
