import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { answersOf } from '../support/answers.ts';
import { openTestApp } from '../support/app.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { masterKey } from '../support/stand-in-processes.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

const migrate = async (...args: readonly string[]) => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'migrate', ...args]);
  const [[code], output, errors] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, output: output + errors };
};

test('A log moves from a file to EventStoreDB and answers as before, also when it is moved again', async () => {
  const [events, documents] = [await startEventStoreStandin(), await startMongoStandin()];
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-migrate-'));
  const to = `${events.url}&defaultDeadline=20000`;
  try {
    const before = await openTestApp({ dataDir: join(folder, 'before') });
    const project = await before.project();
    const people = Array.from({ length: 12 }, (_, n) => n);
    await project.batch(people.map((n) => ({ eventType: 'page_view', anonymousId: `device-${n}` })));
    await project.batch(
      people.map((n) => ({ eventType: 'signup', anonymousId: `device-${n}`, email: `p${n % 8}@example.com` })),
    );
    await before.settled();
    const answers = await answersOf(project);
    await before.close();

    const from = `sqlite:${join(before.dataDir, 'events.db')}`;
    const first = await migrate('--from', from, '--to', to);
    expect(first.output).toContain('The two are the same.');
    expect(first.code).toBe(0);
    const second = await migrate('--from', from, '--to', to);
    expect({ code: second.code, output: second.output }).toEqual({
      code: 0,
      output: expect.stringContaining('The two are the same.'),
    });

    const env = { EVENT_STORE: to, READ_MODELS: `${documents.url}/leadfold`, LEADFOLD_MASTER_KEY: masterKey };
    await using after = await openTestApp({ dataDir: join(folder, 'after'), env });
    const moved = after.known(project.projectId, project.apiKey);
    const head = Number(
      (await moved.send({ eventType: 'unheard', userId: 'somebody-new' })).headers['leadfold-position'],
    );
    await expect
      .poll(async () => (await moved.read('/api/leads', { 'leadfold-after-position': String(head) })).status, {
        timeout: 20_000,
      })
      .toBe(200);
    const known = new Set(answers.leads.map(({ leadId }) => leadId));
    const now = await answersOf(moved);
    expect(now.one.filter(({ leadId }) => known.has(leadId)).toSorted(byId)).toEqual(answers.one.toSorted(byId));
  } finally {
    await events.stop();
    await documents.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}, 90_000);

const byId = (a: { leadId: string }, b: { leadId: string }): number => (a.leadId < b.leadId ? -1 : 1);

test('What can not be moved is told, with what to do', async () => {
  const nowhere = await migrate('--from', 'events.db', '--to', 'esdb://127.0.0.1:1');
  expect({ code: nowhere.code, output: nowhere.output }).toEqual({
    code: 1,
    output: expect.stringContaining('--from: has no scheme; give sqlite:<path>'),
  });
  const help = await migrate('--help');
  expect({ code: help.code, output: help.output }).toEqual({
    code: 0,
    output: expect.stringContaining('npm run migrate'),
  });
});
