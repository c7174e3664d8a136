import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { answersOf } from '../support/answers.ts';
import type { Answer, Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';
import { runTool } from '../support/tool.ts';

/** The files of a kind in a folder. */
const filesOf = (folder: string, name: string): readonly string[] =>
  readdirSync(folder).filter((file) => file.startsWith(name));

const remove = ({ dataDir }: ServerProcess, name: string): void => {
  for (const file of filesOf(dataDir, name)) rmSync(join(dataDir, file));
};

/** A copy of the log as it is now, and what puts it back while the server is stopped. */
const backedUp = ({ dataDir }: ServerProcess) => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-backup-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const file of filesOf(dataDir, 'events.db')) copyFileSync(join(dataDir, file), join(folder, file));
  return {
    putBack: (): void => {
      for (const file of filesOf(dataDir, 'events.db')) rmSync(join(dataDir, file));
      for (const file of filesOf(folder, 'events.db')) copyFileSync(join(folder, file), join(dataDir, file));
    },
  };
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

const healthOf = ({ transport }: ServerProcess): Promise<Answer> => transport({ method: 'GET', path: '/api/health' });

/** The states of what follows the log, but for what every other state is told of: those that are well. */
const troubled = async (server: ServerProcess): Promise<readonly Json[]> =>
  (await healthOf(server)).body.components.filter(({ healthy }: Json) => !healthy);

/** Waits until every reader has looked at the log. */
const untilLooked = (server: ServerProcess): Promise<Answer> =>
  vi.waitFor(
    async () => {
      const answer = await healthOf(server);
      const states = answer.body.components.map(({ state }: Json) => state);
      expect(states).not.toContain('starting');
      expect(states).not.toContain('catching-up');
      return answer;
    },
    { timeout: 30_000, interval: 100 },
  );

const systemHealth = async (server: ServerProcess): Promise<Json> =>
  mustBe(await server.root('GET', '/api/admin/system-health'), 200).body;

/** A server whose log was put back to what it was before most of it was written, and is stopped. */
const lost = async () => {
  const server = await startServer({ env: { LOG_LEVEL: 'error' } });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const project = await server.project();
  await write(project, 'early', 20);
  await server.settled();
  await server.stop();
  const backup = backedUp(server);
  await server.start();
  await write(project, 'lost', 60);
  await server.settled();
  await server.stop();
  backup.putBack();
  return { server, project, head: project.position() };
};

it('A log that lost its tail is told, also when it has grown past, and a rebuild of all makes it right', async () => {
  const { server, project, head } = await lost();
  await server.start();
  const answer = await untilLooked(server);
  expect(answer.status).toBe(503);
  const wrong = answer.body.components.filter(({ healthy }: Json) => !healthy);
  expect(wrong.map(({ name }: Json) => name)).toContain('subscription:leads');
  expect(new Set(wrong.map(({ state }: Json) => state))).toEqual(new Set(['lost-tail']));
  expect(wrong[0].error).toContain('npm run rebuild -- --all');
  expect((await server.transport({ method: 'GET', path: '/readyz' })).status).toBe(503);
  const { data } = mustBe(await server.root('GET', '/api/admin/projections'), 200).body;
  const leads = data.find(({ name }: Json) => name === 'leads');
  expect(leads.state).toBe('lost-tail');
  expect(leads.error).toMatch(/read up to \d+, and the log ends at \d+.*rebuild/);

  // The log grows past what was read of it, and it is told as before, by a process that begins then too.
  for (let round = 0; (await write(project, `late-${round}`, 60)) <= head + 100;) round += 1;
  expect((await healthOf(server)).status).toBe(503);
  const { output } = await server.stop();
  expect(output).toContain('the log no longer has what this reader has read of it');
  await server.start();
  await untilLooked(server);
  const grown = mustBe(await server.root('GET', '/api/admin/projections'), 200).body.data;
  const still = grown.find(({ name }: Json) => name === 'leads');
  expect(still).toMatchObject({
    state: 'lost-tail',
    error: expect.stringMatching(/It has read fact [0-9a-f-]{36} at /),
  });

  const key = readFileSync(join(server.dataDir, 'admin-key'), 'utf8').trim();
  const rebuilt = await runTool('../src/cli/rebuild.ts', ['--all', '--url', server.url(), '--key', key]);
  expect(rebuilt).toMatchObject({ code: 0 });
  await vi.waitFor(async () => expect(await troubled(server)).toEqual([]), { timeout: 30_000, interval: 100 });
  await server.settled();
  expect(await systemHealth(server)).toMatchObject({ status: 'healthy' });
  const answers = await answersOf(project);
  expect(JSON.stringify(answers)).not.toContain('lost-1');

  await server.stop();
  remove(server, 'read-models.db');
  await server.start();
  await server.settled();
  expect(await answersOf(project)).toEqual(answers);
}, 180_000);

it('A log that is gone altogether is told, and what was made of it is gone after a rebuild', async () => {
  const server = await startServer();
  onTestFinished(() => server[Symbol.asyncDispose]());
  await write(await server.project(), 'lost', 20);
  await server.settled();
  await server.stop();
  remove(server, 'events.db');
  await server.start();
  expect((await untilLooked(server)).status).toBe(503);

  mustBe(await server.root('POST', '/api/admin/projections/rebuild'), 202);
  await vi.waitFor(async () => expect(await troubled(server)).toEqual([]), { timeout: 60_000, interval: 100 });
  await server.settled();
  expect(mustBe(await server.root('GET', '/api/projects'), 200).body.data).toEqual([]);
  const project = await server.project('Anew');
  await write(project, 'new', 3);
  expect(await project.all('/api/leads')).toHaveLength(3);
}, 180_000);
