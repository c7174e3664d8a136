import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import type { Ended } from '../support/server-process.ts';
import { spawnServer } from '../support/server-process.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'leadfold-first-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The curl command of the greeting, over as many lines as it takes. */
const curlIn = (output: string): string => /^ *(curl [^]*?[^\\])$/m.exec(output)?.[1] ?? 'no curl line';

/** Runs a server and, once it listens, what to do with it; then stops it. */
const whileRunning = async (
  [env, cwd]: readonly [Readonly<Record<string, string>>, string],
  use: (output: string, url: string) => Promise<void>,
): Promise<Ended> => {
  const server = spawnServer(env, cwd);
  try {
    const url = await server.listening;
    await use(server.output(), url);
  } finally {
    server.child.kill('SIGTERM');
    await server.ended;
  }
  return server.ended;
};

describe.concurrent('A first run', () => {
  it.each([
    // As users have it: from the sources, not from the bundle of the other tests.
    ['the usual folder', 'usual', { TEST_BUNDLE: '' }, join('data', 'admin-key')],
    ['a folder with blanks and quotes in its name', 'odd', { DATA_DIR: "Ada's data (1)" }, "Ada's data (1)/admin-key"],
  ])('in %s prints an address and a curl line that works as it is', async (_, name, env, key) => {
    const cwd = join(folder, name);
    mkdirSync(cwd);
    await whileRunning([env, cwd], async (output, url) => {
      expect(output).toContain(`${url}/docs`);
      const { stdout } = await run('bash', ['-c', curlIn(output)], { cwd });
      expect(JSON.parse(stdout)).toMatchObject({ name: 'My first project', apiKey: expect.stringMatching(/^lf_/) });
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    });
    expect(statSync(join(cwd, key)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(cwd, key), 'utf8').trim().length).toBeGreaterThanOrEqual(32);
  });

  it('with a key in the environment prints a line that takes it from there, and never the key; another at its port is told so', async () => {
    const key = 'Kx7mT2pQ9vRw4sZb8nYc3dLf6hGj1aUe';
    const cwd = join(folder, 'own-key');
    mkdirSync(cwd);
    await whileRunning([{ LEADFOLD_ADMIN_KEY: key }, cwd], async (output, url) => {
      expect(output).not.toContain(key);
      const env = { PATH: process.env['PATH'] ?? '', LEADFOLD_ADMIN_KEY: key };
      const { stdout } = await run('bash', ['-c', curlIn(output)], { cwd, env });
      expect(JSON.parse(stdout)).toMatchObject({ name: 'My first project' });

      const { port } = new URL(url);
      const second = await spawnServer({ DATA_DIR: join(folder, 'second'), PORT: port }).ended;
      expect(second.code).toBe(1);
      const told = `^PORT: ${port} of 127.0.0.1 is taken by another process; .* another port\n$`;
      expect(second.output).toMatch(new RegExp(told));
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    });
  });
});

describe.concurrent('A start that can not be', () => {
  it('tells all that is wrong with the settings, and never a secret', async () => {
    const env = { DATA_DIR: join(folder, 'wrong'), PORT: '99999', LEADFOLD_ADMIN_KEYS: 'x', LEADFOLD_COLOUR: 'red' };
    const { code, output } = await spawnServer({ ...env, LEADFOLD_ADMIN_KEY: 'short-secret', LOG_LEVEL: 'loud' }).ended;
    expect(code).toBe(1);
    const problems = output.trim().split('\n');
    expect(problems.map((line) => line.split(':', 1)[0]).sort()).toEqual([
      ...['LEADFOLD_ADMIN_KEY', 'LEADFOLD_ADMIN_KEYS', 'LEADFOLD_COLOUR', 'LOG_LEVEL', 'PORT'],
    ]);
    expect(output).toContain('did you mean LEADFOLD_ADMIN_KEY?');
    expect(output).not.toContain('short-secret');
  });

  it('tells that the folder for the data can not be used, and what to do', async () => {
    const { code, output } = await spawnServer({ DATA_DIR: '/dev/null/data' }).ended;
    expect(code).toBe(1);
    expect(output).toMatch(/^\/dev\/null\/data\/events.db can't be locked: .*; check its folder\n$/);
  });

  it('tells why the read models can not be used', async () => {
    const dataDir = join(folder, 'other-tables');
    mkdirSync(dataDir);
    const db = new DatabaseSync(join(dataDir, 'read-models.db'));
    db.exec('CREATE TABLE "docs.leads" (something)');
    db.close();
    const { code, output } = await spawnServer({ DATA_DIR: dataDir }).ended;
    expect(code).toBe(1);
    expect(output).toContain('no such column: doc');
  });
});
