import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Batch, EventStore, Filter } from '../../src/eventstore/event-store.ts';
import { openEventStoreDB } from '../../src/eventstore/eventstoredb/store.ts';
import type { EventStoreDBOptions } from '../../src/eventstore/eventstoredb/store.ts';
import { openLog } from '../../src/eventstore/open.ts';
import { subscribe } from '../../src/runners/subscription.ts';
import { fact, facts, followUntil, numbers, take } from '../contracts/event-store.ts';
import { newCertificate } from '../support/certificates.ts';
import type { Proposed } from '../support/eventstoredb-standin-log.ts';
import { startEventStoreStandin, trailers } from '../support/eventstoredb-standin.ts';
import { factsIn } from '../support/facts-in.ts';

const UNAVAILABLE = { name: 'StoreUnavailable' };

async function opened(options: EventStoreDBOptions = {}) {
  const standin = await startEventStoreStandin();
  const store = openEventStoreDB(standin.url, options);
  onTestFinished(async () => {
    await store.close();
    await standin.stop();
  });
  return { standin, store };
}

/** Something that somebody else writes. */
const foreign = (): Proposed => ({ id: randomUUID(), type: 'Foreign', json: true, data: btoa('{}'), metadata: '' });
const foreigners = (count: number): readonly Proposed[] => Array.from({ length: count }, foreign);

/** How long something took, in ms, with what it gave or failed with. */
async function timed(run: Promise<unknown>): Promise<{ readonly took: number; readonly outcome: unknown }> {
  const begin = performance.now();
  const outcome = await run.catch((error: unknown) => error);
  return { took: performance.now() - begin, outcome };
}

const calls = (store: EventStore): readonly Promise<unknown>[] => [
  factsIn(store, 'lead-a'),
  store.append('lead-b', -1, [fact(1)]),
  store.head(),
];

/** The next batch of a follower, and the end of it. */
function following(store: EventStore, from = 0, filter?: Filter) {
  const stop = new AbortController();
  const batches = store.follow(from, stop.signal, filter)[Symbol.asyncIterator]();
  return { batches, stop: () => stop.abort() };
}

describe('An EventStoreDB that is away', () => {
  it('is told within two seconds', async () => {
    const { standin, store } = await opened();
    await standin.stop();
    for (const call of [...calls(store), following(store).batches.next()]) {
      const { took, outcome } = await timed(call);
      expect(outcome).toMatchObject(UNAVAILABLE);
      expect(took).toBeLessThan(2_000);
    }
  });

  it('is told within two seconds where it is one of a cluster, and does not end the process', async () => {
    const standin = await startEventStoreStandin();
    const store = openEventStoreDB(`esdb+discover://127.0.0.1:${standin.port}?tls=false&maxDiscoverAttempts=1`);
    onTestFinished(() => store.close());
    await store.append('lead-a', -1, [fact(1)]);
    const followers = [following(store), following(store, 0, { streams: ['lead-'] })];
    for (const { batches } of followers) await batches.next();
    const waiting = followers.map(({ batches }) => batches.next().catch((error: unknown) => error));
    await standin.stop();
    expect(await Promise.all(waiting)).toMatchObject([UNAVAILABLE, UNAVAILABLE]);
    for (const call of calls(store)) {
      const { took, outcome } = await timed(call);
      expect(outcome).toMatchObject(UNAVAILABLE);
      expect(took).toBeLessThan(2_000);
    }
    await standin.start();
    expect(numbers(await factsIn(store, 'lead-a'))).toEqual([1]);
    await standin.stop();
  });

  it('does not end the process while the client looks for the leader of a cluster in vain', async () => {
    const standin = await startEventStoreStandin();
    const store = openEventStoreDB(`esdb+discover://127.0.0.1:${standin.port}?tls=false&maxDiscoverAttempts=1`);
    onTestFinished(() => store.close());
    await store.append('lead-a', -1, [fact(1)]);
    const { batches } = following(store);
    await batches.next();
    const waiting = batches.next().catch((error: unknown) => error);
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    standin.fault('append', { code: status.UNAVAILABLE, details: 'Server Is Not Ready' });
    await expect(store.append('lead-a', 0, [fact(2)])).rejects.toMatchObject(UNAVAILABLE);
    // The client looks for another node now; then the call that was open on the old connection breaks.
    const searching = factsIn(store, 'lead-a').catch((error: unknown) => error);
    await standin.stop();
    expect(await Promise.all([searching, waiting])).toMatchObject([UNAVAILABLE, UNAVAILABLE]);
  });

  it('is used again when it is back', async () => {
    const { standin, store } = await opened();
    await store.append('lead-a', -1, [fact(1)]);
    await standin.stop();
    await Promise.allSettled(calls(store));
    await standin.start();
    expect(numbers(await factsIn(store, 'lead-a'))).toEqual([1]);
    expect(await store.append('lead-a', 0, [fact(2)])).toMatchObject({ revision: 1 });
    expect(await store.head()).toBeGreaterThan(0);
  });

  it('is told with its hosts, without the user and the password', async () => {
    const { standin } = await opened();
    await standin.stop();
    const store = openEventStoreDB(`esdb://admin:hunter2@127.0.0.1:${standin.port}?tls=false`);
    const error: unknown = await factsIn(store, 'lead-a').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining(`127.0.0.1:${standin.port}`) });
    expect(String(error)).not.toContain('hunter2');
  });
});

describe('An EventStoreDB that keeps silent', () => {
  it('is not waited for beyond the deadline', async () => {
    const { standin, store } = await opened({ deadline: 200 });
    await store.append('lead-a', -1, [fact(1)]);
    standin.delay(2_000);
    for (const { took, outcome } of await Promise.all(calls(store).map(timed))) {
      expect(outcome).toMatchObject(UNAVAILABLE);
      expect(took).toBeLessThan(1_000);
    }
  });

  it('is waited for as long as its connection string says, and longer by tools when that says nothing', async () => {
    const { standin } = await opened();
    const open = async (url: string): Promise<EventStore> => {
      const store = await openLog({ scheme: 'eventstoredb', url });
      onTestFinished(() => store.close());
      return store;
    };
    const [told, patient] = [await open(`${standin.url}&defaultDeadline=200`), await open(standin.url)];
    standin.delay(1_700);
    const late = expect(told.head()).rejects.toMatchObject({ message: expect.stringContaining('in 200 ms') });
    expect(await patient.head()).toBe(0);
    await late;
  });

  it('is not asked any more for what nobody waits for', async () => {
    const { standin, store } = await opened({ deadline: 200 });
    standin.fault('read', 'silent');
    standin.fault('append', 'silent');
    await Promise.allSettled(calls(store).slice(0, 2));
    await vi.waitFor(() => expect([standin.open('read'), standin.open('append')]).toEqual([0, 0]));
  });

  it('may be asked a thousand times and more for streams that nobody wrote to', async () => {
    const { store } = await opened();
    // Node breaks a connection on which it was answered a thousand calls that were cancelled when they had ended.
    for (let index = 0; index < 1_200; index++) expect(await factsIn(store, `lead-${index}`)).toEqual([]);
  });

  it('may take longer than the deadline for a long stream', async () => {
    const { standin, store } = await opened({ deadline: 400 });
    standin.log.append('lead-a', 'any', foreigners(1_000));
    standin.pace(80);
    expect(await factsIn(store, 'lead-a')).toHaveLength(1_000);
  });
});

describe('An append', () => {
  it('whose answer was lost is unavailable, and finds its events there when it is made again', async () => {
    const { standin, store } = await opened();
    const events = facts(3);
    standin.fault('append', 'silent');
    const lost = store.append('lead-a', -1, events).catch((error: unknown) => error);
    await vi.waitFor(() => expect(standin.log.stream('lead-a')).toHaveLength(3));
    await standin.stop();
    expect(await lost).toMatchObject(UNAVAILABLE);
    await standin.start();
    const again = await store.append('lead-a', -1, events);
    const stored = await factsIn(store, 'lead-a');
    expect(numbers(stored)).toEqual([0, 1, 2]);
    expect(again).toEqual({ revision: 2, position: stored.at(-1)?.position });
  });

  it('is refused at once when too many events wait already, and not when they are written', async () => {
    const { standin, store } = await opened({ maxInFlight: 10 });
    standin.delay(300);
    const waiting = [store.append('lead-a', -1, facts(6)), store.append('lead-b', -1, facts(4))];
    const { took, outcome } = await timed(store.append('lead-c', -1, [fact(1)]));
    expect(outcome).toMatchObject(UNAVAILABLE);
    expect(took).toBeLessThan(100);
    await Promise.all(waiting);
    expect(await store.append('lead-c', -1, facts(11))).toMatchObject({ revision: 10 });
  });

  it('is larger than the server takes: told as it is, for trying again would not help', async () => {
    const { store } = await opened({ deadline: 10_000 });
    const large = { ...fact(1), data: { text: 'x'.repeat(1_100_000) } };
    await expect(store.append('lead-a', -1, [large])).rejects.toThrow(RangeError);
    expect(await factsIn(store, 'lead-a')).toEqual([]);
  });

  it('without data is refused before it is sent', async () => {
    const { standin, store } = await opened();
    await expect(store.append('lead-a', -1, [{ ...fact(1), data: undefined }])).rejects.toThrow('has no data');
    expect(standin.seen()).toEqual([]);
  });

  it('has the names of EventStoreDB for correlation and causation besides ours', async () => {
    const { standin, store } = await opened();
    const event = fact(1);
    await store.append('lead-a', -1, [event]);
    const [stored] = standin.log.stream('lead-a');
    const metadata: unknown = JSON.parse(atob(stored?.metadata ?? ''));
    expect(metadata).toEqual({ ...event.metadata, $correlationId: 'x', $causationId: 'y' });
    expect((await factsIn(store, 'lead-a'))[0]?.metadata).toEqual(event.metadata);
  });

  it('goes to the leader after the node said that it is none', async () => {
    const { standin, store } = await opened();
    const leader = await startEventStoreStandin();
    onTestFinished(() => leader.stop());
    const where = { 'leader-endpoint-host': '127.0.0.1', 'leader-endpoint-port': String(leader.port) };
    const metadata = trailers({ exception: 'not-leader', ...where });
    standin.fault('append', { code: status.NOT_FOUND, details: 'Leader info available', metadata });
    await expect(store.append('lead-a', -1, [fact(1)])).rejects.toMatchObject(UNAVAILABLE);
    await store.append('lead-a', -1, [fact(1)]);
    expect([standin, leader].map(({ log }) => log.stream('lead-a').length)).toEqual([0, 1]);
  });

  it.each([
    ['a server that is not ready', status.UNAVAILABLE, 'Server Is Not Ready', 'try again'],
    ['a user who may not write', status.PERMISSION_DENIED, 'Access Denied', 'check the user'],
  ])('to %s is unavailable', async (_, code, details, advice) => {
    const { standin, store } = await opened();
    const metadata = code === status.PERMISSION_DENIED ? trailers({ exception: 'access-denied' }) : trailers({});
    standin.fault('append', { code, details, metadata });
    const message: unknown = expect.stringContaining(advice);
    await expect(store.append('lead-a', -1, [fact(1)])).rejects.toMatchObject({ ...UNAVAILABLE, message });
  });
});

describe('A follower', () => {
  it('follows the streams of the product when nobody says which', async () => {
    const { store } = await opened();
    for (const [n, stream] of ['project-a', 'other-a', 'lead-a', 'job-a'].entries())
      await store.append(stream, -1, [fact(n)]);
    expect(numbers(await take(store, 0, 3))).toEqual([0, 2, 3]);
  });

  it('hands over what others wrote to a stream of the product, with no metadata', async () => {
    const { standin, store } = await opened();
    standin.log.append('lead-a', 'any', [foreign(), { ...foreign(), json: false, metadata: btoa('no JSON') }]);
    const events = await take(store, 0, 2);
    expect(events.map(({ type, metadata }) => [type, metadata])).toEqual([
      ['Foreign', {}],
      ['Foreign', {}],
    ]);
    expect(await factsIn(store, 'lead-a')).toEqual(events);
  });

  it('passes over a hundred thousand events of others', async () => {
    const { standin, store } = await opened();
    standin.log.append('other-a', 'any', foreigners(100_000));
    const head = await store.head();
    const batches: Batch[] = [];
    const begin = performance.now();
    const reached = (seen: readonly Batch[]) => (seen.at(-1)?.position ?? 0) >= head;
    batches.push(...(await followUntil(store, 0, reached)));
    expect(batches.every(({ events }) => events.length === 0)).toBe(true);
    expect(batches.at(-1)?.position).toBe(head);
    expect(standin.seen().length).toBeLessThan(500);
    expect(performance.now() - begin).toBeLessThan(5_000);
  });

  it('loses nothing when it begins again where a stretch of others ended', async () => {
    const { standin, store } = await opened();
    for (const others of [499, 500, 501, 998, 1_000]) {
      standin.log.append('other-a', 'any', foreigners(others));
      const from = await store.head();
      const passed = await followUntil(store, 0, (seen) => (seen.at(-1)?.position ?? 0) >= from);
      const { position } = await store.append(`lead-${others}`, -1, [fact(others)]);
      for (const batch of passed.filter(({ position: end }) => end >= from))
        expect((await take(store, batch.position, 1))[0]).toMatchObject({ position, data: { n: others } });
    }
  });

  it('comes to the head that another process sees, when nobody in its own asks', async () => {
    const { standin, store } = await opened();
    const { position } = await store.append('lead-a', -1, [fact(1)]);
    const { batches, stop } = following(store, position);
    const next = batches.next();
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    standin.log.append('$stats', 'any', [foreign()]);
    expect(await next).toMatchObject({ value: { events: [], position: standin.log.all.at(-1)?.position } });
    stop();
  });

  it('comes to the head promptly when somebody asks where it is', async () => {
    const { standin, store } = await opened();
    const { position } = await store.append('lead-a', -1, [fact(1)]);
    const { batches, stop } = following(store, position);
    const next = batches.next();
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    standin.log.append('$stats', 'any', [foreign()]);
    const head = await store.head();
    const { took, outcome } = await timed(next);
    expect(outcome).toMatchObject({ value: { events: [], position: head } });
    expect(took).toBeLessThan(500);
    stop();
  });

  it('ends its call when it is aborted, and does so promptly', async () => {
    const { standin, store } = await opened();
    const { position } = await store.append('lead-a', -1, [fact(1)]);
    const { batches, stop } = following(store, position);
    const next = batches.next();
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    stop();
    const { took, outcome } = await timed(next);
    expect(outcome).toMatchObject({ done: true });
    expect(took).toBeLessThan(200);
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(0));
  });

  it('ends its call when nobody pulls any more', async () => {
    const { standin, store } = await opened();
    await store.append('lead-a', -1, facts(10));
    for await (const batch of store.follow(0, new AbortController().signal)) {
      expect(batch.events.length).toBeGreaterThan(0);
      break;
    }
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(0));
  });

  it('fails when the subscription ends, when it is refused, and when the store is closed', async () => {
    const { standin, store } = await opened();
    standin.fault('subscribe', 'end');
    await expect(following(store).batches.next()).rejects.toMatchObject(UNAVAILABLE);
    standin.fault('subscribe', { code: status.UNAVAILABLE, details: 'Server Is Too Busy' });
    await expect(following(store).batches.next()).rejects.toMatchObject(UNAVAILABLE);
    const next = following(store, await store.head())
      .batches.next()
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    await store.close();
    const { took, outcome } = await timed(next);
    expect(outcome).toMatchObject(UNAVAILABLE);
    expect(took).toBeLessThan(200);
  });

  it('does not see as handled what it has not handed over yet', async () => {
    const { standin, store } = await opened();
    for (let round = 0; round < 30; round += 1) {
      standin.log.append('lead-a', 'any', foreigners(40));
      standin.log.append('other-a', 'any', foreigners(700));
    }
    const ours = standin.log.stream('lead-a').map(({ position }) => position);
    const head = standin.log.all.at(-1)?.position ?? 0;
    const handed: number[] = [];
    const { batches, stop } = following(store);
    for (let end = 0; end < head;) {
      const { value } = (await batches.next()) as { value: Batch };
      handed.push(...value.events.map(({ position }) => position));
      end = value.position;
      expect(handed).toEqual(ours.filter((position) => position <= end));
    }
    stop();
  });

  it('goes on where it was when the server comes back, by way of its subscription', async () => {
    const { standin, store } = await opened();
    const handled: number[] = [];
    let checkpoint = 0;
    const subscription = subscribe({
      name: 'test',
      store,
      now: () => new Date(0),
      retryDelay: () => 20,
      load: async () => ({ position: checkpoint }),
      handle: async ({ events, position }) => {
        handled.push(...numbers(events));
        checkpoint = position;
      },
    });
    onTestFinished(() => subscription.stop());
    for (const round of [0, 1, 2]) {
      const events = facts(100, round * 100);
      // A try to connect that began while the server was away may still fail now.
      const { position } = await vi.waitFor(() => store.append('lead-a', round * 100 - 1, events), 10_000);
      if (round === 1) await subscription.reached(position);
      await standin.stop();
      await vi.waitFor(() => expect(subscription.status().state).toBe('stalled'));
      await standin.start();
      await subscription.reached(position);
    }
    standin.log.append('$stats', 'any', [foreign()]);
    await subscription.reached(await store.head());
    expect(handled).toEqual(numbers(facts(300)));
    expect(subscription.status()).toMatchObject({ state: 'live', attempts: 0 });
  });
});

describe('A truncated stream', () => {
  /** The metadata of a stream as somebody else sets it. */
  const metadata = (settings: object): Proposed => ({
    ...foreign(),
    type: '$metadata',
    data: btoa(JSON.stringify(settings)),
  });

  it('keeps what else its metadata says', async () => {
    const { standin, store } = await opened();
    await store.append('lead-a', -1, facts(3));
    standin.log.append('$$lead-a', 'any', [metadata({ $acl: { $r: 'ops' }, owner: 'x' })]);
    await store.truncate('lead-a', 2);
    const set = standin.log.stream('$$lead-a').map(({ data }): unknown => JSON.parse(atob(data)));
    expect(set.at(-1)).toEqual({ $acl: { $r: 'ops' }, owner: 'x', $tb: 2 });
    await store.truncate('lead-a', 1);
    expect(standin.log.stream('$$lead-a')).toHaveLength(2);
  });

  it('beyond its last event by somebody else is empty, and goes on where it was', async () => {
    const { standin, store } = await opened();
    await store.append('lead-a', -1, facts(3));
    standin.log.append('$$lead-a', 'any', [metadata({ $tb: 10 })]);
    expect(await factsIn(store, 'lead-a')).toEqual([]);
    await expect(store.append('lead-a', -1, [fact(3)])).rejects.toMatchObject({ name: 'RevisionConflict' });
    expect(await store.append('lead-a', 2, [fact(3)])).toMatchObject({ revision: 3 });
  });

  it('is handed to followers until a scavenge, and a subscription that is under way goes on after it', async () => {
    const { standin, store } = await opened();
    await store.append('lead-a', -1, facts(3));
    await store.truncate('lead-a', 2);
    expect(numbers(await take(store, 0, 3))).toEqual([0, 1, 2]);
    const { batches, stop } = following(store, await store.head());
    const next = batches.next();
    await vi.waitFor(() => expect(standin.open('subscribe')).toBe(1));
    standin.log.scavenge();
    const { position } = await store.append('lead-b', -1, [fact(9)]);
    expect(position).toBeGreaterThanOrEqual(256 * 1024 * 1024);
    expect(await next).toMatchObject({ value: { events: [{ position }] } });
    stop();
    expect(numbers(await take(store, 0, 2))).toEqual([2, 9]);
  });

  it('is left as it was when the server is away', async () => {
    const { standin, store } = await opened();
    await store.append('lead-a', -1, facts(3));
    await standin.stop();
    await expect(store.truncate('lead-a', 2)).rejects.toMatchObject(UNAVAILABLE);
    await standin.start();
    expect(numbers(await factsIn(store, 'lead-a'))).toEqual([0, 1, 2]);
  });
});

describe('A connection string', () => {
  it('may have a user, who is sent with every call, also without TLS', async () => {
    const { standin } = await opened();
    const store = openEventStoreDB(standin.url.replace('//', '//admin:changeit@'));
    onTestFinished(() => store.close());
    await store.append('lead-a', -1, [fact(1)]);
    expect(numbers(await take(store, 0, 1))).toEqual([1]);
  });

  it.each([
    'http://db:2113',
    'esdb://admin:hunter2@db:x',
    'esdb://admin:x@y:hunter2@db',
    'esdb://admin:hunter2@db:2113?nodePreference=none',
    'esdb://admin:hunter2@db:2113?tls=false&nodePreverence=leader',
  ])('that can not be read is told without its password: %s', (url) => {
    const warn = vi.spyOn(console, 'warn');
    onTestFinished(() => warn.mockRestore());
    const open = () => openEventStoreDB(url);
    expect(open).toThrow('give esdb://<host>:2113');
    expect(open).not.toThrow('hunter2');
    expect(warn).not.toHaveBeenCalled();
  });

  it('may have every option but tlsVerifyCert, which makes the client print it', () => {
    const options = 'tls=true&nodePreference=follower&keep_alive_interval=20000&connectionName=a%26b';
    const open = (more: string) => () =>
      openEventStoreDB(`esdb+discover://admin:change%3Fit@a,b:2113?${options}${more}`);
    expect(open('')).not.toThrow();
    expect(open('&tlsVerifyCert=false')).toThrow('tlsVerifyCert is not obeyed');
  });

  it('may ask for TLS, with the authority of the certificate and a user', async () => {
    const [certificate, folder] = [newCertificate(), mkdtempSync(join(tmpdir(), 'leadfold-ca-'))];
    const standin = await startEventStoreStandin(0, undefined, undefined, {
      certificate,
      username: 'a',
      password: 'b/@',
    });
    writeFileSync(join(folder, 'ca.pem'), certificate.cert);
    const store = openEventStoreDB(`${standin.url.replace('//', '//a:b%2F%40@')}&tlsCAFile=${join(folder, 'ca.pem')}`);
    onTestFinished(async () => {
      await store.close();
      await standin.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    await store.append('lead-a', -1, [fact(1)]);
    expect(numbers(await take(store, 0, 1))).toEqual([1]);
    expect(await store.state()).toBe('up');
  });
});
