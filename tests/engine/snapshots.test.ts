import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { command } from '../../src/engine/command.ts';
import { handling } from '../../src/engine/handle.ts';
import type { LookupOutcome } from '../../src/engine/snapshots.ts';
import { keepSnapshots, snapshotCollection } from '../../src/engine/snapshots.ts';
import type { Folded } from '../../src/engine/folded.ts';
import { addPair, revisionIndex } from '../../src/engine/revision-index.ts';
import { foldStates } from '../../src/engine/states.ts';
import type { Aggregate, Event, SnapshotFormat } from '../../src/domain/event.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import type { Collection } from '../../src/readmodels/collection.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { pairsIn } from '../support/command-pairs.ts';
import { request } from '../support/engine.ts';
import { noon } from '../support/noon.ts';

/** The words that were said, in a row. Each takes a byte of memory for the tests. */
type Said = Event<'Said', { readonly word: string }>;
const words: SnapshotFormat<readonly string[]> = {
  version: 2,
  pack: (state) => state,
  unpack: (packed) => z.array(z.string()).parse(packed),
};
const talk: Aggregate<readonly string[], Said> = {
  name: 'talk',
  initial: [],
  weigh: () => 1_000,
  evolve: (state, { data }) => [...state, data.word],
  snapshot: words,
};
const say = command(talk)({
  name: 'say',
  input: z.object({ id: z.string(), word: z.string() }),
  id: ({ id }: { id: string }) => id,
  decide: (_, { word }) => [{ type: 'Said', data: { word } }],
});

const [id, stream] = ['acme.1', 'talk-acme.1'];

const said = (count: number, word = 'w') =>
  Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    type: 'Said' as const,
    data: { word: `${word}${index}` },
    metadata: { commandId: `${word}${index}`, correlationId: 'test', causationId: 'test' },
  }));

/** A log that tells what was read of it, since it was last asked. */
const reading = (store: EventStore) => {
  const reads: string[] = [];
  const read: EventStore['read'] = async (name, after = -1, limit) => {
    const found = await store.read(name, after, limit);
    reads.push(`${found.events.length} after ${after}`);
    return found;
  };
  return { store: { ...store, read }, reads: () => reads.splice(0) };
};

const openMemory = (): ReadModels => {
  const readModels = openSqliteReadModels(':memory:');
  onTestFinished(() => readModels.close());
  return readModels;
};

const openTalks = (): EventStore => {
  const log = openSqliteEventStore(':memory:', { clock: () => noon });
  onTestFinished(() => log.close());
  return log;
};

/** A process that remembers 200 words. */
const started = (log: EventStore, readModels: ReadModels) => {
  const { store, reads } = reading(log);
  const [outcomes, time]: [LookupOutcome[], { now: number }] = [[], { now: 0 }];
  const keeping = { now: () => time.now, onLookup: (each: LookupOutcome) => outcomes.push(each), patience: 20 };
  const snapshots = keepSnapshots(readModels, keeping);
  onTestFinished(() => snapshots.stop());
  const states = foldStates(store, 200_000, snapshots);
  return { states, snapshots, time, reads, outcomes: () => outcomes.splice(0) };
};

/** A log with a talk of 120 words of which there is a snapshot, and the process that made it and has forgotten the talk. */
const openLong = async (more: { readonly readModels?: ReadModels } = {}) => {
  const [log, readModels] = [openTalks(), more.readModels ?? openMemory()];
  await log.append(stream, -1, said(120));
  await log.append('talk-acme.2', -1, said(120));
  const first = started(log, readModels);
  await first.states.get(talk, id);
  await first.states.get(talk, 'acme.2');
  await first.snapshots.written();
  first.reads();
  first.outcomes();
  return { log, readModels, first, again: () => started(log, readModels) };
};

const fromLog = (log: EventStore) => foldStates(log, 1e9).get(talk, id);

const same = ({ saved: _, commands, ...folded }: Folded<unknown>) => ({ ...folded, commands: pairsIn(commands) });

describe('A stream that is not in memory', () => {
  it.each([0, 1, 31])('is read once and has no snapshot looked for when it has %i facts', async (count) => {
    const log = openTalks();
    if (count > 0) await log.append(stream, -1, said(count));
    const { states, reads, outcomes } = started(log, openMemory());
    expect((await states.get(talk, id)).state.length).toBe(count);
    expect({ reads: reads(), outcomes: outcomes() }).toEqual({ reads: [`${count} after -1`], outcomes: [] });
  });

  it('is read to its end when it is longer and there is no snapshot', async () => {
    const log = openTalks();
    await log.append(stream, -1, said(70));
    const { states, reads, outcomes } = started(log, openMemory());
    expect(same(await states.get(talk, id))).toEqual(same(await fromLog(log)));
    expect({ reads: reads(), outcomes: outcomes() }).toEqual({
      reads: ['32 after -1', '38 after 31'],
      outcomes: ['none'],
    });
  });

  it.each([0, 5])('is read from its snapshot and what is new, by any process: %i facts', async (count) => {
    const { log, again } = await openLong();
    if (count > 0) await log.append(stream, 119, said(count, 'new'));
    const { states, reads, outcomes } = again();
    expect(same(await states.get(talk, id))).toEqual(same(await fromLog(log)));
    expect({ reads: reads(), outcomes: outcomes() }).toEqual({
      reads: ['32 after -1', `${count + 1} after 118`],
      outcomes: ['found'],
    });
  });

  it('is read from its snapshot at once by the process that knows it to be long', async () => {
    const { log, first } = await openLong();
    await log.append(stream, 119, said(5, 'new'));
    expect(same(await first.states.get(talk, id))).toEqual(same(await fromLog(log)));
    expect({ firstReads: first.reads(), firstOutcomes: first.outcomes() }).toEqual({
      firstReads: ['6 after 118'],
      firstOutcomes: ['found'],
    });
  });

  it('is asked from the log alone while it is in memory', async () => {
    const { again } = await openLong();
    const { states, reads, outcomes } = again();
    await states.get(talk, id);
    reads();
    outcomes();
    await states.refresh(talk, id);
    expect({ reads: reads(), outcomes: outcomes() }).toEqual({ reads: ['0 after 119'], outcomes: [] });
  });

  it('answers a command that was sent before its snapshot as it was answered then', async () => {
    const { log, again } = await openLong();
    const { states, outcomes } = again();
    const handle = handling({ store: log, states, clock: () => noon, newId: randomUUID });
    const outcome = await handle(say, { id, word: 'anything' }, request('w7'));
    expect(outcome.events.map(({ data }) => data)).toEqual([{ word: 'w7' }]);
    expect({ revision: outcome.revision, logHead: await log.head(), outcomes: outcomes() }).toEqual({
      revision: 7,
      logHead: 240,
      outcomes: ['found'],
    });
  });
});

type Doc = z.infer<typeof snapshotCollection.document>;

/** Writes something in the place of the snapshot. */
const tamper = async (readModels: ReadModels, change: (doc: Doc) => unknown): Promise<void> => {
  const unchecked: Collection<Doc> = { ...snapshotCollection, document: z.any() };
  const [stored] = await readModels.load(unchecked, [{ project: 'acme', id: stream }]);
  if (!stored?.doc) throw new Error('There is no snapshot');
  await readModels.replace(unchecked, [{ ...stored, doc: change(stored.doc) as Doc, replaces: stored.position }]);
};

describe('A snapshot', () => {
  it.each<[string, (doc: Doc) => unknown]>([
    ['of an older version', (doc) => ({ ...doc, version: 1 })],
    ['from before commands had a place of their own', ({ commands: _, ...doc }) => ({ ...doc, version: 2 })],
    ['that was damaged', ({ gzip, ...doc }) => ({ ...doc, gzip: `${gzip.slice(0, 100)}xxxx${gzip.slice(104)}` })],
    ['that was cut off', ({ gzip, ...doc }) => ({ ...doc, gzip: gzip.slice(0, -12) })],
    ['whose commands were damaged', (doc) => ({ ...doc, commands: `xxxx${doc.commands.slice(4)}` })],
    ['that is something else', () => ({ name: 'Acme' })],
  ])('%s is not used, and gives its place to another', async (_, change) => {
    const { log, readModels, again } = await openLong();
    await tamper(readModels, change);
    const { states, snapshots, outcomes } = again();
    expect(same(await states.get(talk, id))).toEqual(same(await fromLog(log)));
    expect(outcomes()).toEqual(['unusable']);
    await states.get(talk, 'acme.2');
    await snapshots.written();
    await states.get(talk, id);
    expect(outcomes()).toEqual(['none', 'found']);
  });

  it('of a newer version is not used, and left to who can read it', async () => {
    const { log, readModels, again } = await openLong();
    const newer = { version: 0 };
    await tamper(readModels, (doc) => ({ ...doc, version: (newer.version = doc.version + 1) }));
    const { states, snapshots, outcomes } = again();
    expect(same(await states.get(talk, id))).toEqual(same(await fromLog(log)));
    await snapshots.written();
    expect(await readModels.get('acme', snapshotCollection, stream)).toMatchObject(newer);
    expect(outcomes()).toEqual(['unusable']);
  });

  it.each([
    ['was restored from an older backup', 110],
    ['is another one', 125],
  ])('is not used when the log %s', async (_, count) => {
    const { readModels } = await openLong();
    const log = openTalks();
    await log.append(stream, -1, said(count, 'other'));
    const { states } = started(log, readModels);
    const found = await states.get(talk, id);
    expect(same(found)).toEqual(same(await fromLog(log)));
    expect(found.saved).toBe(-1);
  });

  it('is made when a long stream falls out of memory, if that grew by a quarter since the last', async () => {
    const { log, readModels, first } = await openLong();
    const revisionOf = async () => (await keepSnapshots(readModels).load(stream, words))?.revision;
    const fallOut = async () => {
      await first.states.get(talk, id);
      await first.states.get(talk, 'acme.2');
      await first.snapshots.written();
    };
    expect(await revisionOf()).toBe(119);
    await log.append(stream, 119, said(29, 'few'));
    await fallOut();
    expect(await revisionOf()).toBe(119);
    await log.append(stream, 148, said(1, 'more'));
    await fallOut();
    expect(await revisionOf()).toBe(149);
  });

  it('is made of a stream that stays in memory when it grew by 5,000 facts, and then not soon again', async () => {
    const [log, readModels, offered] = [openTalks(), openMemory(), [] as number[]];
    const snapshots = keepSnapshots(readModels);
    onTestFinished(() => snapshots.stop());
    const states = foldStates(log, 1e9, {
      ...snapshots,
      offer: (_, __, { revision }) => offered.push(revision),
    });
    const handle = handling({ store: log, states, clock: () => noon, newId: randomUUID });
    await log.append(stream, -1, said(4_998));
    for (const word of ['a', 'b', 'c', 'd']) await handle(say, { id, word }, request(word));
    expect(offered).toEqual([4_999]);
  });

  it('is forgotten with what is in memory when somebody wants the facts read', async () => {
    const { readModels, first } = await openLong();
    await first.states.get(talk, id);
    await first.states.forget(talk, id);
    expect(await readModels.get('acme', snapshotCollection, stream)).toBeUndefined();
    first.reads();
    expect((await first.states.get(talk, id)).saved).toBe(-1);
    expect(first.reads()).toEqual(['120 after -1']);
  });
});

describe('When the read models', () => {
  it('are away, the facts are read, and nobody asks for a snapshot for five seconds', async () => {
    const readModels = openMemory();
    const { log, first } = await openLong({ readModels });
    const asked = { times: 0 };
    const get = async (): Promise<never> => {
      asked.times += 1;
      throw new ReadModelsUnavailable('away');
    };
    const { states, time, outcomes } = started(log, { ...readModels, get });
    for (const now of [0, 4_999, 5_000]) {
      time.now = now;
      expect((await states.get(talk, id)).state.length).toBe(120);
      await states.get(talk, 'acme.2');
    }
    expect(asked.times).toBe(2);
    expect(new Set(outcomes())).toEqual(new Set(['skipped']));
    first.snapshots.stop();
  });

  it('are slow, the facts are read', async () => {
    const readModels = openMemory();
    const { log } = await openLong({ readModels });
    const { states, outcomes } = started(log, { ...readModels, get: () => new Promise(() => undefined) });
    expect((await states.get(talk, id)).state.length).toBe(120);
    expect(outcomes()).toEqual(['skipped']);
  });

  it('take nothing, the next snapshot is made as if none had been', async () => {
    const readModels = openMemory();
    const broken = { times: 1 };
    const save: ReadModels['save'] = async (...args) => {
      if (broken.times-- > 0) throw new ReadModelsUnavailable('away');
      await readModels.save(...args);
    };
    const { first } = await openLong({ readModels: { ...readModels, save } });
    expect(await readModels.get('acme', snapshotCollection, stream)).toBeUndefined();
    await first.states.get(talk, id);
    await first.states.get(talk, 'acme.2');
    await first.snapshots.written();
    expect(await readModels.get('acme', snapshotCollection, stream)).toBeDefined();
  });

  it('are deleted, the place for snapshots is made again', async () => {
    const { readModels, first } = await openLong();
    await readModels.drop(snapshotCollection.name);
    for (let round = 0; round < 2; round++) {
      await first.states.get(talk, id);
      await first.states.get(talk, 'acme.2');
      await first.snapshots.written();
    }
    expect(await readModels.size(snapshotCollection.name)).toBeGreaterThan(0);
  });
});

describe('What waits to be written', () => {
  const folded = async (size: number, position = 1): Promise<Folded<readonly string[]>> => ({
    ...(await foldStates(openTalks(), 1e6).get(talk, id)),
    revision: 99,
    last: 'x',
    size,
    position,
    state: [`at ${position}`],
  });
  const million = 1024 * 1024;

  it('is bounded by the memory that it takes; what does not fit is dropped', async () => {
    const readModels = openMemory();
    const { snapshots } = started(openTalks(), readModels);
    for (let index = 0; index < 40; index++) snapshots.offer(`talk-acme.${index}`, words, await folded(million / 2));
    await snapshots.written();
    expect(await readModels.size(snapshotCollection.name)).toBe(32);
    snapshots.offer('talk-acme.50', words, await folded(million));
    await snapshots.written();
    expect(await readModels.size(snapshotCollection.name)).toBe(33);
  });

  it('is the last of each stream, and has no state that is too large', async () => {
    const readModels = openMemory();
    const { snapshots } = started(openTalks(), readModels);
    const packed: string[] = [];
    const packing = { ...words, pack: (state: readonly string[]) => packed.push(state.join()) };
    for (const position of [1, 2, 3]) snapshots.offer(stream, packing, await folded(9 * million, position));
    await snapshots.written();
    snapshots.offer('talk-acme.2', packing, await folded(11 * million, 4));
    await snapshots.written();
    expect({ packed, readModelsSize: await readModels.size(snapshotCollection.name) }).toEqual({
      packed: ['at 3'],
      readModelsSize: 1,
    });
  });

  it('has no state with more commands than can be written in a short turn', async () => {
    const readModels = openMemory();
    const { snapshots } = started(openTalks(), readModels);
    const revisions = revisionIndex();
    const commands = { seed: 'seed', revisions };
    const sizeWith = async (count: number): Promise<number> => {
      for (let nth = pairsIn(commands).length; nth < count; nth++) addPair(revisions, [Math.imul(nth, 7919), nth]);
      snapshots.offer(stream, words, { ...(await folded(1_000, count)), revision: count, commands });
      await snapshots.written();
      return (await snapshots.load(stream, words))?.revision ?? -1;
    };
    expect([await sizeWith(1_000), await sizeWith(800_000)]).toEqual([1_000, 1_000]);
  });

  it('has no text of more than four million characters, and nothing that can not be packed', async () => {
    const readModels = openMemory();
    const { snapshots } = started(openTalks(), readModels);
    const failing = (): never => {
      throw new Error('It can not be packed');
    };
    snapshots.offer('talk-acme.1', { ...words, pack: () => 'x'.repeat(4 * million) }, await folded(1_000));
    snapshots.offer('talk-acme.2', { ...words, pack: failing }, await folded(1_000));
    snapshots.offer('talk-acme.3', words, await folded(1_000));
    await snapshots.written();
    expect(await readModels.size(snapshotCollection.name)).toBe(1);
  });

  it('does not take the place of what another process wrote later', async () => {
    const readModels = openMemory();
    const [one, other] = [started(openTalks(), readModels), started(openTalks(), readModels)];
    one.snapshots.offer(stream, words, await folded(1_000, 7));
    other.snapshots.offer(stream, words, await folded(1_000, 5));
    await one.snapshots.written();
    await other.snapshots.written();
    expect((await other.snapshots.load(stream, words))?.state).toEqual(['at 7']);
  });

  it('is dropped when the process ends', async () => {
    const readModels = openMemory();
    const { snapshots } = started(openTalks(), readModels);
    snapshots.offer(stream, words, await folded(1_000));
    snapshots.stop();
    await snapshots.written();
    expect(await readModels.size(snapshotCollection.name)).toBe(0);
  });
});
