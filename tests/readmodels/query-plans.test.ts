import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import { afterAll, describe, expect, it } from 'vitest';
import { projections } from '../../src/projections/index.ts';
import { openMongoReadModels } from '../../src/readmodels/mongodb/read-models.ts';
import { filterOf, seeksOf } from '../../src/readmodels/mongodb/query.ts';
import type { Seek } from '../../src/readmodels/mongodb/query.ts';
import { countStatement, findStatement } from '../../src/readmodels/sqlite/query.ts';
import type { Statement } from '../../src/readmodels/sqlite/conditions.ts';
import { indexFor } from '../../src/readmodels/sqlite/indexes.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { realMongo, withDatabase } from '../support/mongodb-real.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { ran } from '../support/ran.ts';
import { countShapes, shapes } from './query-shapes.ts';

const folder = mkdtempSync(join(tmpdir(), 'query-plans-'));
const path = join(folder, 'read-models.db');
const sqlite = openSqliteReadModels(path);
await sqlite.prepare(projections);
const db = new DatabaseSync(path, { readOnly: true });
afterAll(async () => {
  db.close();
  await sqlite.close();
  rmSync(folder, { recursive: true });
});

const steps = ({ sql, values }: Statement): readonly string[] =>
  db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => String(detail));

// What a union reads are its own parts, which have steps of their own.
const scans = (plan: readonly string[]) => plan.filter((step) => /^SCAN (?!\(subquery|sub|CONSTANT)/.test(step));
const searches = (plan: readonly string[]) => plan.filter((step) => /^SEARCH .* USING .*\(project=\?/.test(step));

describe('SQLite', () => {
  it.each(shapes)('finds $name by an index', ({ project, collection, query, ordered, by }) => {
    const index = indexFor(collection, query);
    const plan = steps(findStatement(project, collection, query, index === undefined ? 'any' : { index }));
    const seeks = query.after === undefined ? 1 : query.sort.length + 1;
    expect(scans(plan)).toEqual([]);
    expect(searches(plan).length).toBeGreaterThanOrEqual(seeks);
    // Each seek looks up the value that narrows most; all else is looked for among what has that.
    if (by !== undefined) expect(plan.filter((step) => step.includes(`(project=? AND $.${by}=?`))).toHaveLength(seeks);
    const sorted = plan.filter((step) => step.includes('TEMP B-TREE'));
    // The seeks of a later page are put together by one small sort.
    if (ordered) expect(sorted.length).toBeLessThanOrEqual(query.after === undefined ? 0 : 1);
  });

  it.each(countShapes)('counts $name by an index', ({ project, collection, where }) => {
    const plan = steps(countStatement(project, collection, where));
    expect(scans(plan)).toEqual([]);
    expect(searches(plan)).toHaveLength(1 + where.filter(({ op }) => op === 'prefix').length);
  });
});

type Explain = (
  collection: string,
  asked: Seek & { readonly limit: number },
) => Promise<{ readonly indexed: boolean; readonly sorted: boolean }>;

const plansIn = (name: string, explain: Explain): void => {
  ran(`query plans: ${name}`);
  describe(name, () => {
    it.each(shapes)('finds $name by an index', async ({ project, collection, query, ordered }) => {
      for (const seek of seeksOf(project, collection, query)) {
        const { indexed, sorted } = await explain(collection.name, { ...seek, limit: query.limit + 1 });
        expect(indexed).toBe(true);
        if (ordered) expect(sorted).toBe(true);
      }
    });

    it.each(countShapes)('counts $name by an index', async ({ project, collection, where }) => {
      const asked = { filter: filterOf(project, collection, where), sort: {}, limit: 0 };
      expect((await explain(collection.name, asked)).indexed).toBe(true);
    });
  });
};

// Only which of the declared indexes has the fields in the right order: what a planner makes of them is the real server's.
const standin = await startMongoStandin();
const overStandin = openMongoReadModels(`${standin.url}/plans`);
await overStandin.prepare(projections);
for (const { name } of projections) {
  for (let i = 0; i < 200; i += 1)
    standin.docs(`plans.docs.${name}`).insert({ _id: `other${i}/x`, project: `other${i}` });
}
afterAll(async () => {
  await overStandin.close();
  await standin.stop();
});
plansIn('the indexes for MongoDB', async (collection, { filter, ...asked }) => {
  const { size, sorted } = standin.docs(`plans.docs.${collection}`).plan(filter, asked);
  return { indexed: size < 200, sorted };
});

const stagesOf = (plan: Document): readonly string[] => [
  String(plan['stage']),
  ...[plan['queryPlan'], plan['inputStage'], ...(plan['inputStages'] ?? [])].filter((each) => each).flatMap(stagesOf),
];

const real = await realMongo();
if (real) {
  const url = withDatabase(real.url, `leadfold-test-${randomUUID()}`);
  const readModels = openMongoReadModels(url);
  const client = new MongoClient(url);
  await readModels.prepare(projections);
  for (const { name } of projections) {
    const docs = Array.from({ length: 500 }, (_, i) => ({ position: i, project: `p${i % 5}`, n: i }));
    await client.db().collection(`docs.${name}`).insertMany(docs);
  }
  afterAll(async () => {
    await client.db().dropDatabase();
    await client.close();
    await readModels.close();
    await real.stop();
  });
  plansIn(`MongoDB (${real.from})`, async (collection, { filter, ...asked }) => {
    const explained = await client.db().collection(`docs.${collection}`).find(filter, asked).explain('queryPlanner');
    const stages = stagesOf(explained['queryPlanner'].winningPlan);
    return { indexed: stages.includes('IXSCAN') && !stages.includes('COLLSCAN'), sorted: !stages.includes('SORT') };
  });
}
