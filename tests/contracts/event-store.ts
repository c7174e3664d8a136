import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Batch, EventStore, Filter, NewEvent, Recorded } from '../../src/eventstore/event-store.ts';
import { RevisionConflict } from '../../src/eventstore/event-store.ts';
import { lostTail } from '../../src/eventstore/lost-tail.ts';
import { pageLimits, streamPages } from '../../src/eventstore/page.ts';
import { factsIn } from '../support/facts-in.ts';

/**
 * A store that may hold foreign streams already. `reopen` closes it and opens the same log again; a durable store has it.
 * `scavenge` takes out of the whole log what was truncated, where that is not done at once.
 */
export type Opened = {
  readonly store: EventStore;
  readonly reopen?: () => Promise<EventStore>;
  readonly scavenge?: () => Promise<void>;
  readonly dispose: () => Promise<void>;
};

/** A new fact that can be told apart by its number. */
export function fact(n: number, type = 'Counted'): NewEvent {
  return {
    id: randomUUID(),
    type,
    data: { n },
    metadata: { commandId: `c-${n}`, correlationId: 'x', causationId: 'y' },
  };
}

/** Facts numbered from `first` on. */
export function facts(count: number, first = 0): readonly NewEvent[] {
  return Array.from({ length: count }, (_, index) => fact(first + index));
}

/** The numbers in facts made by `fact`. */
export function numbers(events: readonly { readonly data: unknown }[]): readonly number[] {
  return events.map(({ data }) => (data as { n: number }).n);
}

/** Follows until the batches together satisfy `enough`, then aborts. */
export async function followUntil(
  store: EventStore,
  from: number,
  enough: (batches: readonly Batch[]) => boolean,
  filter?: Filter,
): Promise<readonly Batch[]> {
  const stop = new AbortController();
  const batches: Batch[] = [];
  for await (const batch of store.follow(from, stop.signal, filter)) {
    batches.push(batch);
    if (enough(batches)) stop.abort();
  }
  return batches;
}

/** The first `count` events after `from`, waiting for them where necessary. */
export async function take(store: EventStore, from: number, count: number, filter?: Filter) {
  const enough = (batches: readonly Batch[]) => batches.flatMap(({ events }) => events).length >= count;
  return (await followUntil(store, from, enough, filter)).flatMap(({ events }) => events);
}

/** Appends as many writers do: read where the stream is, try, and begin again when somebody else was first. */
export async function appendWithRetries(store: EventStore, stream: string, event: NewEvent): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const revision = (await factsIn(store, stream)).length - 1;
    try {
      await store.append(stream, revision, [event]);
      return tries;
    } catch (error) {
      if (!(error instanceof RevisionConflict)) throw error;
    }
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

function expectStrictlyGrowing(events: readonly Recorded[]): void {
  const positions = events.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
}

/**
 * What every event store does. A test names its own streams, so that a log that others use too will do.
 * `durable` stores can be opened again after a close.
 */
export function eventStoreContract(name: string, open: () => Promise<Opened>, durable = true): void {
  async function fresh() {
    const opened = await open();
    onTestFinished(opened.dispose);
    const mine = `t${randomUUID()}-`;
    return { ...opened, mine, stream: `${mine}a`, start: await opened.store.head() };
  }

  describe(`${name} truncates`, () => {
    /** A stream of four facts and one more that comes when it is emptied, as a person is erased. */
    async function truncated() {
      const opened = await fresh();
      await opened.store.append(opened.stream, -1, facts(4));
      await opened.store.append(`${opened.mine}other`, -1, facts(2, 90));
      await opened.store.append(opened.stream, 3, [fact(4, 'Emptied')]);
      const before = await take(opened.store, opened.start, 7, { streams: [opened.mine] });
      await opened.store.truncate(opened.stream, 4);
      return { ...opened, before };
    }
    const revisions = (events: readonly Recorded[]) => events.map(({ revision }) => revision);

    it('a stream, which begins at the revision then, whichever is asked for', async () => {
      const { store, stream, before } = await truncated();
      for (const after of [-1, 0, 2, 3]) {
        const { events, more } = await store.read(stream, after);
        expect([revisions(events), more], `after ${after}`).toEqual([[4], false]);
      }
      expect(await store.read(stream, 4)).toMatchObject({ events: [], more: false });
      expect(await store.at(stream, 3)).toBeUndefined();
      expect(await factsIn(store, stream)).toEqual(before.slice(-1));
    });

    it('a stream, which goes on where it was', async () => {
      const { store, stream } = await truncated();
      await expect(store.append(stream, -1, [fact(9)])).rejects.toThrow(RevisionConflict);
      expect((await store.append(stream, 4, [fact(5)])).revision).toBe(5);
      expect(revisions(await factsIn(store, stream))).toEqual([4, 5]);
    });

    it('no other stream', async () => {
      const { store, mine } = await truncated();
      expect(numbers(await factsIn(store, `${mine}other`))).toEqual([90, 91]);
    });

    it('never beyond the last event, nor a stream without events', async () => {
      const { store, stream, mine } = await truncated();
      for (const revision of [5, 6, -1, 0.5, NaN])
        await expect(store.truncate(stream, revision), String(revision)).rejects.toThrow(RangeError);
      await expect(store.truncate(`${mine}none`, 0)).rejects.toThrow(RangeError);
      expect(revisions(await factsIn(store, stream))).toEqual([4]);
    });

    it('again and further, and never back', async () => {
      const { store, stream } = await truncated();
      await store.append(stream, 4, facts(3, 5));
      for (const [asked, begins] of [
        [4, 4],
        [1, 4],
        [6, 6],
        [5, 6],
        [7, 7],
      ] as const) {
        await store.truncate(stream, asked);
        expect(revisions(await factsIn(store, stream))[0]).toBe(begins);
      }
    });

    it('while another truncates the same stream, and the further one holds', async () => {
      const { store, stream } = await truncated();
      await store.append(stream, 4, facts(3, 5));
      const outcomes = await Promise.allSettled([5, 7, 6].map((revision) => store.truncate(stream, revision)));
      expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
      await store.truncate(stream, 7);
      expect(revisions(await factsIn(store, stream))).toEqual([7]);
    });

    it('so that followers get what is left in order, from wherever they are', async () => {
      const { store, mine, start, before, scavenge } = await truncated();
      await scavenge?.();
      const left = before.slice(-3);
      const streams = [mine];
      for (const from of [start, ...before.map(({ position }) => position)]) {
        const wanted = left.filter(({ position }) => position > from);
        if (wanted.length > 0) expect(await take(store, from, wanted.length, { streams })).toEqual(wanted);
      }
      const { position } = await store.append(`${mine}other`, 1, [fact(92)]);
      expect(position).toBeGreaterThan(before.at(-1)!.position);
      const all = await take(store, start, 4, { streams });
      expect(numbers(all)).toEqual([90, 91, 4, 92]);
      expectStrictlyGrowing(all);
    });

    it('and a reader that stands on what was taken out has not lost the end of the log', async () => {
      const { store, before, scavenge } = await truncated();
      const standing = before.map((fact) => ({ position: fact.position, fact }));
      expect(await Promise.all(standing.map((each) => lostTail(store, each)))).toEqual(before.map(() => undefined));
      await scavenge?.();
      expect(await Promise.all(standing.map((each) => lostTail(store, each)))).toEqual(before.map(() => undefined));
      const other = { position: before[0]!.position, fact: { ...before.at(-1)!, id: randomUUID() } };
      expect(await lostTail(store, other)).toBeDefined();
    });

    it.runIf(durable)('for good', async () => {
      const { store, stream, reopen } = await truncated();
      await store.append(stream, 4, [fact(5)]);
      const again = await reopen!();
      expect(revisions(await factsIn(again, stream))).toEqual([4, 5]);
      await expect(again.append(stream, 4, [fact(6)])).rejects.toThrow(RevisionConflict);
    });

    it('a long stream, which takes no longer to read then', async () => {
      const { store, stream } = await fresh();
      for (let first = 0; first < 5_000; first += 500) await store.append(stream, first - 1, facts(500, first));
      await store.truncate(stream, 4_999);
      const begin = performance.now();
      for (const after of [-1, 0, 2_500, 4_998])
        expect(numbers((await store.read(stream, after)).events)).toEqual([4_999]);
      expect(performance.now() - begin).toBeLessThan(1_000);
    });
  });

  describe(`${name} appends and reads`, () => {
    it('has no events in a stream nobody wrote to', async () => {
      const { store, stream } = await fresh();
      expect(await factsIn(store, stream)).toEqual([]);
    });

    it('gives back what was appended, with its ids, its metadata, and where and when it was recorded', async () => {
      const { store, stream } = await fresh();
      const events: NewEvent[] = [
        {
          ...fact(1),
          data: { text: 'Zoë\u0000 🙂 "\\ \u2028', nested: [{ none: null, big: 2 ** 53 - 1, small: -0.1 }] },
          metadata: {
            commandId: 'c',
            correlationId: 'r',
            causationId: 'e',
            actor: 'rep',
            traceparent: '00-a',
            version: 3,
          },
        },
        fact(2, 'Other'),
      ];
      const appended = await store.append(stream, -1, events);
      const recorded = await factsIn(store, stream);
      expect(recorded).toEqual(
        events.map((event, revision) => ({
          ...event,
          stream,
          revision,
          position: expect.any(Number) as number,
          recordedAt: expect.any(Date) as Date,
        })),
      );
      expect(recorded.every(({ recordedAt }) => recordedAt.getTime() > 0)).toBe(true);
      expect(appended.revision).toBe(1);
      expectStrictlyGrowing(recorded);
    });

    it('reads only what comes after a revision', async () => {
      const { store, stream } = await fresh();
      await store.append(stream, -1, facts(5));
      expect(numbers(await factsIn(store, stream, 2))).toEqual([3, 4]);
      expect(await factsIn(store, stream, 4)).toEqual([]);
      expect(await factsIn(store, stream, 99)).toEqual([]);
      expect(numbers((await store.read(stream, -1, 2)).events)).toEqual([0, 1]);
      expect(numbers((await store.read(stream, 2, 2)).events)).toEqual([3, 4]);
      expect(numbers((await store.read(stream, 3, 5)).events)).toEqual([4]);
    });

    it('says whether there is more than it was asked for', async () => {
      const { store, stream } = await fresh();
      await store.append(stream, -1, facts(3));
      const more = async (after: number, limit?: number) => (await store.read(stream, after, limit)).more;
      expect([await more(-1, 2), await more(-1, 3), await more(0, 2), await more(2, 1), await more(-1)]).toEqual([
        ...[true, false, false, false, false],
      ]);
      expect((await store.read(`${stream}-nobody`)).more).toBe(false);
    });

    it('gives no more than a page at a time, by events', async () => {
      const { store, stream } = await fresh();
      for (const first of [0, 500, 1_000])
        await store.append(stream, first - 1, facts(first === 1_000 ? 1 : 500, first));
      const page = await store.read(stream);
      expect({ eventsCount: page.events.length, more: page.more }).toEqual({
        eventsCount: pageLimits.events,
        more: true,
      });
      expect((await store.read(stream, -1, 5_000)).events).toHaveLength(pageLimits.events);
      expect(numbers(await factsIn(store, stream))).toEqual(numbers(facts(1_001)));
    });

    it('gives no more than a page at a time, by bytes', async () => {
      const { store, stream, start, mine } = await fresh();
      const large = (n: number): NewEvent => ({ ...fact(n), data: { n, text: 'x'.repeat(pageLimits.bytes / 4) } });
      for (let n = 0; n < 6; n += 1) await store.append(stream, n - 1, [large(n)]);
      const sizes: number[] = [];
      for await (const page of streamPages(store, stream)) sizes.push(page.length);
      expect(sizes).toEqual([4, 2]);
      const batches = await followUntil(store, start, (seen) => seen.flatMap(({ events }) => events).length === 6, {
        streams: [mine],
      });
      for (const { events } of batches) expect(events.length).toBeLessThanOrEqual(5);
      expect(numbers(batches.flatMap(({ events }) => events))).toEqual(numbers(facts(6)));
    });

    it('tells which fact has a revision of a stream, and where it is in the log', async () => {
      const { store, mine, stream } = await fresh();
      await store.append(`${mine}b`, -1, [fact(9)]);
      await store.append(stream, -1, facts(3));
      for (const { id, revision, position } of (await store.read(stream)).events)
        expect(await store.at(stream, revision)).toEqual({ id, stream, revision, position });
      expect(await store.at(stream, 3)).toBeUndefined();
      expect(await store.at(`${mine}nobody`, 0)).toBeUndefined();
    });

    it('keeps streams apart', async () => {
      const { store, mine } = await fresh();
      await Promise.all([store.append(`${mine}a`, -1, [fact(1)]), store.append(`${mine}ab`, -1, [fact(2)])]);
      expect(numbers(await factsIn(store, `${mine}a`))).toEqual([1]);
      expect(numbers(await factsIn(store, `${mine}ab`))).toEqual([2]);
    });

    it('continues a stream at the revision it was given back', async () => {
      const { store, stream } = await fresh();
      const first = await store.append(stream, -1, facts(3));
      const second = await store.append(stream, first.revision, facts(2, 3));
      expect(second.revision).toBe(4);
      expect(second.position).toBeGreaterThan(first.position);
      expect(numbers(await factsIn(store, stream))).toEqual([0, 1, 2, 3, 4]);
    });

    it('refuses an append at another revision and leaves the stream as it was', async () => {
      const { store, stream } = await fresh();
      await store.append(stream, -1, facts(2));
      const before = await factsIn(store, stream);
      for (const expected of [-1, 0, 2, 7])
        await expect(store.append(stream, expected, facts(2, 10))).rejects.toMatchObject({
          name: 'RevisionConflict',
          stream,
          expected,
        });
      expect(await factsIn(store, stream)).toEqual(before);
    });

    it('refuses to begin a stream in the middle', async () => {
      const { store, stream } = await fresh();
      await expect(store.append(stream, 0, [fact(1)])).rejects.toBeInstanceOf(RevisionConflict);
      expect(await factsIn(store, stream)).toEqual([]);
    });

    it('refuses an append without events', async () => {
      const { store, stream } = await fresh();
      await expect(store.append(stream, -1, [])).rejects.toThrow('no events');
    });

    it('appends many events as one', async () => {
      const { store, stream, start, mine } = await fresh();
      const outcomes = await Promise.allSettled([
        store.append(stream, -1, facts(1_050)),
        store.append(stream, -1, facts(1_050, 1_050)),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const events = await factsIn(store, stream);
      const first = numbers(events)[0] ?? -1;
      expect(numbers(events)).toEqual(numbers(facts(1_050, first)));
      expectStrictlyGrowing(events);
      expect(await take(store, start, 1_050, { streams: [mine] })).toEqual(events);
    });

    it('lets twenty writers of one stream each in, one after the other', async () => {
      const { store, stream } = await fresh();
      const tries = await Promise.all(facts(20).map((event) => appendWithRetries(store, stream, event)));
      const events = await factsIn(store, stream);
      expect(events.map(({ revision }) => revision)).toEqual(numbers(facts(20)));
      expect([...numbers(events)].sort((a, b) => a - b)).toEqual(numbers(facts(20)));
      expect(Math.max(...tries)).toBeGreaterThan(0);
    });

    it('has its head at the last event of the log', async () => {
      const { store, mine, start } = await fresh();
      const { position } = await store.append(`${mine}a`, -1, facts(3));
      expect(position).toBeGreaterThan(start);
      expect(await store.head()).toBeGreaterThanOrEqual(position);
      const events = await take(store, start, 3, { streams: [mine] });
      expect(events.at(-1)?.position).toBe(position);
    });
  });

  describe(`${name} is scanned`, () => {
    const wide = { events: 1_000, among: 5_000 };
    type Limits = Parameters<EventStore['scan']>[2];
    /** Every look from a position on, until one says that the log ended there. */
    const looks = async (store: EventStore, from: number, filter: Filter, limits: Limits) => {
      const found = [await store.scan(from, filter, limits)];
      for (let last = found[0]!; !last.atEnd; found.push(last)) last = await store.scan(last.position, filter, limits);
      return found;
    };

    it('for what is wanted after a position, in order, without waiting for more', async () => {
      const { store, mine, start } = await fresh();
      await store.append(`${mine}a`, -1, [fact(0, 'Wanted'), fact(1), fact(2, 'Wanted')]);
      await store.append(`${mine}b`, -1, [fact(3, 'Wanted')]);
      const filter = { streams: [`${mine}a`], types: ['Wanted'] };
      const all = await store.scan(start, filter, wide);
      const [first] = all.events;
      expect(all.events).toEqual((await factsIn(store, `${mine}a`)).filter(({ type }) => type === 'Wanted'));
      expect([all.atEnd, all.position]).toEqual([true, await store.head()]);
      expect(numbers((await store.scan(first!.position, filter, wide)).events)).toEqual([2]);
      const end = await store.scan(all.position, filter, wide);
      expect(end).toMatchObject({ events: [], position: all.position, atEnd: true });
    });

    it('for so many events at most, of so many that are looked at', async () => {
      const { store, mine, start } = await fresh();
      for (let n = 0; n < 10; n += 1) {
        await store.append(`${mine}a`, n - 1, [fact(4 * n)]);
        await store.append(`${mine}b`, 3 * n - 1, facts(3, 4 * n + 1));
      }
      const filter = { streams: [`${mine}a`] };
      for (const limits of [wide, { events: 1, among: 5_000 }, { events: 3, among: 5 }, { events: 5, among: 1 }]) {
        const found = await looks(store, start, filter, limits);
        expect(numbers(found.flatMap(({ events }) => events))).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32, 36]);
        expect(Math.max(...found.map(({ events }) => events.length))).toBeLessThanOrEqual(limits.events);
        expect(found.length).toBeGreaterThanOrEqual(40 / limits.among);
        for (const { events, position, last } of found) {
          expect(position).toBeGreaterThanOrEqual(events.at(-1)?.position ?? start);
          if (last) expect(await store.at(last.stream, last.revision)).toEqual(last);
        }
      }
    });

    it('for a page at most, by bytes', async () => {
      const { store, stream, start, mine } = await fresh();
      const large = (n: number): NewEvent => ({ ...fact(n), data: { n, text: 'x'.repeat(pageLimits.bytes / 4) } });
      for (let n = 0; n < 6; n += 1) await store.append(stream, n - 1, [large(n)]);
      const found = await looks(store, start, { streams: [mine] }, wide);
      expect(numbers(found.flatMap(({ events }) => events))).toEqual(numbers(facts(6)));
      for (const { events } of found) expect(events.length).toBeLessThanOrEqual(5);
    });
  });

  describe(`${name} is followed`, () => {
    it('from the beginning of the log', async () => {
      const { store, mine } = await fresh();
      await store.append(`${mine}a`, -1, facts(2));
      await store.append(`${mine}b`, -1, facts(2, 2));
      expect(numbers(await take(store, 0, 4, { streams: [mine] }))).toEqual([0, 1, 2, 3]);
    });

    it('with the same events that reading gives', async () => {
      const { store, stream, start, mine } = await fresh();
      await store.append(stream, -1, facts(3));
      expect(await take(store, start, 3, { streams: [mine] })).toEqual(await factsIn(store, stream));
    });

    it('from any event on, also from within an append', async () => {
      const { store, stream, mine } = await fresh();
      await store.append(stream, -1, facts(5));
      for (const event of (await factsIn(store, stream)).slice(0, 4)) {
        const rest = await take(store, event.position, 4 - event.revision, { streams: [mine] });
        expect(rest[0]?.revision).toBe(event.revision + 1);
        expect(rest).toHaveLength(4 - event.revision);
      }
    });

    it('live, by any number of readers', async () => {
      const { store, stream, start, mine } = await fresh();
      const readers = [take(store, start, 60, { streams: [mine] }), take(store, start, 60, { streams: [mine] })];
      for (let n = 0; n < 60; n += 1) await store.append(stream, n - 1, [fact(n)]);
      const [one, two] = await Promise.all(readers);
      expect(numbers(one ?? [])).toEqual(numbers(facts(60)));
      expect(two).toEqual(one);
    });

    it('from the past into the present without a loss or a repeat while writers write', async () => {
      const { store, mine, start } = await fresh();
      await store.append(`${mine}old`, -1, facts(1_100));
      const writers = ['p', 'q', 'r', 's'].map(async (writer) => {
        for (let n = 0; n < 40; n += 1) await store.append(`${mine}${writer}`, n - 1, [fact(n)]);
      });
      const early = take(store, start, 1_260, { streams: [mine] });
      await Promise.race(writers);
      const late = await take(store, start, 1_260, { streams: [mine] });
      await Promise.all(writers);
      expectStrictlyGrowing(late);
      expect(await early).toEqual(late);
      for (const writer of ['old', 'p', 'q', 'r', 's']) {
        const written = await factsIn(store, `${mine}${writer}`);
        expect(late.filter(({ stream }) => stream === `${mine}${writer}`)).toEqual(written);
      }
    });

    it('in batches that tell the last fact up to where they end, wanted or not, to find it again there', async () => {
      const { store, mine, start } = await fresh();
      await store.append(`${mine}a`, -1, facts(2));
      await store.append(`lead-${mine}b`, -1, facts(2, 10));
      const position = (await store.append(`${mine}a`, 1, [fact(2), fact(3, 'Other')])).position;
      const filter = { streams: [`${mine}a`], types: ['Counted'] };
      const batches = await followUntil(store, start, (come) => (come.at(-1)?.position ?? 0) >= position, filter);
      const last = batches.findLast((batch) => batch.last)?.last;
      expect(last).toEqual(await store.at(`${mine}a`, 3));
      for (const batch of batches) {
        if (!batch.last) continue;
        expect(batch.last.position).toBeLessThanOrEqual(batch.position);
        expect(await store.at(batch.last.stream, batch.last.revision)).toEqual(batch.last);
      }
    });

    it('in batches that end where their last event is or beyond', async () => {
      const { store, stream, mine, start } = await fresh();
      const { position } = await store.append(stream, -1, facts(1_100));
      const batches = await followUntil(store, start, (seen) => (seen.at(-1)?.position ?? 0) >= position, {
        streams: [mine],
      });
      for (const batch of batches) {
        expect(batch.events.length).toBeLessThanOrEqual(1_000);
        expect(batch.position).toBeGreaterThanOrEqual(batch.events.at(-1)?.position ?? 0);
      }
      expect(batches.flatMap(({ events }) => events)).toHaveLength(1_100);
    });

    it('only in the streams with one of the prefixes, while the position passes over the others', async () => {
      const { store, mine, start } = await fresh();
      await store.append(`${mine}a-1`, -1, facts(1));
      await store.append(`b-${mine}a-1`, -1, facts(1, 3));
      await store.append(`${mine}b-1`, -1, facts(1_050));
      await store.append(`${mine}c-1`, -1, facts(1, 7));
      const { position } = await store.append(`${mine}b-2`, -1, facts(1_050));
      const passed = (seen: readonly Batch[]) => (seen.at(-1)?.position ?? 0) >= position;
      const batches = await followUntil(store, start, passed, { streams: [`${mine}a-`, `${mine}c-`] });
      expect(numbers(batches.flatMap(({ events }) => events))).toEqual([0, 7]);
    });

    it('only with events of the types and in the streams that are asked for, while the position passes over the others', async () => {
      const { store, mine, start } = await fresh();
      const mixed = (first: number) => [fact(first, 'Wanted'), fact(first + 1), fact(first + 2, 'Rare')];
      await store.append(`${mine}a`, -1, mixed(0));
      await store.append(`${mine}b`, -1, mixed(10));
      await store.append(`${mine}a`, 2, facts(600, 100));
      await store.append(`${mine}a`, 602, mixed(20));
      const { position } = await store.append(`${mine}a`, 605, facts(5, 800));
      const passed = (seen: readonly Batch[]) => (seen.at(-1)?.position ?? 0) >= position;
      const wanted = { streams: [`${mine}a`], types: ['Wanted', 'Rare', 'Unheard'] };
      const batches = await followUntil(store, start, passed, wanted);
      expect(numbers(batches.flatMap(({ events }) => events))).toEqual([0, 2, 20, 22]);
      expect(numbers(await take(store, start, 3, { streams: [mine], types: ['Rare'] }))).toEqual([2, 12, 22]);
    });

    it('live, when events of other types come before and after the one that is asked for', async () => {
      const { store, stream, mine, start } = await fresh();
      const reading = take(store, start, 2, { streams: [mine], types: ['Wanted'] });
      for (let n = 0; n < 40; n += 1) await store.append(stream, n - 1, [fact(n, n % 20 === 7 ? 'Wanted' : 'Other')]);
      expect(numbers(await reading)).toEqual([7, 27]);
    });

    it('up to the head, also where the last events are of streams that nobody asked for', async () => {
      const { store, mine, start } = await fresh();
      const reached = (head: number) => (seen: readonly Batch[]) => (seen.at(-1)?.position ?? 0) >= head;
      for (const others of [1, 3, 40]) {
        await store.append(`${mine}a-${others}`, -1, facts(1, others));
        await store.append(`${mine}b-${others}`, -1, facts(others));
        const head = await store.head();
        const batches = await followUntil(store, start, reached(head), { streams: [`${mine}a-`] });
        expect(numbers(batches.flatMap(({ events }) => events)).at(-1)).toBe(others);
        expect(await store.head()).toBeGreaterThanOrEqual(batches.at(-1)?.position ?? Infinity);
      }
    });

    it('live up to the head, after waiting at the end, when only streams that nobody asked for grow', async () => {
      const { store, mine } = await fresh();
      const { position } = await store.append(`${mine}a`, -1, facts(1));
      const waiting = followUntil(store, position, (seen) => (seen.at(-1)?.position ?? 0) > position, {
        streams: [`${mine}a`],
      });
      const grown = await store.append(`${mine}b`, -1, facts(1));
      const head = await store.head();
      const batches = await waiting;
      expect(batches.flatMap(({ events }) => events)).toEqual([]);
      expect(batches.at(-1)?.position).toBeLessThanOrEqual(head);
      expect(grown.position).toBeLessThanOrEqual(head);
    });

    it('again from any position a batch ended at, without a loss or a repeat', async () => {
      const { store, mine, start } = await fresh();
      await store.append(`${mine}b-1`, -1, facts(700));
      await store.append(`${mine}a-1`, -1, facts(2));
      const before = await store.append(`${mine}b-2`, -1, facts(700));
      const passed = (seen: readonly Batch[]) => (seen.at(-1)?.position ?? 0) >= before.position;
      const ends = (await followUntil(store, start, passed, { streams: [`${mine}a-`] })).map(
        ({ position }) => position,
      );
      await store.append(`${mine}a-2`, -1, facts(1, 2));
      const all = await take(store, start, 3, { streams: [`${mine}a-`] });
      for (const end of ends) {
        const rest = all.filter(({ position }) => position > end);
        expect(await take(store, end, rest.length, { streams: [`${mine}a-`] })).toEqual(rest);
      }
    });

    it('until aborted: before it begins, in the middle, and at the end of the log', async () => {
      const { store, stream, start, mine } = await fresh();
      const { position } = await store.append(stream, -1, facts(1_100));
      expect(await all(store.follow(start, AbortSignal.abort(), { streams: [mine] }))).toEqual([]);
      expect(await followUntil(store, start, (seen) => seen.length === 1, { streams: [mine] })).toHaveLength(1);
      const stop = new AbortController();
      const waiting = store.follow(position, stop.signal, { streams: [mine] })[Symbol.asyncIterator]();
      const next = waiting.next();
      stop.abort();
      expect(await next).toMatchObject({ done: true });
    });

    it('by a reader that stops pulling in the middle without hindering the others', async () => {
      const { store, stream, start, mine } = await fresh();
      await store.append(stream, -1, facts(1_200));
      const stop = new AbortController();
      for await (const batch of store.follow(start, stop.signal, { streams: [mine] })) {
        expect(batch.position).toBeGreaterThan(start);
        break;
      }
      expect(await take(store, start, 1_200, { streams: [mine] })).toHaveLength(1_200);
    });
  });

  describe(`${name} closed and opened again`, () => {
    if (durable)
      it('has kept everything, and goes on from there', async () => {
        const { store, reopen, stream, mine, start } = await fresh();
        if (!reopen) throw new Error(`${name} is durable but its contract gives no reopen; add one`);
        const { position } = await store.append(stream, -1, facts(3));
        const before = await factsIn(store, stream);
        const again = await reopen();
        expect(await factsIn(again, stream)).toEqual(before);
        expect((await again.append(stream, 2, [fact(3)])).position).toBeGreaterThan(position);
        expect(numbers(await take(again, start, 4, { streams: [mine] }))).toEqual([0, 1, 2, 3]);
      });

    it('refuses every call while closed', async () => {
      const { store, stream } = await fresh();
      await store.close();
      const never = new AbortController().signal;
      await expect(factsIn(store, stream)).rejects.toMatchObject({ name: 'StoreUnavailable' });
      await expect(store.append(stream, -1, [fact(1)])).rejects.toMatchObject({ name: 'StoreUnavailable' });
      await expect(store.head()).rejects.toMatchObject({ name: 'StoreUnavailable' });
      await expect(all(store.follow(0, never))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    });
  });
}
