import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { Problem } from '../../../src/api/http/problems.ts';
import type { SignInThrottle } from '../../../src/api/http/sign-in-throttle.ts';
import { signInThrottle } from '../../../src/api/http/sign-in-throttle.ts';
import { openLimits } from '../../../src/outside/limits/open.ts';
import { adminKey, testClock } from '../../support/app.ts';
import { withDatabase } from '../../support/mongodb-real.ts';
import { startMongoStandin } from '../../support/mongodb-standin.ts';

const minute = 60_000;
const [ada, home, office] = ['ada@example.com', '192.0.2.1', '198.51.100.1'];

const standin = await startMongoStandin();
afterAll(() => standin.stop());

/** As the machine has other things to do as well. */
const patient = { away: 30_000, tallies: 30_000, quotas: 30_000 };

/** A throttle of each of so many processes, which count together in a server, or of one process alone; and their clock. */
const throttles = async (processes: number | 'alone', server = standin.url) => {
  const clock = testClock();
  const url = withDatabase(server, `limits-${randomUUID()}`);
  const location =
    processes === 'alone' ? ({ scheme: 'sqlite', path: ':memory:' } as const) : ({ scheme: 'mongodb', url } as const);
  const opened = await Promise.all(
    Array.from({ length: processes === 'alone' ? 1 : processes }, () =>
      openLimits(location, () => performance.now(), server === standin.url ? patient : undefined),
    ),
  );
  onTestFinished(async () => {
    for (const limits of opened) await limits.close();
  });
  const all = opened.map(({ tallies }) => signInThrottle({ tallies, clock: clock.now, adminKey }));
  return { clock, all, url };
};

/** The seconds to wait that a throttle names, or 0 when the try is taken; it fails. */
const failing = async (throttle: SignInThrottle, account = ada, address = home): Promise<number> => {
  try {
    await throttle.begin(account, address);
    return 0;
  } catch (error) {
    if (error instanceof Problem && error.code === 'rate-limited') return Number(error.headers['Retry-After']);
    throw error;
  }
};

/** So many tries that fail, over each of the throttles in turn. */
const failures = async (all: readonly SignInThrottle[], count: number, account = ada, address = home) => {
  const waits: number[] = [];
  for (let n = 0; n < count; n++) waits.push(await failing(all[n % all.length]!, account, address));
  return waits;
};

const none = (count: number): readonly number[] => Array<number>(count).fill(0);

describe.each([
  ['one process', 'alone'],
  ['two processes over a database', 2],
] as const)('Signing in, over %s', (_, processes) => {
  it('waits after five failures of an account from an address, until the first is 15 minutes ago', async () => {
    const { all, clock } = await throttles(processes);
    expect(await failures(all, 1)).toEqual([0]);
    clock.forward(minute);
    expect(await failures(all, 6)).toEqual([...none(4), 14 * 60, 14 * 60]);
    expect(await failures(all, 1, ada, office)).toEqual([0]);
    expect(await failures(all, 1, 'bob@example.com')).toEqual([0]);
    clock.forward(14 * minute);
    expect(await failures(all, 2)).toEqual([0, 60]);
  });

  it('waits after ten failures of an account from everywhere, and after twenty of an address', async () => {
    const { all } = await throttles(processes);
    for (const at of ['192.0.2.7', '192.0.2.8']) expect(await failures(all, 5, ada, at)).toEqual(none(5));
    expect(await failures(all, 2, ada, '192.0.2.9')).toEqual([900, 900]);
    for (let n = 0; n < 20; n++) expect(await failures(all, 1, `nobody-${n}@example.com`, office)).toEqual([0]);
    expect(await failures(all, 1, 'somebody@example.com', office)).toEqual([900]);
    expect(await failures(all, 1, 'somebody@example.com', home)).toEqual([0]);
  });

  it('locks an account for longer only from the address that failed', async () => {
    const { all, clock } = await throttles(processes);
    await failures(all, 5);
    clock.forward(15 * minute);
    await failures(all, 5);
    expect(await failures(all, 1)).toEqual([3_600]);
    clock.forward(15 * minute);
    expect(await failures(all, 1)).toEqual([2_700]);
    expect(await failures(all, 1, ada, office)).toEqual([0]);
    clock.forward(45 * minute);
    expect(await failures(all, 5)).toEqual(none(5));
    clock.forward(15 * minute);
    expect(await failures(all, 6)).toEqual([...none(5), 24 * 3_600]);
    clock.forward(24 * 60 * minute - 1);
    expect(await failures(all, 1)).toEqual([1]);
    expect(await failures(all, 1, ada, office)).toEqual([0]);
    clock.forward(1);
    expect(await failures(all, 1)).toEqual([0]);
  });

  it('counts no more from an address when it succeeded there', async () => {
    const { all, clock } = await throttles(processes);
    const [one, last = one] = all;
    await failures(all, 4);
    await (await last!.begin(ada, home)).succeeded();
    expect(await failures(all, 6)).toEqual([...none(5), 900]);
    // What failed still counts for the account, and what succeeded does not.
    expect(await failures(all, 2, ada, office)).toEqual([0, 900]);
    clock.forward(15 * minute);
    expect(await failures(all, 1, ada, office)).toEqual([0]);
  });

  it('takes many tries at once for as many one after the other', async () => {
    const { all } = await throttles(processes);
    const waits = await Promise.all(Array.from({ length: 40 }, (_, n) => failing(all[n % all.length]!)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
  });

  it('does not count what nobody looked at, nor what was refused', async () => {
    const { all } = await throttles(processes);
    for (let n = 0; n < 12; n++) await (await all[n % all.length]!.begin(ada, home)).withdrawn();
    expect(await failures(all, 30)).toEqual([...none(5), ...Array(25).fill(900)]);
    expect(await failures(all, 6, ada, office)).toEqual([...none(5), 900]);
  });
});

describe('What is counted of signing in', () => {
  it('is of the first 64 bits of an IPv6 address, however it is written', async () => {
    const { all } = await throttles('alone');
    for (const at of [
      '2001:db8:0:1::1',
      '2001:DB8::1:0:0:0:2',
      '2001:db8:0:1:ffff:ffff:ffff:ffff',
      '2001:0db8::1:0:0:0:3',
    ])
      await failures(all, 1, ada, at);
    expect(await failures(all, 2, ada, '2001:db8:0:1::9%eth0')).toEqual([0, 900]);
    expect(await failures(all, 1, ada, '2001:db8:0:2::1')).toEqual([0]);
    const { all: others } = await throttles('alone');
    await failures(others, 5, ada, '::ffff:192.0.2.1');
    expect(await failures(others, 1, ada, '192.0.2.1')).toEqual([900]);
  });

  it('has no account and no address in it', async () => {
    const { all, url } = await throttles(2);
    await failures(all, 2);
    await using client = new MongoClient(url);
    const stored = await client.db().collection('tallies').find().toArray();
    expect(stored).toHaveLength(3);
    expect(JSON.stringify(stored)).not.toMatch(/ada|example|192|AAAA/);
    expect(stored.map(({ expires }) => expires instanceof Date)).toEqual([true, true, true]);
  });

  it('is counted by each process while the database is away, and nobody waits for that', async () => {
    const server = await startMongoStandin();
    onTestFinished(() => server.stop().catch(() => undefined));
    const { all } = await throttles(2, server.url);
    const [one, other] = all;
    expect(await failures([one!], 5)).toEqual(none(5));
    await server.stop();
    const begun = performance.now();
    expect(await failures([other!], 6)).toEqual([...none(5), 900]);
    expect(performance.now() - begun).toBeLessThan(6_000);
    await (await one!.begin(ada, office)).succeeded();
  });
});
