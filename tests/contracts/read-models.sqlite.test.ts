import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import type { Query } from '../../src/readmodels/queries.ts';
import type { Collection } from '../../src/readmodels/collection.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { indexFor } from '../../src/readmodels/sqlite/indexes.ts';
import { countStatement, findStatement, walkStatement } from '../../src/readmodels/sqlite/query.ts';
import type { Statement } from '../../src/readmodels/sqlite/conditions.ts';
import { ran } from '../support/ran.ts';
import { readModelsContract } from './read-models.ts';
import type { Person } from './read-models/people.ts';
import { declared, people } from './read-models/people.ts';

const folder = () => mkdtemp(join(tmpdir(), 'read-models-'));

ran('read models: SQLite');
readModelsContract('SQLite', async () => {
  const path = await folder();
  return {
    open: (options) => openSqliteReadModels(join(path, 'nested', 'read-models.db'), options),
    remove: () => rm(path, { recursive: true }),
  };
});

const file = async () => {
  const path = await folder();
  onTestFinished(() => rm(path, { recursive: true }));
  return join(path, 'read-models.db');
};

const opened = (path: string, options?: { readonly readOnly?: boolean }) => {
  const readModels = openSqliteReadModels(path, options);
  onTestFinished(() => readModels.close());
  return readModels;
};

const schema = (path: string): readonly string[] => {
  const db = new DatabaseSync(path, { readOnly: true });
  const rows = db.prepare('SELECT name FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name').all();
  db.close();
  return rows.map(({ name }) => String(name));
};

const plan = (path: string, { sql, values }: Statement): string => {
  const db = new DatabaseSync(path, { readOnly: true });
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  db.close();
  return rows.map(({ detail }) => String(detail)).join('\n');
};

const SAVES = 300;

/** Saves two documents again and again in a thread of its own; resolves to the thread's exit code. */
const written = (path: string, word: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const code = `const { workerData } = require('node:worker_threads');
      const { path, word, collection, saves, module } = workerData;
      import(module).then(async ({ openSqliteReadModels }) => {
        const readModels = openSqliteReadModels(path);
        await readModels.prepare([collection]);
        for (let score = 1; score <= saves; score += 1) {
          const doc = { city: '', score, visits: 0, words: [word, word + score] };
          const docs = ['a', 'b'].map((id) => ({ project: 'p1', id, doc: { ...doc, id }, position: score }));
          await readModels.save(collection, docs, score);
        }
        await readModels.close();
      });`;
    const { name, indexes, terms } = people;
    const module = new URL('../../src/readmodels/sqlite/read-models.ts', import.meta.url).href;
    const workerData = { path, word, collection: { name, indexes, terms }, saves: SAVES, module };
    new Worker(code, { eval: true, workerData }).once('error', reject).once('exit', resolve);
  });

describe('the indexes of read models in SQLite', () => {
  const prepared = async () => {
    const path = await file();
    await opened(path).prepare([declared({ ...people, name: 'people' })]);
    return path;
  };
  const collection = declared({ ...people, name: 'people' });
  const best: Query<Person> = {
    where: [{ field: 'city', op: 'eq', value: 'Oslo' }],
    sort: [{ field: 'score', direction: 'desc' }],
    limit: 50,
  };

  it('give a first page in order without sorting', async () => {
    const steps = plan(await prepared(), findStatement('p1', collection, best));
    expect(steps).toBe('SEARCH docs.people USING INDEX by.city,score.people (project=? AND $.city=?)');
  });

  it('lead straight to the page after a mark, also within a tie', async () => {
    const steps = plan(await prepared(), findStatement('p1', collection, { ...best, after: [0, 'someone'] }));
    expect(steps).toContain('USING INDEX by.city,score.people (project=? AND $.city=? AND $.score=? AND id<?)');
    expect(steps).toContain('USING INDEX by.city,score.people (project=? AND $.city=? AND $.score<?)');
    expect(steps.match(/TEMP B-TREE/g)).toHaveLength(1);
  });

  it('serve counts and ranges', async () => {
    const path = await prepared();
    const where = [{ field: 'score', op: 'gte', value: 10 }] as const;
    expect(plan(path, countStatement('p1', collection, where))).toContain('by.score.people (project=? AND $.score>?');
    expect(plan(path, countStatement('p1', collection, []))).toContain('USING INDEX by.');
  });

  it('serve the words', async () => {
    const query: Query<Person> = { where: [{ field: 'words', op: 'prefix', value: 'an' }], sort: [], limit: 5 };
    const steps = plan(await prepared(), findStatement('p1', collection, query));
    expect(steps).toContain('USING PRIMARY KEY (project=? AND word>? AND word<?)');
    expect(steps).not.toContain('SCAN');
  });

  it('lead to the few documents of a rare word, past none of the others', async () => {
    const where = [{ field: 'words', op: 'prefix', value: 'an' }, ...best.where] as const;
    const path = await prepared();
    for (const after of [{}, { after: [0, 'someone'] }]) {
      const steps = plan(path, findStatement('p1', collection, { ...best, where, ...after }, 'by-id'));
      expect(steps).toContain('USING INDEX sqlite_autoindex_docs.people_1 (project=? AND id=?)');
      expect(steps).not.toContain('USING INDEX by.');
    }
  });

  it('lead in order through the documents of a word that many have, without a look at the words of all', async () => {
    const where = [{ field: 'words', op: 'prefix', value: 'an' }, ...best.where] as const;
    const path = await prepared();
    const steps = [{}, { after: [0, 'someone'] }].map((after) =>
      plan(path, walkStatement('p1', collection, { ...best, where, ...after }, { most: 1_000 })),
    );
    for (const step of steps) {
      expect(step).toContain('USING INDEX by.city,score.people');
      expect(step).not.toMatch(/terms\.words|TEMP B-TREE/);
    }
  });

  it('find what has a common word as a plain filter and sort would, also where it stands far behind', async () => {
    const path = await file();
    const readModels = opened(path);
    await readModels.prepare([declared(people)]);
    const docs = Array.from({ length: 6_500 }, (_, n): Person => {
      const [id, common] = [String(n).padStart(4, '0'), n >= 4_300];
      const words = common ? ['common', `common-${n}`] : ['rare'];
      return { id, city: 'Oslo', score: (common ? 0 : 10) + (n % 3), visits: 0, words };
    });
    await readModels.save(
      people,
      docs.map((doc) => ({ project: 'p1', id: doc.id, doc, position: 1 })),
      1,
    );
    const order = docs.filter(({ score }) => score < 10).sort((a, b) => a.score - b.score || (a.id < b.id ? -1 : 1));
    const wanted = order.map(({ id }) => id);

    const found = async (direction: 'asc' | 'desc'): Promise<readonly string[]> => {
      const query: Query<Person> = {
        where: [{ field: 'words', op: 'prefix', value: 'comm' }],
        sort: [{ field: 'score', direction }],
        limit: 150,
      };
      const ids: string[] = [];
      for (let page = await readModels.find('p1', people, query); ;) {
        ids.push(...page.docs.map(({ id }) => id));
        if (!page.next) return ids;
        page = await readModels.find('p1', people, { ...query, after: page.next });
      }
    };
    expect(await found('asc')).toEqual(wanted);
    expect(await found('desc')).toEqual(wanted.toReversed());
  });

  it('are not made while a collection is bare, and stay when they are there', async () => {
    const path = await file();
    await opened(path).prepare([collection], { bare: true });
    expect(schema(path)).toEqual(['checkpoint_facts', 'checkpoints', 'docs.people', 'leases']);
    await opened(path).prepare([collection]);
    const whole = schema(path);
    expect(whole).toContain('by.city,score.people');
    expect(whole).toContain('terms.words.people');
    await opened(path).prepare([collection], { bare: true });
    expect(schema(path)).toEqual(whole);
  });

  it('answer a query by the index that suits it best, made or not yet', async () => {
    const path = await file();
    const readModels = opened(path);
    const sparse: Collection<Person> = { ...people, name: 'people', sparse: ['city'] };
    const docs = [
      { project: 'p1', position: 1, id: 'a', doc: { id: 'a', city: 'Oslo', score: 7, visits: 1, words: [] } },
    ];
    await readModels.prepare([declared(sparse)], { bare: true });
    await readModels.save(sparse, docs, 1);
    expect((await readModels.find('p1', sparse, best)).docs).toHaveLength(1);
    await readModels.prepare([declared(sparse)]);
    expect((await readModels.find('p1', sparse, best)).docs).toHaveLength(1);
    const ranged = { ...best, where: [...best.where, { field: 'score', op: 'gte', value: 5 } as const] };
    const index = indexFor(declared(sparse), ranged) ?? '';
    expect(plan(path, findStatement('p1', declared(sparse), ranged, { index }))).toBe(
      'SEARCH docs.people USING INDEX by.city?,score.people (project=? AND $.city=? AND $.score>? AND $.score<?)',
    );
  });

  it('that become sparse are made anew, and have only what has the field they begin with', async () => {
    const path = await prepared();
    await opened(path).prepare([{ ...collection, sparse: ['city'] }]);
    expect(schema(path).filter((name) => name.startsWith('by.'))).toEqual([
      ...['by.city?,score,visits.people', 'by.city?,score.people', 'by.score.people'],
    ]);
    expect(plan(path, countStatement('p1', collection, best.where))).toContain('by.city?,score');
    expect(plan(path, countStatement('p1', collection, []))).toContain('by.score.people');
  });

  it('are made and dropped as the declaration says', async () => {
    const path = await prepared();
    expect(schema(path)).toEqual([
      'by.city,score,visits.people',
      'by.city,score.people',
      'by.score.people',
      'checkpoint_facts',
      'checkpoints',
      'docs.people',
      'leases',
      'terms.words.people',
    ]);
    await opened(path).prepare([{ ...collection, indexes: [['score'], ['visits']], terms: 'tags' }]);
    expect(schema(path)).toEqual([
      'by.score.people',
      'by.visits.people',
      'checkpoint_facts',
      'checkpoints',
      'docs.people',
      'leases',
      'terms.tags.people',
    ]);
  });
});

describe('a read-models file', () => {
  it('is made by whichever handle comes first, a reader too, and a reader writes nothing to it', async () => {
    const path = await file();
    const reader = opened(path, { readOnly: true });
    expect(schema(path)).toEqual([]);
    const refused = reader.prepare([declared(people)]);
    await expect(refused).rejects.toThrow(/readonly/);
    await expect(refused).rejects.not.toBeInstanceOf(ReadModelsUnavailable);
    await expect(reader.saveCheckpoint('reader', 1)).rejects.toThrow(/readonly|no such table/);
  });

  it('that is no database, or a folder, is unavailable', async () => {
    const path = await file();
    await writeFile(path, 'this is not a database, and long enough for its header to be read as one.'.repeat(20));
    expect(() => openSqliteReadModels(path)).toThrow(ReadModelsUnavailable);
    expect(() => openSqliteReadModels(path)).toThrow(/delete the file/);
    expect(() => openSqliteReadModels(tmpdir())).toThrow(ReadModelsUnavailable);
  });

  it('that another writer holds is unavailable for writing, still readable, and writable afterwards', async () => {
    const path = await file();
    const readModels = opened(path);
    await readModels.prepare([declared(people)]);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(readModels.save(people, [], 4)).rejects.toBeInstanceOf(ReadModelsUnavailable);
    expect(await readModels.checkpoint(people.name)).toBe(0);
    other.exec('ROLLBACK');
    other.close();
    await readModels.save(people, [], 4);
    expect(await readModels.checkpoint(people.name)).toBe(4);
  });

  it('lets its thread go on while another writer is waited for', async () => {
    const path = await file();
    const readModels = opened(path);
    await readModels.prepare([declared(people)]);
    const other = new DatabaseSync(path);
    onTestFinished(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    // Only because this thread goes on can the other writer end in it.
    const saved = readModels.save(people, [], 4);
    await setImmediate();
    other.exec('COMMIT');
    await saved;
    expect(await readModels.checkpoint(people.name)).toBe(4);
  });

  it('is unavailable once its handle is closed, and may be closed twice', async () => {
    const readModels = opened(await file());
    await readModels.close();
    await readModels.close();
    await expect(readModels.checkpoint('reader')).rejects.toBeInstanceOf(ReadModelsUnavailable);
  });

  it('keeps all or nothing of a save', async () => {
    const readModels = opened(await file());
    await readModels.prepare([declared(people)]);
    const doc = { id: 'a', city: '', score: 1, visits: 0, words: ['anna'] };
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    const odd = { ...doc, id: 'b', toJSON: () => loop };
    const documents = [doc, odd].map((each) => ({ project: 'p1', id: each.id, doc: each, position: 1 }));
    await expect(readModels.save(people, documents, 1)).rejects.toThrow(/circular/);
    expect(await readModels.count('p1', people, [])).toBe(0);
    expect(await readModels.checkpoint(people.name)).toBe(0);
  });

  it('says which document does not fit the schema any more', async () => {
    const readModels = opened(await file());
    await readModels.prepare([declared(people)]);
    const doc = { id: 'a', city: '', score: 1, visits: 0, words: [] };
    await readModels.save(people, [{ project: 'p1', id: 'a', doc, position: 1 }], 1);
    const document = z.object({ name: z.string() });
    const changed: Collection<{ name: string }> = { name: people.name, document, indexes: [] };
    await expect(readModels.get('p1', changed, 'a')).rejects.toThrow(/document a does not fit its schema/);
  });

  it('is read in one thread while another thread writes, each save seen whole', async () => {
    const path = await file();
    const reader = opened(path, { readOnly: true });
    const over = { yet: false };
    const ended = written(path, 'anna').finally(() => {
      over.yet = true;
    });
    const seen: number[] = [];
    const sort = [{ field: 'score', direction: 'asc' }] as const;
    while (!over.yet) {
      const { docs } = await reader.find('p1', people, { where: [], sort, limit: 5 });
      expect(docs.length === 0 || (docs.length === 2 && docs[0]?.score === docs[1]?.score)).toBe(true);
      seen.push(docs[0]?.score ?? 0);
      await setImmediate();
    }
    expect(await ended).toBe(0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(await reader.checkpoint(people.name)).toBe(SAVES);
  });

  it('is written by two threads at the same time, and both get their turn', async () => {
    const path = await file();
    expect(await Promise.all([written(path, 'anna'), written(path, 'berg')])).toEqual([0, 0]);
    const reader = opened(path, { readOnly: true });
    expect((await reader.get('p1', people, 'a'))?.score).toBe(SAVES);
    const having = (value: string) => reader.count('p1', people, [{ field: 'words', op: 'prefix', value }]);
    expect((await having('anna')) + (await having('berg'))).toBe(2);
  });
});
