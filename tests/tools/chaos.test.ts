import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asked } from '../../tools/chaos/arguments.ts';
import type { Case } from '../../tools/chaos/case.ts';
import { must, mustEqual } from '../../tools/chaos/case.ts';
import { cases } from '../../tools/chaos/cases/index.ts';
import { mustBeWhole } from '../../tools/chaos/checks.ts';
import { doWorst, greeds } from '../../tools/chaos/greed.ts';
import { openLedger } from '../../tools/chaos/ledger.ts';
import type { Result } from '../../tools/chaos/run.ts';
import { tried } from '../../tools/chaos/run.ts';
import type { Server } from '../../tools/chaos/server.ts';
import { startServer } from '../../tools/chaos/server.ts';
import { activity } from '../../tools/chaos/traffic.ts';

const file = join(import.meta.dirname, '../../tools/chaos/main.ts');
const failure = z.object({ code: z.number(), stderr: z.string(), stdout: z.string() });

const chaosTest = async (...args: readonly string[]) => {
  const flags = ['--disable-warning=ExperimentalWarning', file, ...args];
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, flags)) };
  } catch (error) {
    return failure.parse(error);
  }
};

/** A case of which only what it does matters. */
const caseOf = (run: Case['run']): Case => ({ name: 'a case', about: 'trouble', criterion: 'it holds', run });

describe('The command line of the chaos test', () => {
  it('tells what there is, and when each case passes', async () => {
    const { code, stdout } = await chaosTest('--list');
    expect(code).toBe(0);
    for (const { name, criterion } of cases) {
      expect(stdout).toContain(`${name}\n`);
      expect(stdout).toContain(criterion);
    }
    expect(() => asked(['--help'], ['a'])).toThrow(/npm run chaos-test[^]*--list/);
  });

  it('tries nothing where there is something that it does not understand', async () => {
    const { code, stdout, stderr } = await chaosTest('malformed', 'disc-full');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('There is no case disc-full; there are ');
    expect(() => asked(['--quick'], ['a'])).toThrow(/Unknown option '--quick'[^]*--list[^]*--small/);
  });

  it('asks for all cases unless some are named', () => {
    expect(asked([], ['a', 'b'])).toMatchObject({ names: ['a', 'b'], small: false });
    expect(asked(['b', '--small'], ['a', 'b'])).toMatchObject({ names: ['b'], small: true });
  });
});

// What needs several processes is shown by tests of their own; the rest takes minutes, and is tried by `npm run chaos-test` alone.
it('A case passes against a real server process, as JSON too', { timeout: 120_000 }, async () => {
  const names = ['merge-under-load'];
  const { code, stdout } = await chaosTest('--small', '--json', ...names);
  const { passed, results } = z
    .object({ passed: z.boolean(), results: z.array(z.custom<Result>()) })
    .parse(JSON.parse(stdout));
  expect(results.map(({ name, outcome, found }) => [name, outcome === 'passed' ? outcome : found])).toEqual(
    names.map((name) => [name, 'passed']),
  );
  expect({ code, passed }).toEqual({ code: 0, passed: true });
});

describe('A greedy client', () => {
  it.each(greeds)('asks for too much, and is not stopped by being refused: %s', async (name) => {
    const seen = { requests: 0, bytes: 0 };
    await using server = createServer((request, response) => {
      seen.requests++;
      request.on('data', (part: Buffer) => void (seen.bytes += part.length));
      request.on('error', () => undefined);
      request.on('end', () => response.writeHead(429).end('{"leadId":"l1"}'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = z.object({ port: z.number() }).parse(server.address());
    const statuses = await doWorst(name, { url: `http://127.0.0.1:${port}`, projectId: 'p1', key: 'k', share: 0.001 });
    server.closeAllConnections();
    expect(seen.requests).toBeGreaterThan(0);
    // Who only begins requests is answered nothing.
    expect([...statuses.keys()]).toEqual(name === 'slow bodies' ? [] : [429]);
  });
});

describe('A case', () => {
  it('that finds something else than it must has failed, and says what it found', async () => {
    const broken = caseOf(async () => {
      mustEqual([1], [2], 'Leads');
      return { found: 'all' };
    });
    expect(await tried(broken, true)).toMatchObject({ outcome: 'failed', found: 'Leads: found [1], expected [2]' });
  });

  it('that can not be tried here is skipped, with the reason', async () => {
    const skipped = caseOf(async () => ({ skipped: 'not root' }));
    expect(await tried(skipped, true)).toMatchObject({ outcome: 'skipped', found: 'not root' });
  });

  it('leaves no process and no folder, however it ends', async () => {
    const left: Server[] = [];
    const one = caseOf(async ({ server }) => {
      left.push(await server());
      return must(false, 'It ends badly') ?? { found: '' };
    });
    expect(await tried(one, true)).toMatchObject({ outcome: 'failed', found: 'It ends badly' });
    const [{ dataDir, url } = { dataDir: '', url: () => '' }] = left;
    expect(existsSync(dataDir)).toBe(false);
    await expect(fetch(url())).rejects.toThrow('fetch failed');
  });
});

type Plant = (server: Server) => void | Promise<void>;

const opened: { server?: Server; dataDir?: string } = {};
beforeAll(async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'leadfold-whole-'));
  Object.assign(opened, { dataDir, server: await startServer({ dataDir }) });
});
afterAll(async () => {
  await opened.server?.kill();
  rmSync(opened.dataDir ?? '', { recursive: true, force: true });
});

/** A case of a few activities on one server, with something wrong planted before it is looked whether all is whole. */
const planted = (plant: Plant, claim: readonly string[] = []): Case =>
  caseOf(async () => {
    const { server } = opened;
    if (!server) throw new Error('The server starts before the first test');
    const project = await server.project();
    const ledger = openLedger();
    const events = Array.from({ length: 20 }, (_, n) => activity(n, 4));
    await ledger.through(events, project.batch);
    await ledger.through(
      claim.map((eventId) => ({ eventId, eventType: 'signup' })),
      async () => undefined,
    );
    await server.settled();
    await plant(server);
    await mustBeWhole(server, project, ledger);
    return { found: 'whole' };
  });

/** Changes the newest document of a collection in the file of the read models. */
const edited =
  (collection: string, doc: string): Plant =>
  ({ dataDir }) => {
    const db = new DatabaseSync(join(dataDir, 'read-models.db'), { timeout: 5_000 });
    const table = db.prepare('SELECT name FROM sqlite_schema WHERE type = ? AND name LIKE ?');
    const name = String(table.get('table', `docs.${collection}%`)?.['name']);
    const newest = `rowid = (SELECT max(rowid) FROM "${name}" WHERE doc IS NOT NULL)`;
    expect(
      db.prepare(`UPDATE "${name}" SET doc = ${doc}, gone = nullif((${doc}) IS NULL, 0) WHERE ${newest}`).run().changes,
    ).toBe(1);
    db.close();
  };

describe('What must be whole', () => {
  it.each<readonly [string, Case, 'passed' | 'failed', RegExp]>([
    ['passes when it is', planted(() => undefined), 'passed', /^whole$/],
    ['fails when something acknowledged is not there', planted(() => undefined, ['lost']), 'failed', /1 of 21 .* lost/],
    [
      'fails when a score is not that of the activities',
      planted(edited('leads', "json_set(doc, '$.score', 7777)")),
      ...(['failed', /^Lead .*7777/] as const),
    ],
    [
      'fails when an activity is missing in a history',
      planted(edited('history', 'NULL')),
      ...(['failed', /1 of 20 acknowledged activities are lost/] as const),
    ],
  ])('%s', async (_, one, outcome, found) => {
    const result = await tried(one, true);
    expect({ outcome: result.outcome, found: result.found }).toEqual({ outcome, found: expect.stringMatching(found) });
  });
});
