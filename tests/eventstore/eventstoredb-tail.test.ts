import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Batch, Filter } from '../../src/eventstore/event-store.ts';
import { clientFor } from '../../src/eventstore/eventstoredb/client.ts';
import { livenessOf } from '../../src/eventstore/eventstoredb/liveness.ts';
import { tailsOf } from '../../src/eventstore/eventstoredb/tail.ts';
import { openEventStoreDB } from '../../src/eventstore/eventstoredb/store.ts';
import type { Proposed } from '../support/eventstoredb-standin-log.ts';
import type { EventStoreStandin } from '../support/eventstoredb-standin.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';

const UNAVAILABLE = { name: 'StoreUnavailable' };
/** More events than the tail begins with, and more than it keeps. */
const [BEFORE, TOO_MANY] = [1_500, 6_000];

const opened = async () => {
  const standin = await startEventStoreStandin();
  const store = openEventStoreDB(standin.url);
  onTestFinished(async () => {
    await store.close();
    await standin.stop();
  });

  /** A follower that says what it saw, and how far it came. */
  const follower = (from: number, filter: Filter = {}) => {
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const batches: Batch[] = [];
    const pulling = store.follow(from, stop.signal, filter)[Symbol.asyncIterator]();
    const pull = async (): Promise<boolean> => {
      const { done, value } = await pulling.next();
      if (!done) batches.push(value);
      return !done;
    };
    const position = () => batches.at(-1)?.position ?? from;
    const until = async (end: number) => {
      while (position() < end && (await pull()));
    };
    const seen = () => batches.flatMap(({ events }) => events.map((event) => event.position));
    return { batches, pull, position, until, seen, stop: () => stop.abort(), end: () => pulling.return?.() };
  };
  return { standin, store, follower };
};

const event = (type = 'Counted', bytes = 0): Proposed => ({
  id: randomUUID(),
  type,
  json: true,
  metadata: '',
  data: btoa(JSON.stringify({ text: 'x'.repeat(bytes) })),
});
const append = ({ log }: EventStoreStandin, stream: string, count = 1, proposed = () => event()): void =>
  void log.append(stream, 'any', Array.from({ length: count }, proposed));

const headOf = ({ log }: EventStoreStandin): number => log.all.at(-1)?.position ?? 0;

/** The positions of what a filter wants after a position, by the log itself. */
const wantedIn = ({ log }: EventStoreStandin, from: number, { streams = ['lead-'], types }: Filter = {}) =>
  log.all
    .filter(({ position, stream, type }) => {
      const ofType = !types || types.includes(type);
      return position > from && ofType && streams.some((prefix) => stream.startsWith(prefix));
    })
    .map(({ position }) => position);

const expectGrowing = (batches: readonly Batch[]): void => {
  const ends = batches.map(({ position }) => position);
  expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
};

describe('Followers over one connection', () => {
  it('are sent each event once, however many they are', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-old', 20);
    const readers = Array.from({ length: 12 }, (_, n) => follower(0, n % 2 ? {} : { streams: [`lead-${n}`] }));
    await Promise.all(readers.map(({ until }) => until(headOf(standin))));
    const before = standin.sent('subscribe');
    for (let n = 0; n < 200; n++) append(standin, `lead-${n % 12}`);
    await Promise.all(readers.map(({ until }) => until(headOf(standin))));
    expect(standin.sent('subscribe') - before).toBe(200);
    expect(standin.seen().filter((kind) => kind === 'subscribe')).toHaveLength(1);
    expect(standin.open('subscribe')).toBe(1);
    for (const { batches } of readers) expectGrowing(batches);
    expect(readers.map(({ seen }) => seen().length > 0)).toEqual(readers.map(() => true));
  });

  it('each get what they ask for, and come as far as the others', async () => {
    const { standin, follower } = await opened();
    const filters = [{ streams: ['lead-a'] }, { streams: ['lead-', 'job-'], types: ['Rare'] }, { streams: ['none-'] }];
    const readers = filters.map((filter) => ({ filter, ...follower(0, filter) }));
    for (let n = 0; n < 30; n++) {
      append(standin, ['lead-a', 'lead-b', 'job-a', 'other-a', '$stats'][n % 5] ?? '');
      append(standin, ['lead-a', 'other-b'][n % 2] ?? '', 1, () => event('Rare'));
      await Promise.all(readers.map(({ until }) => until(headOf(standin))));
    }
    for (const { filter, seen, batches } of readers) {
      expect(seen()).toEqual(wantedIn(standin, 0, filter));
      expectGrowing(batches);
    }
  });

  it('have a subscription as long as there is one of them', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a');
    const [one, two] = [follower(0), follower(0)];
    await Promise.all([one.pull(), two.pull()]);
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    await one.end();
    append(standin, 'lead-a');
    await two.until(headOf(standin));
    expect(standin.open('subscribe')).toBe(1);
    await two.end();
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(0));
    const again = follower(headOf(standin));
    append(standin, 'lead-a');
    await again.until(headOf(standin));
    expect(again.seen()).toEqual([headOf(standin)]);
  });

  it('do not tell of every event that is not for them', async () => {
    const { standin, follower } = await opened();
    const [busy, idle] = [follower(0), follower(0, { streams: ['none-'] })];
    const begin = performance.now();
    let end = Infinity;
    const idling = (async () => {
      while (idle.position() < end) await idle.pull();
    })();
    for (let n = 0; n < 60; n++) {
      append(standin, 'lead-a');
      await busy.until(headOf(standin));
      await sleep(5);
    }
    end = headOf(standin);
    if (idle.position() < end) await idling;
    expect(idle.batches.length).toBeLessThanOrEqual((performance.now() - begin) / 100 + 2);
    idle.stop();
  });

  it('all hear it when the subscription fails, and go on where they were when they follow again', async () => {
    const { standin, store, follower } = await opened();
    append(standin, 'lead-a', BEFORE);
    const readers = [follower(0), follower(0, { streams: ['lead-a'] }), follower(headOf(standin))];
    await Promise.all(readers.map(({ until }) => until(headOf(standin))));
    const failures = readers.map(({ pull }) => pull().catch((error: unknown) => error));
    await standin.stop();
    expect(await Promise.all(failures)).toMatchObject([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE]);
    await standin.start();
    append(standin, 'lead-a', 3);
    // A try to connect that began while the server was away may still fail now.
    await vi.waitFor(() => store.head(), 10_000);
    const again = readers.map(({ position }) => follower(position()));
    await Promise.all(again.map(({ until }) => until(headOf(standin))));
    for (const { seen } of again) expect(seen()).toEqual(standin.log.all.slice(-3).map(({ position }) => position));
  });

  it('all hear it when the subscription can not begin', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a');
    for (const kind of ['read', 'subscribe'] as const) {
      standin.fault(kind, { code: status.UNAVAILABLE, details: 'Server Is Too Busy' });
      const failures = [follower(headOf(standin)), follower(headOf(standin))].map(({ pull }) => pull());
      for (const outcome of await Promise.allSettled(failures)) expect(outcome).toMatchObject({ reason: UNAVAILABLE });
    }
  });
});

describe('A follower that is behind', () => {
  it('goes along with the others once it has caught up, by a subscription that it then ends', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', BEFORE);
    const late = follower(0);
    await late.until(headOf(standin));
    const calls = standin.seen().filter((kind) => kind === 'subscribe').length;
    expect(calls).toBe(2);
    append(standin, 'lead-a', 5);
    await late.until(headOf(standin));
    expect(late.seen()).toEqual(wantedIn(standin, 0));
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
  });

  it('is sent each event once together with all others that are, whatever each wants', async () => {
    const { standin, follower } = await opened();
    for (let n = 0; n < 20; n++) {
      append(standin, `lead-${n}`, 250);
      append(standin, 'job-a', 50, () => event('Rare'));
    }
    const filters = [
      {},
      { streams: ['lead-'] },
      { streams: ['lead-', 'job-'], types: ['Rare'] },
      { streams: ['job-'] },
    ];
    const readers = Array.from({ length: 12 }, (_, n) => ({ filter: filters[n % 4], ...follower(0, filters[n % 4]) }));
    await Promise.all(readers.map(({ until }) => until(headOf(standin))));
    for (const { filter, seen, batches } of readers) {
      expect(seen()).toEqual(wantedIn(standin, 0, filter?.streams ? filter : { streams: ['lead-', 'job-'] }));
      expectGrowing(batches);
      expect(Math.max(...batches.map(({ events }) => events.length))).toBeLessThanOrEqual(1_000);
    }
    expect(standin.sent('subscribe')).toBeLessThan(6_000 + 1_000);
    expect(standin.sent('read')).toBeLessThanOrEqual(1_000);
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
  });

  it('that wants some types is sent those, and those that others want who do', async () => {
    const { standin, follower } = await opened();
    for (let n = 0; n < 20; n++) {
      append(standin, 'lead-a', 200);
      append(standin, 'job-a', 20, () => event('Rare'));
      append(standin, 'other-a', 20, () => event('Rare'));
      append(standin, 'lead-b', 20, () => event('Odd'));
    }
    const filters = [
      { streams: ['job-'], types: ['Rare'] },
      { streams: ['lead-'], types: ['Odd'] },
      { streams: ['lead-', 'job-'], types: ['Odd', 'Rare'] },
    ];
    const readers = filters.map((filter) => ({ filter, ...follower(0, filter) }));
    await Promise.all(readers.map(({ until }) => until(headOf(standin))));
    for (const { filter, seen, batches } of readers) {
      expect(seen()).toEqual(wantedIn(standin, 0, filter));
      expectGrowing(batches);
    }
    expect(standin.sent('subscribe')).toBeLessThanOrEqual(1_200);
  });

  it('holds up nobody, however long it takes over what it has', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', 5_000);
    const [slow, quick] = [follower(0), follower(0)];
    await slow.pull();
    await quick.until(headOf(standin));
    expect(slow.position()).toBeLessThan(headOf(standin));
    await slow.until(headOf(standin));
    expect(slow.seen()).toEqual(wantedIn(standin, 0));
  });

  it('reads again what is kept for nobody, because it is more than there is room for', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', 4_000, () => event('Large', 4_000));
    const [slow, quick] = [follower(0), follower(0)];
    await slow.pull();
    await quick.until(headOf(standin));
    const before = standin.sent('subscribe');
    await slow.until(headOf(standin));
    expect(slow.seen()).toEqual(wantedIn(standin, 0));
    expect(standin.sent('subscribe')).toBeGreaterThan(before);
  });

  it('knows where the log ends without asking', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', BEFORE);
    const late = follower(0);
    await late.until(headOf(standin));
    expect(late.batches.map(({ end }) => end)).toEqual(late.batches.map(() => headOf(standin)));
    // The tail looks at the end once, when it begins.
    expect(standin.seen().filter((kind) => kind === 'read')).toHaveLength(1);
  });

  it('needs no subscription of its own for the last thousand events', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', BEFORE);
    const from = standin.log.all.at(-1_000)?.position ?? 0;
    const late = follower(from);
    await late.until(headOf(standin));
    expect(late.seen()).toEqual(wantedIn(standin, from));
    void late.pull();
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    append(standin, 'lead-a');
    await vi.waitFor(() => expect(late.position()).toBe(headOf(standin)));
    expect(standin.seen().filter((kind) => kind === 'subscribe')).toHaveLength(1);
  });

  it('looks for itself where the server tells nothing', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', 3);
    append(standin, 'other-a', 700);
    append(standin, 'lead-a', 3);
    append(standin, 'other-a', 1_100);
    const ahead = follower(headOf(standin));
    void ahead.pull();
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    standin.fault('subscribe', 'silent');
    const late = follower(0);
    await late.until(headOf(standin));
    expect(late.seen()).toEqual(wantedIn(standin, 0));
    expectGrowing(late.batches);
  });

  it('sees once what it found itself and its subscription brings after that', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', BEFORE);
    const ahead = follower(headOf(standin));
    void ahead.pull();
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    standin.delay(150);
    const late = follower(0);
    await late.until(headOf(standin));
    expect(standin.sent('subscribe')).toBeGreaterThan(500);
    expect(late.seen()).toEqual(wantedIn(standin, 0));
    expectGrowing(late.batches);
  });

  it('has not passed what comes next where the server looked at all there was', async () => {
    const { standin, follower } = await opened();
    // With the one that is there already they are a page of the server's, and larger than what the tail keeps.
    append(standin, 'other-a', 499, () => event('Large', 40_000));
    const late = follower(0);
    await late.until(headOf(standin));
    append(standin, 'lead-a');
    await late.until(headOf(standin));
    expect(late.seen()).toEqual([headOf(standin)]);
    const places = standin.log.all.map(({ position }) => position);
    for (const { position } of late.batches) expect(places).toContain(position);
  });

  it('because it was slow falls back to a subscription of its own, loses nothing, and joins again', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', 10);
    const [slow, quick] = [follower(0), follower(0)];
    await Promise.all([slow.pull(), quick.pull()]);
    for (let sent = 0; sent < TOO_MANY; sent += 500) {
      append(standin, 'lead-a', 500);
      await quick.until(headOf(standin));
    }
    expect(standin.seen().filter((kind) => kind === 'subscribe')).toHaveLength(1);
    await slow.until(headOf(standin));
    expect(standin.seen().filter((kind) => kind === 'subscribe')).toHaveLength(2);
    append(standin, 'lead-a', 2);
    await slow.until(headOf(standin));
    expect(slow.seen()).toEqual(wantedIn(standin, 0));
    expectGrowing(slow.batches);
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
  });
});

describe('Where a follower joins', () => {
  it('nothing is lost that is appended while the tail begins', async () => {
    const { standin, follower } = await opened();
    append(standin, 'lead-a', BEFORE);
    standin.delay(60);
    const [late, near] = [follower(0), follower(headOf(standin))];
    const following = [late, near].map(({ until }) => until(headOf(standin) + 1));
    for (const kind of ['read', 'subscribe'] as const) {
      await vi.waitFor(() => expect(standin.seen()).toContain(kind));
      append(standin, 'lead-a', 2);
    }
    await Promise.all(following);
    append(standin, 'lead-a');
    await Promise.all([late, near].map(({ until }) => until(headOf(standin))));
    expect(late.seen()).toEqual(wantedIn(standin, 0));
    expect(near.seen()).toEqual(wantedIn(standin, 0).slice(BEFORE));
  });

  it('nothing is lost and nothing comes twice, wherever it begins and whatever is appended meanwhile', async () => {
    const filters: readonly Filter[] = [
      {},
      { streams: ['lead-a'] },
      { streams: ['lead-b', 'job-'] },
      { types: ['Rare'] },
    ];
    const followers = fc.array(fc.record({ filter: fc.nat(3), back: fc.nat(2_500), wait: fc.nat(20) }), {
      minLength: 2,
      maxLength: 6,
    });
    const appends = fc.array(
      fc.record({ stream: fc.nat(3), rare: fc.boolean(), count: fc.integer({ min: 1, max: 300 }) }),
      {
        minLength: 5,
        maxLength: 25,
      },
    );
    const streams = ['lead-a', 'lead-b', 'other-a', '$system'];
    await fc.assert(
      fc.asyncProperty(followers, appends, async (late, meanwhile) => {
        const { standin, follower } = await opened();
        append(standin, 'lead-a', 900);
        append(standin, 'other-a', 800);
        append(standin, 'lead-b', 800);
        const reading = late.map(async ({ filter, back, wait }) => {
          await sleep(wait);
          const from = standin.log.all.at(-1 - back)?.position ?? 0;
          const reader = follower(from, filters[filter]);
          const pulling = (async () => {
            while (await reader.pull());
          })();
          return { from, filter: filters[filter], pulling, reader };
        });
        for (const { stream, rare, count } of meanwhile) {
          append(standin, streams[stream] ?? '', count, () => event(rare ? 'Rare' : 'Counted'));
          await sleep(1);
        }
        for (const { from, filter, pulling, reader } of await Promise.all(reading)) {
          await vi.waitFor(() => expect(reader.position()).toBe(headOf(standin)), 10_000);
          reader.stop();
          await pulling;
          expect(reader.seen()).toEqual(wantedIn(standin, from, filter));
          expectGrowing(reader.batches);
        }
      }),
      { numRuns: 12 },
    );
  });
});

describe('The tail', () => {
  const begun = async (before: (standin: EventStoreStandin) => void) => {
    const standin = await startEventStoreStandin();
    before(standin);
    const closing = new AbortController();
    const [where, { signal }] = ['here', closing];
    const liveness = livenessOf({ where, ask: async () => undefined, drop: async () => undefined, closing: signal });
    const connection = { client: clientFor(standin.url), where, deadline: 5_000, closing: signal, liveness };
    const { tail, leave } = tailsOf(connection)();
    onTestFinished(async () => {
      leave();
      closing.abort();
      await standin.stop();
    });
    const at = (back: number): number => standin.log.all.at(-1 - back)?.position ?? 0;
    const come = () => vi.waitFor(() => expect(tail.after(at(0) - 1, () => true).position).toBe(at(0)), 20_000);
    await come();
    return { standin, tail, at, come };
  };

  it('begins with the last thousand events, or with all where there are fewer', async () => {
    const { tail, at } = await begun((standin) => append(standin, 'lead-a', BEFORE));
    expect([tail.holds(at(999)), tail.holds(at(1_000))]).toEqual([true, false]);
    const small = await begun((standin) => append(standin, 'lead-a', 900));
    expect(small.tail.holds(0)).toBe(true);
    expect(small.tail.after(0, () => true).events).toHaveLength(900);
  });

  it('keeps five thousand events', async () => {
    const { standin, tail, at, come } = await begun((standin) => append(standin, 'lead-a'));
    append(standin, 'lead-a', TOO_MANY);
    await come();
    expect([tail.holds(at(5_000)), tail.holds(at(5_001))]).toEqual([true, false]);
    expect(tail.after(at(5_000), () => true).events).toHaveLength(1_000);
  });

  it('keeps less of large events, also when it begins', async () => {
    const large = (standin: EventStoreStandin) => append(standin, 'lead-a', 1, () => event('Large', 1_000_000));
    const { standin, tail, at, come } = await begun((standin) => {
      for (let n = 0; n < 20; n++) large(standin);
    });
    expect([tail.holds(at(16)), tail.holds(at(18))]).toEqual([true, false]);
    for (let n = 0; n < 20; n++) large(standin);
    await come();
    expect([tail.holds(at(16)), tail.holds(at(18))]).toEqual([true, false]);
  });

  it("does not spend its room on the system's own events", async () => {
    const { standin, tail, at, come } = await begun((standin) => append(standin, 'lead-a', 10));
    append(standin, '$stats', TOO_MANY);
    await come();
    expect(tail.holds(0)).toBe(true);
    expect(tail.after(0, () => true)).toMatchObject({ events: { length: 10 }, position: at(0) });
  });
});
