import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { Event } from '../../src/domain/event.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { erase, project } from '../../src/projections/projection.ts';
import type { AnyProjection, Projection } from '../../src/projections/projection.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import type { Key } from '../../src/readmodels/collection.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';

type Opened = Event<'AccountOpened', { account: string }>;
type Moved = Event<'MoneyMoved', { from: string; to: string; amount: number }>;
type Closed = Event<'AccountClosed', { account: string }>;
type Fact = Opened | Moved | Closed;
type Balance = { account: string; amount: number; facts: number };

const key = (id: string): Key => ({ project: 'p1', id });

const balances: Projection<Balance, Fact> = {
  name: 'balances',
  streams: ['account-'],
  document: z.object({ account: z.string(), amount: z.number(), facts: z.number() }),
  indexes: [['amount']],
  keys: (event) => {
    switch (event.type) {
      case 'MoneyMoved':
        return [key(event.data.from), key(event.data.to)];
      case 'AccountOpened':
      case 'AccountClosed':
        return [key(event.data.account)];
      default:
        return [];
    }
  },
  evolve: (doc = { account: '', amount: 0, facts: 0 }, event, { id }) => {
    if (event.type === 'AccountClosed') return undefined;
    const amount = event.type === 'MoneyMoved' ? (event.data.to === id ? 1 : -1) * event.data.amount : 0;
    return { account: id, amount: doc.amount + amount, facts: doc.facts + 1 };
  },
};

const tallies: Projection<{ total: number }, Moved> = {
  name: 'tallies',
  streams: ['account-'],
  types: ['MoneyMoved'],
  document: z.object({ total: z.number() }),
  indexes: [],
  keys: (event) => (event.type === 'MoneyMoved' ? [key('all')] : []),
  evolve: (doc, event) => ({ total: (doc?.total ?? 0) + event.data.amount }),
};

const recorded = (position: number, event: Event): Recorded => ({
  ...event,
  id: `event-${position}`,
  metadata: { commandId: 'c', correlationId: 'c', causationId: 'c' },
  stream: 'account-1',
  revision: position - 1,
  position,
  recordedAt: new Date(0),
});

const opened = (account: string): Opened => ({ type: 'AccountOpened', data: { account } });
const closed = (account: string): Closed => ({ type: 'AccountClosed', data: { account } });
const moved = (from: string, to: string, amount: number): Moved => ({ type: 'MoneyMoved', data: { from, to, amount } });
const log = (...events: readonly Event[]): readonly Recorded[] => events.map((event, i) => recorded(i + 1, event));
const batch = (events: readonly Recorded[], position = events.at(-1)?.position ?? 0) => ({ events, position });

const home = async (): Promise<ReadModels> => {
  const path = await mkdtemp(join(tmpdir(), 'projection-'));
  const readModels = openSqliteReadModels(join(path, 'read-models.db'));
  onTestFinished(async () => {
    await readModels.close();
    await rm(path, { recursive: true });
  });
  await readModels.prepare([erase(balances), erase(tallies)]);
  return readModels;
};

const everything = (readModels: ReadModels, ids: readonly string[] = ['a', 'b', 'c']) =>
  readModels.load(balances, ids.map(key));

const counted = (readModels: ReadModels) => {
  const loads: (readonly string[])[] = [];
  const saves: (readonly string[])[] = [];
  const counting: ReadModels = {
    ...readModels,
    load: (collection, keys) => {
      loads.push(keys.map(({ id }) => id));
      return readModels.load(collection, keys);
    },
    save: (collection, documents, checkpoint) => {
      saves.push(documents.map(({ id }) => id));
      return readModels.save(collection, documents, checkpoint);
    },
  };
  return { counting, loads, saves };
};

describe('running a projection', () => {
  it('folds every fact into each document it touches', async () => {
    const readModels = await home();
    await project(balances, readModels)(batch(log(opened('a'), opened('b'), moved('a', 'b', 5), moved('b', 'a', 2))));
    expect(await everything(readModels)).toEqual([
      { ...key('a'), doc: { account: 'a', amount: -3, facts: 3 }, position: 4 },
      { ...key('b'), doc: { account: 'b', amount: 3, facts: 3 }, position: 4 },
    ]);
    expect(await readModels.checkpoint('balances')).toBe(4);
  });

  it('counts a fact once for a document that the fact names twice', async () => {
    const readModels = await home();
    await project(balances, readModels)(batch(log(moved('a', 'a', 5))));
    expect((await readModels.get('p1', balances, 'a'))?.facts).toBe(1);
  });

  it('changes nothing when the same batch comes twice', async () => {
    const readModels = await home();
    const run = project(balances, readModels);
    const events = batch(log(opened('a'), moved('a', 'b', 5), closed('b')));
    await run(events);
    const once = await everything(readModels);
    await run(events);
    expect(await everything(readModels)).toEqual(once);
    expect(await readModels.checkpoint('balances')).toBe(3);
  });

  it('takes up only what is new of a batch that overlaps the one before', async () => {
    const readModels = await home();
    const run = project(balances, readModels);
    const events = log(moved('a', 'b', 1), moved('a', 'b', 10), moved('b', 'a', 100));
    await run(batch(events.slice(0, 2)));
    await run(batch(events.slice(1)));
    expect(await readModels.get('p1', balances, 'a')).toEqual({ account: 'a', amount: 89, facts: 3 });
    expect(await readModels.get('p1', balances, 'b')).toEqual({ account: 'b', amount: -89, facts: 3 });
  });

  it('reads each document once and writes it once in a batch', async () => {
    const { counting, loads, saves } = counted(await home());
    const run = project(balances, counting);
    const events = log(opened('a'), moved('a', 'b', 1), moved('a', 'b', 2), moved('b', 'c', 3));
    await run(batch(events));
    await run(batch(events));
    expect(loads).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
    expect(saves).toEqual([['a', 'b', 'c'], []]);
  });

  it('keeps what came again at hand, and reads only what it does not have', async () => {
    const readModels = await home();
    const { counting, loads } = counted(readModels);
    const run = project(balances, counting);
    const events = log(opened('a'), moved('a', 'b', 1), moved('a', 'b', 2), moved('b', 'c', 3), closed('a'));
    for (const event of events) await run(batch([event]));
    expect(loads).toEqual([['a'], ['a', 'b'], ['b'], ['c']]);
    expect(await everything(readModels)).toEqual([
      { ...key('a'), doc: undefined, position: 5 },
      { ...key('b'), doc: { account: 'b', amount: 0, facts: 3 }, position: 4 },
      { ...key('c'), doc: { account: 'c', amount: 3, facts: 1 }, position: 4 },
    ]);
  });

  it('reads everything again after a batch that it could not save', async () => {
    const readModels = await home();
    const { counting, loads } = counted(readModels);
    const outcomes = ['', '', 'away', ''];
    const run = project(balances, {
      ...counting,
      save: async (...saved) => {
        if (outcomes.shift()) throw new Error('the disk went');
        await counting.save(...saved);
      },
    });
    const events = log(opened('a'), opened('a'), opened('a'));
    await run(batch(events.slice(0, 1)));
    await run(batch(events.slice(1, 2)));
    await expect(run(batch(events.slice(2)))).rejects.toThrow('the disk went');
    await run(batch(events.slice(2)));
    expect(loads).toEqual([['a'], ['a'], ['a']]);
    expect((await readModels.get('p1', balances, 'a'))?.facts).toBe(3);
  });

  it('takes no two keys for one, whatever characters they have', async () => {
    const readModels = await home();
    const keys = ['p', 'p 1', 'p1', '1 p', ''].flatMap((project) =>
      ['', '1', ' 1', '1 1', '\u0000', '","'].map((id) => ({ project, id })),
    );
    const everywhere: Projection<Balance, Fact> = { ...balances, keys: () => keys };
    await project(everywhere, readModels)(batch(log(opened('a'))));
    expect(await readModels.load(balances, keys)).toHaveLength(keys.length);
  });

  it('moves the checkpoint for a batch that touches nothing, and over foreign facts', async () => {
    const readModels = await home();
    const run = project(balances, readModels);
    await run(batch([], 7));
    expect(await readModels.checkpoint('balances')).toBe(7);
    await run(batch([recorded(9, { type: 'SomethingElse', data: {} })], 12));
    expect(await readModels.checkpoint('balances')).toBe(12);
    expect(await readModels.count('p1', balances, [])).toBe(0);
  });

  it('heals a crash between documents and checkpoint when the batch comes again', async () => {
    const readModels = await home();
    const events = batch(log(opened('a'), moved('a', 'b', 5)));
    const crashing: ReadModels = {
      ...readModels,
      save: async (collection, documents) => {
        await readModels.save(collection, documents.slice(0, 1), 0);
        throw new Error('the power went');
      },
    };
    await expect(project(balances, crashing)(events)).rejects.toThrow('the power went');
    expect(await readModels.checkpoint('balances')).toBe(0);
    await project(balances, readModels)(events);
    expect(await everything(readModels)).toEqual([
      { ...key('a'), doc: { account: 'a', amount: -5, facts: 2 }, position: 2 },
      { ...key('b'), doc: { account: 'b', amount: 5, facts: 1 }, position: 2 },
    ]);
    expect(await readModels.checkpoint('balances')).toBe(2);
  });

  it('passes a failure on and writes nothing', async () => {
    const readModels = await home();
    const failing: Projection<Balance, Fact> = {
      ...balances,
      evolve: (doc, event, at) => {
        if (event.type === 'AccountClosed') throw new Error('cannot close');
        return balances.evolve(doc, event, at);
      },
    };
    const events = batch(log(opened('a'), closed('a')));
    await expect(project(failing, readModels)(events)).rejects.toThrow('cannot close');
    expect(await everything(readModels)).toEqual([]);
    expect(await readModels.checkpoint('balances')).toBe(0);
  });

  it('buries a document, remembers how far it had come, and makes it anew from later facts', async () => {
    const readModels = await home();
    const run = project(balances, readModels);
    const events = log(moved('b', 'a', 5), closed('a'), moved('b', 'a', 7));
    await run(batch(events.slice(0, 2)));
    expect(await readModels.get('p1', balances, 'a')).toBeUndefined();
    await run(batch(events.slice(0, 1)));
    expect(await readModels.get('p1', balances, 'a')).toBeUndefined();
    await run(batch(events));
    expect(await readModels.get('p1', balances, 'a')).toEqual({ account: 'a', amount: 7, facts: 1 });
  });

  it('buries and makes anew inside one batch', async () => {
    const readModels = await home();
    await project(balances, readModels)(batch(log(moved('b', 'a', 5), closed('a'), opened('a'))));
    expect(await readModels.get('p1', balances, 'a')).toEqual({ account: 'a', amount: 0, facts: 1 });
  });

  it('comes to the same documents however the log is cut, repeated and shared by two instances', async () => {
    const account = fc.constantFrom('a', 'b', 'c');
    const fact: fc.Arbitrary<Event> = fc.oneof(
      account.map(opened),
      account.map(closed),
      fc.tuple(account, account, fc.integer({ min: 1, max: 9 })).map(([from, to, amount]) => moved(from, to, amount)),
    );
    const steps = fc.array(
      fc.record({ instance: fc.constantFrom(0, 1), back: fc.nat(4), size: fc.integer({ min: 1, max: 6 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fact, { minLength: 1, maxLength: 20 }), steps, async (facts, cuts) => {
        const events = log(...facts);
        const readModels = openSqliteReadModels(':memory:');
        const once = openSqliteReadModels(':memory:');
        for (const each of [readModels, once]) await each.prepare([erase(balances)]);
        const instances = [project(balances, readModels), project(balances, readModels)];
        const reached = [0, 0];
        for (const { instance, back, size } of cuts) {
          const from = Math.max(0, (reached[instance] ?? 0) - back);
          const part = events.slice(from, from + size);
          await instances[instance]?.(batch(part, part.at(-1)?.position ?? from));
          reached[instance] = Math.max(reached[instance] ?? 0, from + part.length);
        }
        await instances[0]?.(batch(events.slice(reached[0]), events.length));
        await project(balances, once)(batch(events));
        expect(await everything(readModels)).toEqual(await everything(once));
        for (const each of [readModels, once]) await each.close();
      }),
      { numRuns: 100 },
    );
  });
});

describe('a list of projections', () => {
  it('holds projections of different documents and runs each', async () => {
    const readModels = await home();
    const all: readonly AnyProjection[] = [erase(balances), erase(tallies)];
    for (const each of all) await each.project(readModels)(batch(log(moved('a', 'b', 5), moved('a', 'b', 6))));
    expect(await readModels.get('p1', balances, 'b')).toEqual({ account: 'b', amount: 11, facts: 2 });
    expect(await readModels.get('p1', tallies, 'all')).toEqual({ total: 11 });
    for (const { name } of all) expect(await readModels.checkpoint(name)).toBe(2);
  });
});
