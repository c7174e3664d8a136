import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { childEnv } from '../support/child-env.ts';
import { mustBe } from '../support/client.ts';
import { startServer } from '../support/server-process.ts';

const file = join(import.meta.dirname, '../../src/cli/verify-invariants.ts');
const failure = z.object({ code: z.number(), stderr: z.string(), stdout: z.string() });

const keyIn = (dataDir: string): string => readFileSync(join(dataDir, 'admin-key'), 'utf8').trim();

/** Runs the command with settings of its own, as in a folder without any. */
const verify = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  const settings = { cwd: tmpdir(), env: { ...childEnv(), ...env } };
  try {
    const flags = ['--disable-warning=ExperimentalWarning', file, ...args];
    return { code: 0, ...(await promisify(execFile)(process.execPath, flags, settings)) };
  } catch (error) {
    return failure.parse(error);
  }
};

describe('npm run verify-invariants', () => {
  it('asks the server that runs, reads for itself where none does, and tells by its exit code', async () => {
    await using server = await startServer();
    const project = await server.project();
    const { leadId } = mustBe(await project.send({ userId: 'ada', eventId: 'e1', eventType: 'signup' }), 202).body;
    await project.send({ userId: 'ada', anonymousId: 'cookie', eventType: 'page_view' });
    const env = { DATA_DIR: server.dataDir, PORT: new URL(server.url()).port };

    const asked = await verify(env);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).toContain(`all projects (${server.url()})`);
    expect(asked.stdout).toMatch(/5 {2}A lead's score is the fold .* 1 +0\n/);
    expect(asked.stdout).toContain('Healthy: 1 leads with 2 activities');
    const { stdout } = await verify({}, '--url', server.url(), '--key', keyIn(server.dataDir), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'healthy', leads: 1 });

    const wrongKey = await verify(env, '--key', 'none-that-is-known');
    expect(wrongKey).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('answered 401') });

    await server.kill();
    const alone = await verify(env);
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining('read from the stores') });
    const db = new DatabaseSync(join(server.dataDir, 'read-models.db'));
    db.exec(`UPDATE "docs.leads" SET doc = json_set(doc, '$.score', 12)`);
    db.close();
    const violated = await verify({}, '--data-dir', server.dataDir, '--project', project.projectId);
    expect(violated.code).toBe(1);
    expect(violated.stdout).toContain(`Violations of 5:`);
    expect(violated.stdout).toContain(`leadId ${leadId}, its document has score 12, by the log it is 35`);
    const unknown = await verify({}, '--data-dir', server.dataDir, '--project', 'nobody');
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no project nobody') });

    await server.start();
    const found = await verify({ ...env, PORT: new URL(server.url()).port }, '--json');
    expect([found.code, JSON.parse(found.stdout).status]).toEqual([1, 'violated']);
  });

  it('says what it needs where there is nothing to check, and makes nothing there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'leadfold-empty-'));
    const nowhere = await verify({}, '--data-dir', join(folder, 'data'));
    expect(nowhere).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('there is no') });
    rmSync(folder, { recursive: true });
    const silent = await verify({ DATA_DIR: folder }, '--url', 'http://127.0.0.1:9');
    expect(silent).toMatchObject({ code: 2, stderr: expect.stringContaining('no server answers') });
    expect(await verify({}, '--nonsense')).toMatchObject({ code: 2, stderr: expect.stringContaining('Exit code') });
    expect(await verify({}, '--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--data-dir') });
  });
});
