import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { App } from '../../src/app.ts';
import { openApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';
import { adminKey } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { clientOf, mustBe } from '../support/client.ts';
import type { EventStoreStandin } from '../support/eventstoredb-standin.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import type { MongoStandin } from '../support/mongodb-standin.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { overHttp } from '../support/server-process.ts';
import { opening, operatorKey } from '../support/work-items.ts';
import { masterKey } from '../support/stand-in-processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'leadfold-work-'));
let [events, documents]: [EventStoreStandin?, MongoStandin?] = [];
const apps: App[] = [];
const projects: Project[] = [];

// Two apps that share nothing but the servers: what one remembers the other does not know.
beforeAll(async () => {
  [events, documents] = [await startEventStoreStandin(), await startMongoStandin()];
  const env = {
    EVENT_STORE: `${events.url}&defaultDeadline=20000`,
    READ_MODELS: `${documents.url}/leadfold`,
    LEADFOLD_ADMIN_KEY: adminKey,
    LEADFOLD_MASTER_KEY: masterKey,
    DATA_DIR: folder,
    LOG_LEVEL: 'silent',
  };
  for (const role of ['all', 'api']) {
    const app = await openApp(parseConfig({ ...env, LEADFOLD_ROLE: role }));
    apps.push(app);
    const url = await app.http.listen({ port: 0, host: '127.0.0.1' });
    const client = clientOf(
      overHttp(() => url),
      () => adminKey,
    );
    const [first] = projects;
    const made = first ?? (await client.project());
    projects.push(client.known(made.projectId, first?.apiKey ?? (await operatorKey(made)), made.position()));
  }
});

afterAll(async () => {
  for (const app of apps) await app.close();
  await events?.stop();
  await documents?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('Two processes let one operator have an item, and one decide it, whoever asks whom at once', async () => {
  const { projectId } = projects[0]!;
  const expected = new Map<string, string>();
  for (let round = 0; round < 4; round++) {
    const workId = `race-${round}`;
    await opening(apps[0]!, { projectId, workId, kind: 'approval_required' });
    const post = (at: number, verb: string, by: string) => {
      const body = { by, ...(verb !== 'claim' && { reason: 'x' }) };
      return projects[at]!.request('POST', `/api/work-items/${workId}/${verb}`, { body });
    };
    const claims = await Promise.all([post(0, 'claim', 'ada'), post(1, 'claim', 'ben')]);
    expect(claims.map(({ status }) => status).sort()).toEqual([200, 409]);
    const holder = claims[0].status === 200 ? 'ada' : 'ben';
    const ends = await Promise.all([post(0, 'approve', holder), post(1, 'reject', holder)]);
    expect(ends.map(({ status }) => status).sort()).toEqual([200, 409]);
    expected.set(workId, `${ends[0].status === 200 ? 'approved' : 'rejected'} by ${holder}`);
  }
  // Either process has what both wrote, once the read models are there; a busy machine may make that late.
  const written = String(Math.max(...projects.map(({ position }) => position())));
  for (const project of projects) {
    const { data } = await vi.waitFor(
      async () => {
        const headers = { 'leadfold-after-position': written };
        return mustBe(await project.read('/api/work-items?limit=200', headers), 200).body;
      },
      { timeout: 30_000, interval: 50 },
    );
    const found = data.map(
      ({ workId, resolution, closedBy }: Json) => [workId, `${resolution} by ${closedBy}`] as const,
    );
    expect(new Map(found)).toEqual(expected);
  }
}, 60_000);
