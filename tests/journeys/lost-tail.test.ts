import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { answersOf } from '../support/answers.ts';
import { adminKey, openTestApp } from '../support/app.ts';
import type { Answer, Client, Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { startServer } from '../support/server-process.ts';
import { runTool } from '../support/tool.ts';

/** The files of a kind in a folder. */
const filesOf = (folder: string, name: string): readonly string[] =>
  readdirSync(folder).filter((file) => file.startsWith(name));

const remove = (folder: string, name: string): void => {
  for (const file of filesOf(folder, name)) rmSync(join(folder, file));
};

const copy = (from: string, to: string): void => {
  for (const file of filesOf(from, 'events.db')) copyFileSync(join(from, file), join(to, file));
};

/** So many people do something that qualifies some of them. Gives the position of the last fact. */
const write = async (project: Project, name: string, people: number): Promise<number> => {
  const events = Array.from({ length: people }, (_, n) => ({
    userId: `${name}-${n}`,
    eventId: `${name}-${n}`,
    eventType: n % 4 === 0 ? 'contract_signed' : 'signup',
  }));
  const { headers } = mustBe(await project.batch(events), 200);
  return Number(headers['leadfold-position']);
};

const healthOf = ({ transport }: Client): Promise<Answer> => transport({ method: 'GET', path: '/api/health' });

/** The states of what follows the log, but for what every other state is told of: those that are well. */
const troubled = async (client: Client): Promise<readonly Json[]> =>
  (await healthOf(client)).body.components.filter(({ healthy }: Json) => !healthy);

/** Waits until every reader has looked at the log. */
const untilLooked = (client: Client): Promise<Answer> =>
  vi.waitFor(
    async () => {
      const answer = await healthOf(client);
      const states = answer.body.components.map(({ state }: Json) => state);
      expect(states).not.toContain('starting');
      expect(states).not.toContain('catching-up');
      return answer;
    },
    { timeout: 30_000, interval: 100 },
  );

/** An app whose log was put back to what it was before most of it was written. */
const lost = async () => {
  const app = await openTestApp();
  const backup = mkdtempSync(join(tmpdir(), 'leadfold-backup-'));
  onTestFinished(async () => {
    await app.close();
    rmSync(backup, { recursive: true });
  });
  const project = await app.project();
  await write(project, 'early', 8);
  await app.settled();
  await app.restart((dataDir) => copy(dataDir, backup));
  await write(project, 'lost', 20);
  await app.settled();
  await app.restart((dataDir) => {
    remove(dataDir, 'events.db');
    copy(backup, dataDir);
  });
  return { app, project, head: project.position() };
};

it('A log that lost its tail is told, also when it has grown past, and a rebuild of all makes it right', async () => {
  const { app, project, head } = await lost();
  const answer = await untilLooked(app);
  expect(answer.status).toBe(503);
  const wrong = answer.body.components.filter(({ healthy }: Json) => !healthy);
  expect(wrong.map(({ name }: Json) => name)).toContain('subscription:leads');
  expect(new Set(wrong.map(({ state }: Json) => state))).toEqual(new Set(['lost-tail']));
  expect(wrong[0].error).toContain('npm run rebuild -- --all');
  expect((await app.transport({ method: 'GET', path: '/readyz' })).status).toBe(503);
  const { data } = mustBe(await app.root('GET', '/api/admin/projections'), 200).body;
  const leads = data.find(({ name }: Json) => name === 'leads');
  expect(leads.state).toBe('lost-tail');
  expect(leads.error).toMatch(/read up to \d+, and the log ends at \d+.*rebuild/);

  // The log grows past what was read of it, and it is told as before, by a process that begins then too.
  for (let round = 0; (await write(project, `late-${round}`, 20)) <= head + 10;) round += 1;
  expect((await healthOf(app)).status).toBe(503);
  await app.restart();
  await untilLooked(app);
  const grown = mustBe(await app.root('GET', '/api/admin/projections'), 200).body.data;
  const still = grown.find(({ name }: Json) => name === 'leads');
  expect(still).toMatchObject({
    state: 'lost-tail',
    error: expect.stringMatching(/It has read fact [0-9a-f-]{36} at /),
  });

  const url = await app.app().http.listen({ port: 0, host: '127.0.0.1' });
  const rebuilt = await runTool('../src/cli/main.ts', ['rebuild', '--all', '--url', url, '--key', adminKey]);
  expect(rebuilt).toMatchObject({ code: 0 });
  await vi.waitFor(async () => expect(await troubled(app)).toEqual([]), { timeout: 30_000, interval: 100 });
  await app.settled();
  const health = mustBe(await app.root('GET', '/api/admin/system-health'), 200).body;
  expect(health).toMatchObject({ status: 'healthy' });
  expect(JSON.stringify(await answersOf(project))).not.toContain('lost-1');
}, 180_000);

it('A log that is gone altogether is told, and what was made of it is gone after a rebuild', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'leadfold-gone-'));
  const app = await openTestApp({ dataDir });
  await write(await app.project(), 'lost', 8);
  await app.settled();
  await app.close();
  remove(dataDir, 'events.db');
  await using server = await startServer({ dataDir, env: { LOG_LEVEL: 'error' } });
  expect((await untilLooked(server)).status).toBe(503);

  mustBe(await server.root('POST', '/api/admin/projections/rebuild'), 202);
  await vi.waitFor(async () => expect(await troubled(server)).toEqual([]), { timeout: 60_000, interval: 100 });
  await server.settled();
  expect(mustBe(await server.root('GET', '/api/projects'), 200).body.data).toEqual([]);
  const project = await server.project('Anew');
  await write(project, 'new', 3);
  expect(await project.all('/api/leads')).toHaveLength(3);
  const { output } = await server.stop();
  expect(output).toContain('the log no longer has what this reader has read of it');
}, 180_000);
