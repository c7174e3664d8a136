import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { adminKey } from '../support/app.ts';
import type { Answer, Client, Json, Project } from '../support/client.ts';
import { clientOf, mustBe } from '../support/client.ts';
import type { EventStoreStandin } from '../support/eventstoredb-standin.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import type { MongoStandin } from '../support/mongodb-standin.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { blocksOf, operatorFolder, runBlocks } from '../support/runbook.ts';
import { overHttp, spawnServer } from '../support/server-process.ts';
import { masterKey } from '../support/stand-in-processes.ts';

const folder = operatorFolder();
const [log, backup] = [join(folder, 'log'), join(folder, 'backup')];
const opened: { events?: EventStoreStandin; documents?: MongoStandin } = {};
const env: Record<string, string> = { LEADFOLD_ADMIN_KEY: adminKey, LEADFOLD_MASTER_KEY: masterKey };

beforeAll(async () => {
  const [events, documents] = [await startEventStoreStandin(0, log), await startMongoStandin()];
  Object.assign(opened, { events, documents });
  env['EVENT_STORE'] = `${events.url}&defaultDeadline=5000`;
  env['READ_MODELS'] = `${documents.url}/leadfold`;
});

type Running = { readonly process: ReturnType<typeof spawnServer>; readonly client: Client; readonly url: string };

const start = async (role: string): Promise<Running> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'leadfold-put-back-'));
  const process = spawnServer({ ...env, LEADFOLD_ROLE: role, LOG_LEVEL: 'warn', DATA_DIR: dataDir });
  const url = await process.listening;
  void process.ended.then(() => rmSync(dataDir, { recursive: true, force: true }));
  const transport = overHttp(() => url);
  return { process, url, client: clientOf(transport, () => adminKey) };
};

/** An `api`, which remembers leads and runs no readers, and a process that is all. */
const fleet = async () => {
  const [all, api] = [await start('all'), await start('api')];
  const stop = async (): Promise<void> => {
    for (const { process } of [all, api]) {
      process.child.kill('SIGTERM');
      await process.ended;
    }
  };
  return { all, api, stop };
};
type Fleet = Awaited<ReturnType<typeof fleet>>;
const running: { fleet?: Fleet } = {};

afterAll(async () => {
  for (const { process } of Object.values(running.fleet ?? {}).filter((each) => 'process' in each)) {
    process.child.kill('SIGKILL');
    await process.ended;
  }
  await opened.events?.stop();
  await opened.documents?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The server of the facts ends, and another begins at its place with what the backup has. */
const putBack = async (): Promise<void> => {
  const { events } = opened;
  if (!events) throw new Error('The server starts before the first test');
  await events.stop();
  copyFileSync(backup, log);
  opened.events = await startEventStoreStandin(events.port, log);
};

const signup = (name: string) => ({ eventType: 'signup', email: `${name}@example.com`, eventId: name });
const visit = (name: string, eventId: string) => ({ eventType: 'page_view', email: `${name}@example.com`, eventId });

const health = ({ client }: Running): Promise<Answer> => client.transport({ method: 'GET', path: '/api/health' });
const states = async (of: Running): Promise<ReadonlySet<string>> =>
  new Set((await health(of)).body.components.map(({ state }: Json) => state));

const until = <T>(look: () => Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 60_000, interval: 100 });

const mustRun = async (blocks: readonly string[], url: string): Promise<string> => {
  const { output, code } = await runBlocks(blocks, { folder, url, env });
  expect(code, output).toBe(0);
  return output;
};

/** Records what a backup has, then what it does not have, and what `before` does is done in between. */
const recorded = async (project: Project, before: () => void) => {
  for (const name of ['ada', 'grace']) mustBe(await project.send(signup(name)), 202);
  before();
  mustBe(await project.send(visit('ada', 'ada-later')), 202);
  mustBe(await project.send(signup('alan')), 202);
  return project.all('/api/leads');
};

const runbook = blocksOf('store-put-back.md');

/** Follows the runbook, and sees that what is shown is what the log has. */
const mendByRunbook = async ({ all }: Fleet, project: Project): Promise<void> => {
  await until(async () => expect(await states(all)).toContain('lost-tail'));
  const [look = '', rebuild = '', over = ''] = runbook;
  expect(await mustRun([look], all.url)).toMatch(/npm run rebuild -- --all/);
  expect(await mustRun([rebuild], all.url)).toContain('is completed');
  await until(async () => expect((await health(all)).status).toBe(200));
  expect(await mustRun([over], all.url)).toMatch(/"status":"healthy"/);
  const leads = await project.all('/api/leads');
  const scores = leads.map(({ score, identifiers }) => [identifiers[0].value, score]).sort();
  expect(scores).toEqual([
    ['ada@example.com', 35],
    ['grace@example.com', 35],
  ]);
};

/** What an integrator sends again, and what comes in anew: each is taken at once, by processes that knew more. */
const goOn = async (project: Project): Promise<void> => {
  const answers = new Map<string, Answer>();
  for (const event of [visit('ada', 'ada-later'), visit('grace', 'grace-later')])
    answers.set(
      event.eventId,
      // Until the connection is made anew.
      await until(async () => mustBe(await project.send(event), 202)),
    );
  expect(answers.get('ada-later')?.body.status).toBe('queued');
  expect(answers.get('grace-later')?.body.status).toBe('queued');
};

describe('EventStoreDB that is put back to an older backup', () => {
  it('under a running service is used at once, and one command makes what is shown right', async () => {
    running.fleet = await fleet();
    const { all, api } = running.fleet;
    const project = await api.client.project();
    await recorded(project, () => copyFileSync(log, backup));
    // Both remember the lead of which facts will be missing.
    mustBe(await all.client.known(project.projectId, project.apiKey).send(visit('ada', 'ada-later')), 202);
    await putBack();
    await goOn(project);
    await mendByRunbook(running.fleet, project);
    const said = api.process.output();
    expect(said).toContain('the event store was put back to what it had before');
    expect(said).not.toContain('too-many-conflicts');
  }, 180_000);

  it('while the service is stopped is told of at its start, and the same command makes it right', async () => {
    running.fleet ??= await fleet();
    const project = await running.fleet.api.client.project('Other');
    await recorded(project, () => copyFileSync(log, backup));
    await running.fleet.stop();
    await putBack();
    running.fleet = await fleet();
    const again = running.fleet.api.client.known(project.projectId, project.apiKey);
    await goOn(again);
    await mendByRunbook(running.fleet, again);
    await running.fleet.stop();
  }, 180_000);
});
