import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { openApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';
import { adminKey } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { clientOf } from '../support/client.ts';
import { overHttp } from '../support/server-process.ts';
import type { Stores } from '../support/stand-in-processes.ts';
import { startStandIns } from '../support/stand-in-processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'leadfold-no-worker-'));
let standIns: Stores;

beforeAll(async () => {
  standIns = await startStandIns();
});
afterAll(async () => {
  await standIns.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A process of a role at the stores that all share. */
const running = async (role: string) => {
  const env = { ...standIns.env, LEADFOLD_ROLE: role, LEADFOLD_ADMIN_KEY: adminKey, LOG_LEVEL: 'silent' };
  const app = await openApp(parseConfig({ ...env, DATA_DIR: join(folder, role) }));
  onTestFinished(app.close);
  const url = await app.http.listen({ port: 0, host: '127.0.0.1' });
  const client = clientOf(
    overHttp(() => url),
    () => adminKey,
  );
  return { ...client, stop: app.close };
};

const leadsIn = ({ components }: Json): Json => components.find(({ name }: Json) => name === 'subscription:leads');

const asOf = async (project: Project, path: string): Promise<number> => {
  const { body } = await project.request('GET', path);
  return Date.parse(body.asOf);
};

test('An api says how far the read models are behind when no worker moves them, and stays ready', async () => {
  const api = await running('api');
  const worker = await running('worker');
  const ask = async (path: string) => api.transport({ method: 'GET', path });
  const project = await api.project();
  await project.send({ eventType: 'signup', email: 'ada@example.com' });
  await project.read('/api/leads');
  await vi.waitFor(
    async () => expect(leadsIn((await ask('/api/health')).body)).toMatchObject({ state: 'live', behindFor: 0 }),
    { timeout: 5_000, interval: 100 },
  );

  await worker.stop();
  const before = Date.now();
  const { status } = await project.send({ eventType: 'signup', email: 'grace@example.com' });
  expect(status).toBe(202);
  const behind = await vi.waitFor(
    async () => {
      const answer = await ask('/api/health');
      expect(answer.status).toBe(503);
      return leadsIn(answer.body);
    },
    { timeout: 14_000, interval: 200 },
  );
  expect(Date.now() - before).toBeGreaterThan(9_000);
  expect(behind).toMatchObject({ healthy: false, state: 'stalled', error: expect.stringContaining('No worker') });
  expect(behind.behindFor).toBeGreaterThanOrEqual(10);
  expect(behind.lag).toBeGreaterThan(0);
  expect((await ask('/readyz')).body).toEqual({ status: 'ready' });
  for (const path of ['/api/leads', '/api/analytics/dashboard', '/api/analytics/routing', '/api/work-items']) {
    // Nothing that was recorded before is missing, and what came after is not claimed to be there.
    expect(await asOf(project, path), path).toBeLessThan(before + 1_000);
    expect(await asOf(project, path), path).toBeGreaterThan(before - 10_000);
  }

  await running('worker');
  await vi.waitFor(async () => expect((await ask('/api/health')).status).toBe(200), { timeout: 20_000, interval: 200 });
  expect(await asOf(project, '/api/leads')).toBeGreaterThan(before + 10_000);
  expect((await project.read('/api/leads')).body.data).toHaveLength(2);
}, 60_000);
