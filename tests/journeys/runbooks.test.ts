import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addDeadLetter } from '../../src/commands/jobs/add-dead-letter.ts';
import { openEventStore } from '../../src/eventstore/open.ts';
import { engineOver } from '../support/engine.ts';
import type { Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { blocksOf, operatorFolder, runBlocks } from '../support/runbook.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { startServer } from '../support/server-process.ts';

const root = join(import.meta.dirname, '..', '..');
const pages = readdirSync(join(root, 'docs', 'runbooks')).filter((page) => page !== 'README.md');

/** A folder as an operator has it: the product, and its data beside it. */
const folder = operatorFolder();
const opened: { server?: ServerProcess; project?: Project } = {};

beforeAll(async () => {
  const server = await startServer({ dataDir: join(folder, 'data') });
  const project = await server.project();
  mustBe(await project.send({ email: 'ada@example.com', eventType: 'signup' }), 202);
  await server.settled();
  Object.assign(opened, { server, project });
});

afterAll(async () => {
  await opened.server?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const running = (): Required<typeof opened> => {
  const { server, project } = opened;
  if (!server || !project) throw new Error('The server starts before the first test');
  return { server, project };
};

/** Runs commands as an operator would, at the server of this file. */
const run = (blocks: readonly string[]) => runBlocks(blocks, { folder, url: running().server.url() });

const mustRun = async (blocks: readonly string[]): Promise<string> => {
  const { output, code } = await run(blocks);
  expect(code, output).toBe(0);
  return output;
};

/** Puts work aside that can't be done, as a reactor would. */
const parked = async (): Promise<void> => {
  const { server, project } = running();
  const clock = (): Date => new Date();
  const store = await openEventStore({ scheme: 'sqlite', path: join(server.dataDir, 'events.db') }, clock);
  const { projectId } = project;
  const event = { id: v7(), type: 'LeadMerged', stream: `lead-${projectId}.${v7()}`, revision: 0, position: 1 };
  await engineOver(store, { clock }).handle(
    addDeadLetter,
    {
      projectId,
      reactor: 'complete-merges',
      event,
      error: 'It broke',
      attempts: 5,
      firstFailedAt: clock().toISOString(),
    },
    { commandId: v7(), correlationId: 'runbook' },
  );
  await store.close();
  await server.settled();
};

it('There is a runbook for each kind of trouble, and the list has them all', () => {
  const list = readFileSync(join(root, 'docs', 'runbooks', 'README.md'), 'utf8');
  expect(pages.length).toBeGreaterThanOrEqual(7);
  expect(pages.filter((page) => !list.includes(`](${page})`))).toEqual([]);
});

it('Every alert is in the list of runbooks', () => {
  const alerts = readFileSync(join(root, 'ops', 'prometheus', 'alerts.yml'), 'utf8').matchAll(/alert: (\w+)/g);
  const list = readFileSync(join(root, 'docs', 'runbooks', 'README.md'), 'utf8');
  expect([...alerts].map(([, name]) => name).filter((name) => !list.includes(`\`${name}\``))).toEqual([]);
});

it.each([
  ['stuck-lead.md', '"identical":true'],
  ['projection-stalled.md', 'is completed'],
  ['rebuild.md', 'is completed'],
  ['lost-tail.md', 'is completed'],
  ['store-away.md', '"status":"healthy"'],
  ['high-latency.md', 'leadfold_append_duration_seconds_count'],
  ['deliveries-fail.md', '"nextCursor"'],
  ['rotate-secrets.md', 'sealed with the master key now'],
  ['lost-root-key.md', '"projectId"'],
  ['stolen-key.md', '"origins":["https://shop.example"]'],
  ['locked-out-admin.md', '"scopes":["admin"]'],
])(
  'The commands of %s work',
  async (page, said) => {
    expect(await mustRun(blocksOf(page))).toContain(said);
  },
  90_000,
);

it('The commands of failed-work.md see what was put aside, retry it and discard it', async () => {
  await parked();
  const output = await mustRun(blocksOf('failed-work.md'));
  expect(output).toContain('"error":"It broke"');
  expect(output).toContain('"status":"discarded"');
  const { server } = running();
  await server.settled();
  expect(mustBe(await server.root('GET', '/api/admin/failed-jobs'), 200).body.data).toEqual([]);
}, 60_000);

it('What restore-from-backup.md backs up is what is there after a restore', async () => {
  const { server, project } = running();
  const [backUp = '', check = '', restore = '', verify = ''] = blocksOf('restore-from-backup.md');
  await server.settled();
  const before = await project.all('/api/leads');
  await mustRun([backUp, check]);
  mustBe(await project.send({ email: 'later@example.com', eventType: 'signup' }), 202);
  await server.stop();
  const shell = spawn('bash', ['-euc', restore], { cwd: folder, stdio: 'inherit' });
  expect(await new Promise((resolve) => shell.on('close', resolve))).toBe(0);
  await server.start();
  await server.settled();
  await mustRun([verify]);
  const after = mustBe(await project.asRoot('GET', '/api/leads'), 200).body.data;
  expect(after).toEqual(before);
}, 90_000);
