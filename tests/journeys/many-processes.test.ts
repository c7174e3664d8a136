import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { adminKey } from '../support/app.ts';
import { numbersFrom } from '../support/answers.ts';
import type { Client, Json, Project } from '../support/client.ts';
import { clientOf } from '../support/client.ts';
import { overHttp, spawnServer } from '../support/server-process.ts';
import { startStandIns } from '../support/stand-in-processes.ts';

const people = 12;
const events = 200;
const size = 10;

/** What activity number n is: somebody of them all, by one or two of three identifiers, does something. */
const activity = (n: number): object => {
  const below = numbersFrom(Math.imul(n + 1, 2_654_435_761));
  below(2);
  const person = below(people);
  const [userId, email, anonymousId] = [`user-${person}`, `p${person}@example.com`, `cookie-${person}`];
  const who = [{ userId }, { email }, { anonymousId }, { userId, anonymousId }, { email, userId }][below(5)];
  return { ...who, eventId: `e${n}`, eventType: ['page_view', 'signup', 'download'][below(3)] };
};

/** Batches of activities; every tenth activity is one of the nine before it, sent again. */
const traffic = (): readonly (readonly object[])[] => {
  const below = numbersFrom(11);
  const all = Array.from({ length: events }, (_, n) => activity(n % 10 === 9 ? n - 1 - below(9) : n));
  return Array.from({ length: events / size }, (_, n) => all.slice(n * size, (n + 1) * size));
};

/** How long the readers of a worker that is gone may be run by nobody, in ms: six seconds, and what a machine that is busy takes. */
const takeover = 10_000;

test('two API processes and two workers lose and double nothing when one of each is killed, and the other worker runs all in time', async () => {
  const standIns = await startStandIns();
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-many-'));
  const spawn = (role: string) =>
    spawnServer({ ...standIns.env, LEADFOLD_ROLE: role, LEADFOLD_ADMIN_KEY: adminKey, DATA_DIR: join(folder, role) });
  const apis = [spawn('api'), spawn('api')] as const;
  const workers = [spawn('worker'), spawn('worker')] as const;
  try {
    const urls = await Promise.all(apis.map(({ listening }) => listening));
    const readerUrls = await Promise.all(workers.map(({ listening }) => listening));
    const readers = readerUrls.map((url) =>
      clientOf(
        overHttp(() => url),
        () => adminKey,
      ),
    );
    /** The readers of the log that a worker leaves to others. */
    const leftBy = async (worker: Client | undefined): Promise<readonly string[]> => {
      const health = await worker?.root('GET', '/api/health');
      return health?.body.components
        .filter(({ name, state }: Json) => name.startsWith('subscription:') && !['live', 'catching-up'].includes(state))
        .map(({ name }: Json) => name);
    };
    /** Kills the worker that leaves least to the other one, and says how long it took until that one runs all. */
    const killWorker = async (): Promise<number> => {
      const left = await Promise.all(readers.map(leftBy));
      const victim = left[0]!.length <= left[1]!.length ? 0 : 1;
      expect(left[1 - victim]).not.toEqual([]);
      workers[victim].child.kill('SIGKILL');
      const from = performance.now();
      await expect.poll(() => leftBy(readers[1 - victim]), { timeout: 60_000, interval: 100 }).toEqual([]);
      return performance.now() - from;
    };
    let tookOver: Promise<number> | undefined;
    const clients = urls.map((url) =>
      clientOf(
        overHttp(() => url),
        () => adminKey,
      ),
    );
    const first = await clients[0]!.project();
    const projects: Project[] = clients.map((client) => client.known(first.projectId, first.apiKey));

    // Each batch goes to one of the two, and to the other one when there is no answer.
    const acknowledged = new Map<string, string>();
    const batches = traffic();
    const next = batches.entries();
    const sender = async (favourite: number): Promise<void> => {
      for (const [index, batch] of next) {
        for (let tries = 0; ; tries++) {
          try {
            const { status, body } = await projects[(favourite + tries) % 2]!.batch(batch);
            if (status === 503 && tries < 50) continue;
            expect(status, JSON.stringify(body)).toBe(200);
            expect(body.rejected).toBe(0);
            for (const { eventId, leadId } of body.results) acknowledged.set(eventId, leadId);
            break;
          } catch (error) {
            if (tries > 50) throw error;
          }
        }
        if (index === batches.length / 2) {
          apis[0].child.kill('SIGKILL');
          tookOver = killWorker();
          tookOver.catch(() => undefined);
        }
      }
    };
    await Promise.all([0, 1, 0, 1].map(sender));
    expect(await tookOver).toBeLessThan(takeover);

    const survivor = projects[1]!;
    const head = Math.max(...projects.map((project) => project.position()));
    const inTime = AbortSignal.timeout(120_000);
    const reached = async (): Promise<boolean> =>
      (await survivor.read('/api/analytics/dashboard', { 'leadfold-after-position': String(head) })).status === 200;
    while (!(await reached())) inTime.throwIfAborted();

    const leads = await survivor.all('/api/leads?limit=200&sort=-score');
    const seen = new Map<string, string>();
    for (const { leadId, score, activities } of leads) {
      const entries = await survivor.all(`/api/leads/${leadId}/timeline?limit=200`);
      const explained = await survivor.get(`/api/leads/${leadId}/score`);
      const sum = explained.contributions.reduce((total: number, { points }: { points: number }) => total + points, 0);
      expect({ activities, sum, explained: explained.score }).toEqual({
        activities: entries.length,
        sum: score,
        explained: score,
      });
      for (const { eventId } of entries) {
        expect(seen.get(eventId), `${eventId} is with two leads`).toBe(undefined);
        seen.set(eventId, leadId);
      }
    }
    const missing = [...acknowledged.keys()].filter((eventId) => !seen.has(eventId));
    expect(missing).toEqual([]);
    expect(leads).toHaveLength(people);
  } finally {
    for (const { child, ended } of [...apis, ...workers]) {
      child.kill('SIGKILL');
      await ended;
    }
    await standIns.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 240_000);
