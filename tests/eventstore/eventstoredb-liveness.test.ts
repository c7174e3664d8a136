import { expect, it, onTestFinished, vi } from 'vitest';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { livenessOf } from '../../src/eventstore/eventstoredb/liveness.ts';
import { openEventStoreDB } from '../../src/eventstore/eventstoredb/store.ts';
import { fact, facts, numbers } from '../contracts/event-store.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';

/** A connection that is looked after, in a time that goes on only when the test says so. */
const watched = () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const closing = new AbortController();
  onTestFinished(() => {
    closing.abort();
    vi.useRealTimers();
  });
  const [time, done] = [{ now: 0 }, { dropped: 0, asked: 0 }];
  const liveness = livenessOf({
    where: 'here',
    ask: async () => void (done.asked += 1),
    drop: async () => void (done.dropped += 1),
    closing: closing.signal,
    now: () => time.now,
  });
  const pass = async (milliseconds: number): Promise<void> => {
    time.now += milliseconds;
    await vi.advanceTimersByTimeAsync(milliseconds);
  };
  return { liveness, done, pass };
};

it('A connection is given up once for all calls that had no answer on it, and whoever listens is told', async () => {
  const { liveness, done, pass } = watched();
  const lost: unknown[] = [];
  liveness.watch((reason) => lost.push(reason));
  const forget = liveness.watch((reason) => lost.push(reason));
  forget();
  await pass(1_000);
  await Promise.all([liveness.unanswered(100), liveness.unanswered(200)]);
  expect(lost).toEqual([expect.any(StoreUnavailable)]);
  expect(done.dropped).toBe(1);
  expect(liveness.isSilent()).toBe(true);
  liveness.heard();
  expect(liveness.isSilent()).toBe(false);
});

it('A connection is not given up for a call without an answer while others are answered', async () => {
  const { liveness, done, pass } = watched();
  await pass(1_000);
  liveness.heard();
  await liveness.unanswered(100);
  // Nor when the answer was there, and this process did not come to read it.
  const judged = liveness.unanswered(1_500);
  await pass(1_000);
  liveness.heard();
  await judged;
  expect({ ...done, silent: liveness.isSilent() }).toEqual({ dropped: 0, asked: 0, silent: false });
});

it('The server is asked for a sign while somebody listens and it says nothing', async () => {
  const { liveness, done, pass } = watched();
  await pass(10_000);
  expect(done.asked).toBe(0);
  const forget = liveness.watch(() => undefined);
  await pass(500);
  expect(done.asked).toBe(1);
  liveness.heard();
  await pass(1_000);
  expect(done.asked).toBe(1);
  await pass(500);
  expect(done.asked).toBe(2);
  forget();
  await pass(10_000);
  expect(done.asked).toBe(2);
});

it('Over a connection that died without a word all goes on within seconds, and each call fails in time', async () => {
  const standin = await startEventStoreStandin();
  const proxy = await openTcpProxy(standin.port);
  const store = openEventStoreDB(`esdb://127.0.0.1:${proxy.port}?tls=false`);
  onTestFinished(async () => {
    await store.close();
    await proxy[Symbol.asyncDispose]();
    await standin.stop();
  });
  await store.append('lead-1', -1, facts(3));
  const over = new AbortController();
  const seen: number[] = [];
  const follow = async (): Promise<void> => {
    for await (const { events } of store.follow(0, over.signal)) seen.push(...numbers(events));
  };
  const following = follow();
  await vi.waitFor(() => expect(seen).toEqual([0, 1, 2]));

  // Nobody calls anything: who listens finds out.
  proxy.swallow();
  const begun = performance.now();
  await expect(following).rejects.toBeInstanceOf(StoreUnavailable);
  expect(performance.now() - begun).toBeLessThan(5_000);

  await store.head();
  proxy.swallow();
  const silent = performance.now();
  await expect(store.append('lead-1', 2, [fact(3)])).rejects.toBeInstanceOf(StoreUnavailable);
  expect(performance.now() - silent).toBeLessThan(2_000);
  expect(await store.append('lead-1', 2, [fact(4)])).toMatchObject({ revision: 3 });
  expect(performance.now() - silent).toBeLessThan(4_000);
  over.abort();
}, 30_000);
