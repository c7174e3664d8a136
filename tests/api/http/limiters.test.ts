import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { rateLimits } from '../../../src/api/http/rate-limits.ts';
import type { RateLimits } from '../../../src/api/http/rate-limits.ts';
import type { LimitTimeouts } from '../../../src/outside/limits/mongodb/open.ts';
import { openLimits } from '../../../src/outside/limits/open.ts';
import { adminKey } from '../../support/app.ts';
import { realMongo, withDatabase } from '../../support/mongodb-real.ts';
import { startMongoStandin } from '../../support/mongodb-standin.ts';
import { unlimited } from '../support.ts';

const standin = await startMongoStandin();
afterAll(() => standin.stop());

/** As the machine has other things to do as well. */
const patient = { away: 30_000, tallies: 30_000, quotas: 30_000 };

/** The limits of two processes that share a database, and where that is; their clock can be moved. */
const ofTwo = async (reads: number, server = standin.url, timeouts: LimitTimeouts | undefined = patient) => {
  const url = withDatabase(server, `limits-${randomUUID()}`);
  const moved = { by: 0 };
  const monotonic = () => performance.now() + moved.by;
  const open = async (): Promise<RateLimits> => {
    const { quotas, close } = await openLimits({ scheme: 'mongodb', url }, monotonic, timeouts);
    onTestFinished(close);
    return rateLimits({ perMinute: { ...unlimited, reads }, monotonic, adminKey, quotas });
  };
  const forward = (ms: number): void => {
    moved.by += ms;
  };
  return { all: [await open(), await open()] as const, url, forward };
};

/** How many of so many reads are let in, one after the other, by processes in turn. */
const letIn = async (all: readonly RateLimits[], count: number, who = 'p/key'): Promise<number> => {
  let allowed = 0;
  for (let n = 0; n < count; n++) {
    const { reads } = all[n % all.length] ?? all[0]!;
    allowed += Number((await reads.take(who)).allowed);
  }
  return allowed;
};

const real = await realMongo();
if (real) afterAll(() => real.stop());

const servers: readonly (readonly [string, string])[] = [
  ['the stand-in', standin.url],
  ...(real ? [[`MongoDB (${real.from})`, real.url] as const] : []),
];
describe.each(servers)('What two processes let a key do together, over %s', (_, server) => {
  it('is no more than the limit, and no less', async () => {
    const { all } = await ofTwo(7, server);
    expect(await letIn(all, 20)).toBe(7);
    expect(await letIn(all, 3, 'p/other')).toBe(3);
  });

  it('is no more where each takes many at a time, and but for a hundredth all of it', async () => {
    const { all } = await ofTwo(1_050, server);
    const allowed = await letIn(all, 1_300);
    expect(allowed).toBeLessThanOrEqual(1_050);
    expect(allowed).toBeGreaterThanOrEqual(1_040);
    // What one process took and did not use is not refused there.
    const { all: others } = await ofTwo(1_050, server);
    expect(await letIn([others[0]], 1)).toBe(1);
    expect(await letIn([others[1]], 1_100)).toBe(1_040);
    expect(await letIn([others[0]], 20)).toBe(9);
  });

  it('is the same for all who ask at once', async () => {
    const { all } = await ofTwo(30, server);
    const takes = Array.from({ length: 100 }, async (__, n) => (await all[n % 2]!.reads.take('p/key')).allowed);
    expect((await Promise.all(takes)).filter((allowed) => allowed)).toHaveLength(30);
  });
});

it('Requests wait for the database once in a hundred times', async () => {
  const { all } = await ofTwo(6_000);
  const [{ reads }] = all;
  const waited: boolean[] = [];
  for (let n = 0; n < 120; n++) {
    const taken = reads.take('p/key');
    waited.push(taken instanceof Promise);
    await taken;
  }
  expect(waited.filter((each) => each)).toHaveLength(2);
});

it('What is given back may be taken again', async () => {
  const { all } = await ofTwo(1);
  const [{ reads }] = all;
  expect([(await reads.take('a')).allowed, (await reads.take('a')).allowed, reads.look('a').allowed]).toEqual([
    ...[true, false, false],
  ]);
  reads.giveBack('a');
  expect([reads.look('a').allowed, (await reads.take('a')).allowed, (await reads.take('a')).allowed]).toEqual([
    ...[true, true, false],
  ]);
});

it('The database is told of nobody by name', async () => {
  const { all, url } = await ofTwo(5);
  await letIn(all, 2, '192.0.2.1 ');
  await using client = new MongoClient(url);
  const stored = await client.db().collection('rates').find().toArray();
  expect(stored).toHaveLength(1);
  expect(JSON.stringify(stored)).not.toContain('192.0.2.1');
});

describe('While the database is away', () => {
  it('each process counts by itself, and only who comes first waits; when it is back they count together', async () => {
    const server = await startMongoStandin();
    onTestFinished(() => server.stop().catch(() => undefined));
    const { all, forward } = await ofTwo(5, server.url, { away: 1_000, tallies: 1_500, quotas: 1_500 });
    await server.stop();
    const begun = performance.now();
    expect(await letIn(all, 20)).toBe(10);
    expect(performance.now() - begun).toBeLessThan(5_000);
    await server.start();
    forward(5_001);
    // Who comes first while it connects may still be counted alone.
    await letIn(all, 2, 'p/first');
    forward(5_001);
    await letIn(all, 2, 'p/second');
    expect(await letIn(all, 20, 'p/other')).toBe(5);
  });
});
