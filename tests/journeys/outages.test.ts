import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { App } from '../../src/app.ts';
import { openApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';
import { adminKey } from '../support/app.ts';
import type { Answer, Project } from '../support/client.ts';
import { clientOf } from '../support/client.ts';
import type { EventStoreStandin } from '../support/eventstoredb-standin.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import type { MongoStandin } from '../support/mongodb-standin.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { overHttp } from '../support/server-process.ts';
import { masterKey } from '../support/stand-in-processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'leadfold-outages-'));
let [events, documents]: [EventStoreStandin?, MongoStandin?] = [];
let app: App;
let project: Project;

beforeAll(async () => {
  [events, documents] = [await startEventStoreStandin(), await startMongoStandin()];
  const env = { EVENT_STORE: events.url, READ_MODELS: `${documents.url}/leadfold`, LEADFOLD_ADMIN_KEY: adminKey };
  const keys = { LEADFOLD_MASTER_KEY: masterKey };
  app = await openApp(parseConfig({ ...env, ...keys, DATA_DIR: folder, LOG_LEVEL: 'silent' }));
  const url = await app.http.listen({ port: 0, host: '127.0.0.1' });
  project = await clientOf(
    overHttp(() => url),
    () => adminKey,
  ).project();
});

afterAll(async () => {
  await app.close();
  await events?.stop();
  await documents?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** An answer and how long it took, in ms. */
const timed = async (ask: () => Promise<Answer>): Promise<Answer & { readonly took: number }> => {
  const begun = performance.now();
  const answer = await ask();
  return { ...answer, took: performance.now() - begun };
};

const signup = (email: string, eventId = email) => ({ eventType: 'signup', email, eventId });

/** Sends until it is taken, as a client does that comes back when it is told to. */
const delivered = (event: object): Promise<Answer> =>
  vi.waitFor(
    async () => {
      const answer = await project.send(event);
      expect(answer.status).toBe(202);
      return answer;
    },
    { timeout: 20_000, interval: 200 },
  );

describe('While the event store is away', () => {
  test('activities are answered 503 in time, reads still answer, and all resumes by itself when it is back', async () => {
    const { body } = await project.send(signup('ada@example.com'));
    await project.get(`/api/leads/${body.leadId}`);
    await events?.stop();

    const refused = await timed(() => project.send(signup('grace@example.com')));
    expect({ status: refused.status, code: refused.body.code }).toEqual({ status: 503, code: 'store-unavailable' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers['content-type']).toMatch(/problem\+json/);
    expect(refused.took).toBeLessThan(2_000);
    expect((await project.read('/api/leads?limit=5')).status).toBe(200);
    expect((await project.read(`/api/leads/${body.leadId}`)).body.score).toBe(30);
    expect((await project.request('GET', '/api/health')).status).toBe(503);

    await events?.start();
    const again = await delivered(signup('grace@example.com'));
    expect((await project.get(`/api/leads/${again.body.leadId}`)).score).toBe(30);
    await vi.waitFor(async () => expect((await project.request('GET', '/api/health')).status).toBe(200), {
      timeout: 20_000,
    });
  });
});

describe('While the read models are away', () => {
  test('activities are taken, reads are answered 503, and the projections catch up when they are back', async () => {
    await documents?.stop();
    const taken = await project.send(signup('alan@example.com'));
    expect(taken.status).toBe(202);

    const refused = await timed(() => project.request('GET', '/api/leads'));
    expect({ status: refused.status, code: refused.body.code }).toEqual({
      status: 503,
      code: 'read-models-unavailable',
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.took).toBeLessThan(2_500);

    await documents?.start();
    await vi.waitFor(
      async () => {
        const { status, body } = await project.read(`/api/leads/${taken.body.leadId}`);
        expect({ status, score: body.score }).toEqual({ status: 200, score: 30 });
      },
      { timeout: 40_000, interval: 200 },
    );
  }, 60_000);
});

describe('While the event store is slow', () => {
  test('every request is answered in time, none is queued without end, and memory stays flat', async () => {
    await project.send(signup('warm@example.com'));
    events?.delay(2_000);
    const before = process.memoryUsage().heapUsed;
    const answers = await Promise.all(
      Array.from({ length: 600 }, (_, n) => timed(() => project.send(signup(`slow${n}@example.com`)))),
    );
    events?.delay(0);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(answers.every(({ headers }) => headers['retry-after'] !== undefined)).toBe(true);
    const grown = process.memoryUsage().heapUsed - before;
    expect(grown).toBeLessThan(400 * 1024 * 1024);
    const { body } = await delivered(signup('slow1@example.com'));
    expect((await project.get(`/api/leads/${body.leadId}`)).score).toBe(30);
  }, 60_000);
});
