import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import type { Generations } from '../../src/runners/generations.ts';
import { runGenerations } from '../../src/runners/generations.ts';
import { projections } from '../../src/projections/index.ts';
import type { Dependencies } from '../../src/runners/projections.ts';
import { servingOf, versionOf } from '../../src/readmodels/generations.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { openLog } from '../support/engine.ts';
import { idOf, leadCaptured, projectId, userId } from '../support/facts.ts';

const now = (): Date => new Date();
const leads = projections.filter(({ name }) => name === 'leads');
const servingRegister = 'serving:leads';

/** A log that tells how many read it. */
const counted = (store: EventStore) => {
  const count = { readers: 0 };
  const follow: EventStore['follow'] = async function* (...args) {
    count.readers += 1;
    try {
      yield* store.follow(...args);
    } finally {
      count.readers -= 1;
    }
  };
  return { store: { ...store, follow }, readers: () => count.readers };
};

/** A log with two leads, and read models in a file. */
const given = async () => {
  const { store, readers } = counted(openLog());
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-generations-'));
  const path = join(folder, 'read-models.db');
  const opened: ReadModels[] = [];
  const ran: Generations[] = [];
  onTestFinished(async () => {
    for (const each of ran) await each.stop();
    for (const each of opened) await each.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const open = (): ReadModels => {
    const readModels = openSqliteReadModels(path);
    opened.push(readModels);
    return readModels;
  };
  const run = async (readModels: ReadModels, more: Partial<Dependencies> = {}): Promise<Generations> => {
    const [projection] = leads;
    if (!projection) throw new Error('There is no projection leads');
    const running = await runGenerations(projection, { store, readModels, now, ...more });
    ran.push(running);
    return running;
  };
  const append = (name: string): Promise<number> => captured(store, name);
  await append('first');
  await append('second');
  return { store, open, run, append, readers };
};

const captured = async (store: EventStore, name: string): Promise<number> => {
  const [leadId, metadata] = [idOf(userId(name)), { commandId: name, correlationId: 'c', causationId: 'c' }];
  const fact = { ...leadCaptured({ leadId, identifier: userId(name) }), id: crypto.randomUUID(), metadata };
  return (await store.append(`lead-${projectId}.${leadId}`, -1, [fact])).position;
};

const untilLive = async (running: Generations, generation: number): Promise<void> => {
  while (!(await running.build(generation)).live);
};

/** Read models whose marking of a generation as the one that serves waits for `go`, or fails while it is told to. */
const marked = (readModels: ReadModels) => {
  const [asked, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const held: ReadModels = {
    ...readModels,
    raise: async (name, to) => {
      if (name === servingRegister) {
        asked.resolve();
        await gate.promise;
      }
      await readModels.raise(name, to);
    },
  };
  return { held, asked: asked.promise, go: () => gate.resolve() };
};

it('A generation is built beside the one that serves, keeps up with it, and takes its place', async () => {
  const { open, run, append, readers } = await given();
  const readModels = open();
  const running = await run(readModels);
  await untilLive(running, 1);
  expect(await servingOf(readModels, 'leads')).toBe(0);
  await running.reached(await append('third'));
  expect({ readModelsSize: await readModels.size('leads'), readers: readers() }).toEqual({
    readModelsSize: 3,
    readers: 2,
  });

  await running.serve(1);
  expect(readers()).toBe(1);
  expect(await servingOf(readModels, 'leads')).toBe(1);
  expect(await readModels.size('leads@1')).toBe(3);
  await running.reached(await append('fourth'));
  expect([await readModels.size('leads'), await readModels.size('leads@1')]).toEqual([3, 4]);
});

it('To let a generation serve again, or an earlier one, changes nothing', async () => {
  const { open, run, append } = await given();
  const readModels = open();
  const running = await run(readModels);
  for (const generation of [2, 2, 1]) await running.serve(generation);
  expect(await servingOf(readModels, 'leads')).toBe(2);
  await running.finish(2);
  expect(await running.build(1)).toMatchObject({ live: true });
  await running.reached(await append('third'));
  expect([await readModels.size('leads@2'), await readModels.size('leads@1')]).toEqual([3, 0]);
});

it('Who waits for a position waits across the change, whenever he began to', async () => {
  const { store, open, run, append } = await given();
  const readModels = open();
  const { held, asked, go } = marked(readModels);
  const running = await run(held);
  const wanted = (await store.head()) + 1;
  const early = running.reached(wanted);
  await untilLive(running, 1);
  const serving = running.serve(1);
  await asked;
  const late = running.reached(wanted);
  go();
  await serving;
  await append('third');
  await Promise.all([early, late]);
  expect(await readModels.size('leads@1')).toBe(3);
});

it('Nothing is left of a generation that is given up, and building it again begins anew', async () => {
  const { open, run, append, readers } = await given();
  const readModels = open();
  const running = await run(readModels);
  await untilLive(running, 1);
  await running.finish(1);
  expect(readers()).toBe(1);
  await running.reached(await append('third'));
  expect([await readModels.size('leads'), await readModels.size('leads@1')]).toEqual([3, 0]);
  await untilLive(running, 1);
  expect(await readModels.size('leads@1')).toBe(3);
});

it('A process that comes after one that died goes on with what it had built', async () => {
  const { open, run, append } = await given();
  const readModels = open();
  const first = await run(readModels);
  await untilLive(first, 1);
  await first.stop();
  await append('third');

  const saved: number[] = [];
  const noting: ReadModels = {
    ...readModels,
    save: (collection, documents, checkpoint) => {
      if (collection.name === 'leads@1') saved.push(documents.length);
      return readModels.save(collection, documents, checkpoint);
    },
  };
  const second = await run(noting);
  await untilLive(second, 1);
  expect(saved).toEqual([1]);
  await second.serve(1);
  expect(await readModels.size('leads@1')).toBe(3);
});

it('When the change fails the old generation goes on, and the next try succeeds', async () => {
  const { open, run, append } = await given();
  const readModels = open();
  let away = true;
  const running = await run({
    ...readModels,
    raise: async (name, to) => {
      if (name === servingRegister && away) throw new Error('The read models are away');
      await readModels.raise(name, to);
    },
  });
  await untilLive(running, 1);
  await expect(running.serve(1)).rejects.toThrow('The read models are away');
  await running.reached(await append('third'));
  expect({ serving: await servingOf(readModels, 'leads'), readModelsSize: await readModels.size('leads') }).toEqual({
    serving: 0,
    readModelsSize: 3,
  });
  away = false;
  await running.serve(1);
  await running.reached(await append('fourth'));
  expect({ serving: await servingOf(readModels, 'leads'), readModelsSize: await readModels.size('leads@1') }).toEqual({
    serving: 1,
    readModelsSize: 4,
  });
});

it('What is stopped while generations change stays stopped', async () => {
  const { open, run, append } = await given();
  const readModels = open();
  const [stalled, full] = [Promise.withResolvers<void>(), new Error('The disk is full')];
  const running = await run({
    ...readModels,
    save: async (collection, documents, checkpoint) => {
      if (collection.name === 'leads') return readModels.save(collection, documents, checkpoint);
      stalled.resolve();
      throw full;
    },
  });
  await running.reached(2);
  const serving = running.serve(1);
  serving.catch((reason: unknown) => void reason);
  await stalled.promise;
  await running.stop();
  await expect(serving).rejects.toThrow();
  await expect(running.reached(await append('third'))).rejects.toThrow('stopped');
  expect(await readModels.checkpoint('leads')).toBe(2);
});

it('Other processes go over to the generation that one of them made serve', async () => {
  const { store, open, run, append } = await given();
  const process = (holder: string) => {
    const readModels = open();
    return run(readModels, { lease: { holder, readModels, now, lifetime: 300 } });
  };
  const [a, b] = [await process('a'), await process('b')];
  const readModels = open();
  await untilLive(b, 1);
  const waiting = a.reached((await store.head()) + 1);
  await b.serve(1);
  expect(await servingOf(readModels, 'leads')).toBe(1);
  await a.follow();
  const position = await append('third');
  await Promise.all([waiting, a.reached(position), b.reached(position)]);
  await b.finish(1);
  await b.stop();
  await a.reached(await append('fourth'));
  expect({ readModelsSize: await readModels.size('leads@1'), serving: await servingOf(readModels, 'leads') }).toEqual({
    readModelsSize: 4,
    serving: 1,
  });
});

describe('A generation whose fact the log does not have', () => {
  const gone = (position: number) => ({ id: 'gone', stream: `lead-${projectId}.gone`, revision: 0, position });
  const planted = { project: projectId, id: 'gone', position: 2, doc: undefined };
  const [projection] = leads;
  const collection = { name: 'leads', document: z.any(), indexes: projection?.indexes ?? [] };

  it.each([
    ['within the log, over files', 2, undefined],
    ['beyond its end, over files', 50, undefined],
    ['within the log, among processes', 2, 'a'],
    ['beyond its end, among processes', 50, 'a'],
  ])('goes no further, and one that is built from the log takes its place: %s', async (_, position, holder) => {
    const { store, open, run, append } = await given();
    const readModels = open();
    await readModels.prepare([collection]);
    await readModels.save(collection, [planted], position, gone(position));
    const told: string[] = [];
    const running = await run(readModels, {
      onLostTail: (name) => told.push(name),
      ...(holder !== undefined && { lease: { holder, readModels, now, lifetime: 300 } }),
    });
    await vi.waitFor(() => expect(running.status().state).toBe('lost-tail'));
    await append('third');
    await expect(running.reached(await store.head(), AbortSignal.timeout(50))).rejects.toThrow();
    expect({ told, readModelsSize: await readModels.size('leads') }).toEqual({ told: ['leads'], readModelsSize: 0 });

    await untilLive(running, 1);
    await running.serve(1);
    await running.reached(await store.head());
    expect({ serving: await servingOf(readModels, 'leads'), readModelsSize: await readModels.size('leads@1') }).toEqual(
      { serving: 1, readModelsSize: 3 },
    );
    await vi.waitFor(() => expect(running.status().state).toBe('live'));
  });

  it('is thrown away and made again by itself where that makes others again', async () => {
    const { store, open } = await given();
    const readModels = open();
    await readModels.saveCheckpoint('leads', 50, gone(50));
    if (!projection) throw new Error('There is no projection leads');
    const running = await runGenerations({ ...projection, renews: true }, { store, readModels, now });
    onTestFinished(() => running.stop());
    await running.reached(await store.head());
    expect({ serving: await servingOf(readModels, 'leads'), readModelsSize: await readModels.size('leads') }).toEqual({
      serving: 0,
      readModelsSize: 2,
    });
  });

  it('is a matter of the list of jobs alone: what repairs the others is found by it', () => {
    expect(projections.filter(({ renews }) => renews).map(({ name }) => name)).toEqual(['all-jobs']);
  });
});

describe('Which version of a projection made its documents', () => {
  const newer = async (needs: Dependencies, version: number): Promise<Generations> => {
    const [projection] = leads;
    if (!projection) throw new Error('There is no projection leads');
    const running = await runGenerations({ ...projection, version }, needs);
    onTestFinished(() => running.stop());
    return running;
  };
  const first = leads[0]?.version ?? 1;

  it('is known of what is made from the first fact on, and stays when a newer one goes on with it', async () => {
    const { store, open, run } = await given();
    const readModels = open();
    const running = await run(readModels);
    await running.reached(await store.head());
    await running.stop();
    const later = await newer({ store, readModels, now }, first + 1);
    await later.reached(await store.head());
    expect(await versionOf(readModels, 'leads')).toBe(first);
    await untilLive(later, 1);
    expect(await versionOf(readModels, 'leads@1')).toBe(first + 1);
  });

  it('is the first one where nobody said', async () => {
    expect(await versionOf((await given()).open(), 'leads')).toBe(1);
  });
});
