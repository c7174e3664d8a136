import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { openMongoReadModels } from '../../src/readmodels/mongodb/read-models.ts';
import { indexesOf } from '../../src/readmodels/mongodb/query.ts';
import { openDocumentReader } from '../../src/readmodels/open.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import type { Stored } from '../../src/readmodels/documents.ts';
import type { Collection } from '../../src/readmodels/collection.ts';
import type { MongoStandin } from '../support/mongodb-standin.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';

type Place = { readonly id: string; readonly size: number };

const places: Collection<Place> = {
  name: 'places',
  document: z.object({ id: z.string(), size: z.number() }),
  indexes: [['size']],
};
const declared: Collection<never> = { name: places.name, indexes: places.indexes, document: z.never() };

const place = (id: string, position: number, size = position): Stored<Place> => ({
  project: 'p1',
  id,
  position,
  doc: { id, size },
});

const opened = async (standin: MongoStandin, options?: { readonly readTimeout?: number }): Promise<ReadModels> => {
  const readModels = openMongoReadModels(`${standin.url}/test`, options);
  onTestFinished(() => readModels.close());
  await readModels.prepare([declared]);
  return readModels;
};

const started = async () => {
  const standin = await startMongoStandin();
  onTestFinished(() => standin.stop());
  return standin;
};

/** What came of it, and after how many ms. */
const timed = async <T>(run: () => Promise<T>) => {
  const begun = performance.now();
  const outcome = await run().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  return { ...outcome, took: performance.now() - begun };
};

/** Does it again until it works, as a projection does. */
const untilDone = async (run: () => Promise<void>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ReadModelsUnavailable) || tries === 100) throw error;
    }
  }
};

describe('a MongoDB server that is away', () => {
  it('makes everything unavailable within 2.5 s, and works again by itself when it is back', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    await readModels.save(places, [place('a', 1)], 1);
    await standin.stop();
    const asked = [
      () => readModels.get('p1', places, 'a'),
      () => readModels.find('p1', places, { where: [], sort: [], limit: 1 }),
      () => readModels.count('p1', places, []),
      () => readModels.load(places, [{ project: 'p1', id: 'a' }]),
      () => readModels.save(places, [place('a', 2)], 2),
      () => readModels.checkpoint('places'),
      () => readModels.saveCheckpoint('reader', 1),
      () => readModels.lease('places', 'one', new Date(0), new Date(1)),
      () => readModels.release('places', 'one'),
      () => readModels.prepare([declared]),
    ];
    for (const { took, ...outcome } of await Promise.all(asked.map((run) => timed<unknown>(run)))) {
      expect(outcome).toEqual({ error: expect.any(ReadModelsUnavailable) });
      expect(took).toBeLessThan(2_500);
    }
    await standin.start();
    await readModels.save(places, [place('a', 3)], 3);
    expect(await readModels.get('p1', places, 'a')).toEqual({ id: 'a', size: 3 });
  });

  it('from the beginning is unavailable, in words that name the server and not the password', async () => {
    const standin = await startMongoStandin();
    await standin.stop();
    const url = standin.url.replace('//', '//user:secret@');
    const readModels = openMongoReadModels(url);
    onTestFinished(() => readModels.close());
    const { took, ...outcome } = await timed(() => readModels.checkpoint('places'));
    const error = 'error' in outcome ? outcome.error : undefined;
    expect(error).toBeInstanceOf(ReadModelsUnavailable);
    expect(String(error)).toContain(`${new URL(standin.url).host}/leadfold`);
    expect(String(error)).not.toContain('secret');
    expect(took).toBeLessThan(2_500);
  });

  it('when it is first asked for is found once it is there', async () => {
    const standin = await startMongoStandin();
    await standin.stop();
    const readModels = openMongoReadModels(`${standin.url}/test`);
    onTestFinished(() => readModels.close());
    for (const _ of [1, 2]) await expect(readModels.checkpoint('places')).rejects.toThrow(ReadModelsUnavailable);
    const back = await startMongoStandin(Number(new URL(standin.url).port));
    onTestFinished(() => back.stop());
    await vi.waitFor(async () => expect(await readModels.checkpoint('places')).toBe(0), { timeout: 10_000 });
  });

  it('in the middle of writes loses none of what was acknowledged, and a save that is done again is whole', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    for (let position = 1; position <= 60; position += 1) {
      const documents = [place('same', position), ...[1, 2, 3].map((n) => place(`${position}-${n}`, position))];
      const saved = untilDone(() => readModels.save(places, documents, position));
      if (position % 20 === 10) standin.fault('update', 'cut');
      if (position % 20 === 0) {
        await standin.stop();
        await standin.start();
      }
      await saved;
    }
    expect(await readModels.checkpoint('places')).toBe(60);
    expect(await readModels.count('p1', places, [])).toBe(181);
    expect(await readModels.get('p1', places, 'same')).toEqual({ id: 'same', size: 60 });
  });
});

describe('a MongoDB server that is slow', () => {
  it('makes reads unavailable in time, and no later read gets an answer to an earlier one', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    await readModels.save(places, [place('a', 1), place('b', 2)], 2);
    standin.delay(5_000);
    const { took, ...outcome } = await timed(() => readModels.get('p1', places, 'a'));
    expect(outcome).toEqual({ error: expect.any(ReadModelsUnavailable) });
    expect(took).toBeGreaterThan(1_000);
    expect(took).toBeLessThan(2_500);
    standin.delay(0);
    const answers = await Promise.all(['b', 'a', 'b', 'a'].map((id) => readModels.get('p1', places, id)));
    expect(answers.map((doc) => doc?.id)).toEqual(['b', 'a', 'b', 'a']);
  });

  it('is waited for while it answers in time, for reads and writes', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    standin.delay(100);
    await readModels.save(places, [place('a', 1)], 1);
    expect(await readModels.get('p1', places, 'a')).toEqual({ id: 'a', size: 1 });
  });

  it('is given as long as the handle was opened with', async () => {
    const standin = await started();
    const readModels = await opened(standin, { readTimeout: 50 });
    standin.delay(400);
    const { took, ...outcome } = await timed(() => readModels.checkpoint('places'));
    expect(outcome).toEqual({ error: expect.objectContaining({ message: expect.stringContaining('50 ms') }) });
    expect(took).toBeLessThan(400);
  });

  it('is waited for longer than an API may by who only reads', async () => {
    const standin = await started();
    await (await opened(standin)).save(places, [place('a', 1)], 1);
    const reader = await openDocumentReader({ scheme: 'mongodb', url: `${standin.url}/test` });
    onTestFinished(() => reader.close());
    standin.delay(2_000);
    expect(await reader.get('p1', places, 'a')).toEqual({ id: 'a', size: 1 });
  });
});

describe('saving to MongoDB', () => {
  it('writes the newer document also when an older one came in between looking and inserting', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    const docs = standin.docs('test.docs.places');
    standin.beforeUpsert(({ _id, doc }) => {
      if (docs.get(_id)) return;
      const between = { _id, project: 'p1', position: 3, fields: { id: 'x', size: 3 }, words: {}, doc };
      docs.insert({ ...between, doc: JSON.stringify({ id: 'x', size: 3 }) });
    });
    await readModels.save(places, [place('newer', 5), place('older', 2), place('same', 3, 30)], 5);
    const sizes = await Promise.all(
      ['newer', 'older', 'same'].map(async (id) => (await readModels.get('p1', places, id))?.size),
    );
    expect(sizes).toEqual([5, 3, 3]);
    expect(await readModels.checkpoint('places')).toBe(5);
  });

  it('does not move the checkpoint when the documents could not be written', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    standin.fault('update', { refuse: { code: 10_107, codeName: 'NotWritablePrimary', errmsg: 'not primary' } });
    await expect(readModels.save(places, [place('a', 1)], 1)).rejects.toBeInstanceOf(ReadModelsUnavailable);
    expect(await readModels.checkpoint('places')).toBe(0);
    await readModels.save(places, [place('a', 1)], 1);
    expect(await readModels.checkpoint('places')).toBe(1);
  });

  it('that got no answer is unavailable, and done again changes nothing twice', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    standin.fault('update', 'cut');
    await expect(readModels.save(places, [place('a', 1)], 1)).rejects.toBeInstanceOf(ReadModelsUnavailable);
    expect(await readModels.checkpoint('places')).toBe(0);
    await readModels.save(places, [place('a', 1)], 1);
    expect(await readModels.load(places, [{ project: 'p1', id: 'a' }])).toEqual([place('a', 1)]);
  });

  it('ends with the newest documents when two processes write the same at the same time', async () => {
    const standin = await started();
    const writers = [await opened(standin), await opened(standin)];
    const ids = ['a', 'b', 'c'];
    await Promise.all(
      writers.map(async (readModels, writer) => {
        for (let round = 0; round < 40; round += 1) {
          const position = 1 + round * 2 + writer;
          await readModels.save(
            places,
            ids.map((id) => place(id, position)),
            position,
          );
        }
      }),
    );
    expect(
      await writers[0]?.load(
        places,
        ids.map((id) => ({ project: 'p1', id })),
      ),
    ).toEqual(ids.map((id) => place(id, 80)));
    expect(await writers[1]?.checkpoint('places')).toBe(80);
  });

  it.each([
    ['is shutting down', { code: 91, errmsg: 'shutdown in progress' }, ReadModelsUnavailable],
    ['took too long', { code: 50, errmsg: 'operation exceeded time limit' }, ReadModelsUnavailable],
    ['does not know the user', { code: 18, errmsg: 'Authentication failed.' }, ReadModelsUnavailable],
  ])('is unavailable when the server %s', async (_, refuse, kind) => {
    const standin = await started();
    const readModels = await opened(standin);
    standin.fault('update', { refuse });
    await expect(readModels.saveCheckpoint('reader', 1)).rejects.toBeInstanceOf(kind);
  });

  it('throws what the server says of a command it does not understand as it is', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    standin.fault('find', { refuse: { code: 9, codeName: 'FailedToParse', errmsg: 'unknown field' } });
    const failed = readModels.checkpoint('places');
    await expect(failed).rejects.toThrow('unknown field');
    await expect(failed).rejects.not.toBeInstanceOf(ReadModelsUnavailable);
  });
});

describe('leases in MongoDB', () => {
  it('are somebody else’s when theirs came in between looking and inserting', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    const leases = standin.docs('test.leases');
    standin.beforeUpsert(() => leases.insert({ _id: 'places', holder: 'two', until: 10_000 }));
    expect(await readModels.lease('places', 'one', new Date(0), new Date(10_000))).toBe(false);
    standin.beforeUpsert(() => undefined);
    expect(await readModels.lease('places', 'one', new Date(10_000), new Date(20_000))).toBe(true);
  });
});

describe('a handle on MongoDB', () => {
  it('refuses a URL that is none of MongoDB', () => {
    expect(() => openMongoReadModels('http://localhost/x')).toThrow(/mongodb:\/\//);
  });

  it('uses the database of the URL, or leadfold', async () => {
    const standin = await started();
    for (const [path, database] of [
      ['', 'leadfold'],
      ['/', 'leadfold'],
      ['/?appName=x', 'leadfold'],
      ['/my%20leads?appName=x', 'my leads'],
    ] as const) {
      const readModels = openMongoReadModels(`${standin.url}${path}`);
      await readModels.saveCheckpoint(path, 7);
      await readModels.close();
      expect(standin.docs(`${database}.checkpoints`).get(path)).toMatchObject({ position: 7 });
    }
  });

  it('is unavailable once it is closed, and may be closed twice', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    await readModels.close();
    await readModels.close();
    await expect(readModels.checkpoint('reader')).rejects.toBeInstanceOf(ReadModelsUnavailable);
  });

  it('makes the declared indexes, drops its own that are declared no more, and leaves others alone', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    const docs = standin.docs('test.docs.places');
    docs.createIndex('made by hand', { position: 1 });
    await readModels.prepare([{ ...declared, indexes: [['id'], ['size', 'id']], terms: 'tags' }]);
    expect([...docs.indexes.values()].map(({ name, key }) => [name, Object.keys(key)])).toEqual([
      ['_id_', ['_id']],
      ['made by hand', ['position']],
      ['leadfold.fields.id', ['project', 'fields.id', '_id']],
      ['leadfold.fields.size,id', ['project', 'fields.size', 'fields.id', '_id']],
      ['leadfold.words.tags', ['project', 'words.tags', '_id']],
    ]);
  });

  it('has only the documents with the first field in an index that is sparse, under a name of its own', () => {
    const sparse = { ...declared, indexes: [['size' as never], ['id' as never]], sparse: ['size' as never] };
    expect(indexesOf(sparse).map(({ name, partialFilterExpression }) => [name, partialFilterExpression])).toEqual([
      ['leadfold.fields.size?', { 'fields.size': { $exists: true } }],
      ['leadfold.fields.id', undefined],
    ]);
  });

  it('prepares at the same time as another one does', async () => {
    const standin = await started();
    const [one, two] = [await opened(standin), await opened(standin)];
    const none = { ...declared, indexes: [] };
    for (const each of [declared, none, declared, none]) await Promise.all([one.prepare([each]), two.prepare([each])]);
    expect([...standin.docs('test.docs.places').indexes.keys()]).toEqual(['_id_']);
  });

  it('says which document does not fit the schema any more', async () => {
    const standin = await started();
    const readModels = await opened(standin);
    await readModels.save(places, [place('a', 1)], 1);
    const changed: Collection<{ name: string }> = {
      name: 'places',
      document: z.object({ name: z.string() }),
      indexes: [],
    };
    await expect(readModels.get('p1', changed, 'a')).rejects.toThrow(/document a does not fit its schema/);
  });
});

describe('the stand-in', () => {
  it('runs in a process of its own', async () => {
    const path = join(import.meta.dirname, '..', 'support', 'mongodb-standin-process.ts');
    const child = spawn(process.execPath, [path, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill());
    const [said] = await once(child.stdout, 'data');
    const port = /^listening (\d+)\n$/.exec(String(said))?.[1];
    const readModels = openMongoReadModels(`mongodb://127.0.0.1:${port}`);
    onTestFinished(() => readModels.close());
    await readModels.saveCheckpoint('reader', 3);
    expect(await readModels.checkpoint('reader')).toBe(3);
  });
});
