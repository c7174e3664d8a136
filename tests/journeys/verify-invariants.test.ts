import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { adminKey, openTestApp } from '../support/app.ts';
import { childEnv } from '../support/child-env.ts';
import { mustBe } from '../support/client.ts';

const file = join(import.meta.dirname, '../../src/cli/main.ts');
const failure = z.object({ code: z.number(), stderr: z.string(), stdout: z.string() });

/** Runs the command with settings of its own, as in a folder without any. */
const verify = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  const settings = { cwd: tmpdir(), env: { ...childEnv(), ...env } };
  try {
    const flags = ['--disable-warning=ExperimentalWarning', file, 'verify-invariants', ...args];
    return { code: 0, ...(await promisify(execFile)(process.execPath, flags, settings)) };
  } catch (error) {
    return failure.parse(error);
  }
};

describe('npm run verify-invariants', () => {
  it('asks the server that runs, reads for itself where none does, and tells by its exit code', async () => {
    await using app = await openTestApp();
    const url = await app.app().http.listen({ port: 0, host: '127.0.0.1' });
    const project = await app.project();
    const { leadId } = mustBe(await project.send({ userId: 'ada', eventId: 'e1', eventType: 'signup' }), 202).body;
    await project.send({ userId: 'ada', anonymousId: 'cookie', eventType: 'page_view' });
    writeFileSync(join(app.dataDir, 'admin-key'), adminKey);
    const env = { DATA_DIR: app.dataDir, PORT: new URL(url).port };

    const asked = await verify(env);
    expect(asked).toMatchObject({ code: 0, stderr: '' });
    expect(asked.stdout).toContain(`all projects (${url})`);
    expect(asked.stdout).toMatch(/5 {2}A lead's score is the fold .* 1 +0\n/);
    expect(asked.stdout).toContain('Healthy: 1 leads with 2 activities');
    const wrongKey = await verify(env, '--key', 'none-that-is-known');
    expect(wrongKey).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('answered 401') });

    const db = new DatabaseSync(join(app.dataDir, 'read-models.db'));
    db.exec(`UPDATE "docs.leads" SET doc = json_set(doc, '$.score', 12)`);
    db.close();
    const found = await verify({}, '--url', url, '--key', adminKey, '--json');
    expect(found.code).toBe(1);
    expect(JSON.parse(found.stdout)).toMatchObject({ status: 'violated', leads: 1 });

    await app.app().close();
    const alone = await verify(env, '--project', project.projectId);
    expect(alone).toMatchObject({ code: 1, stdout: expect.stringContaining('read from the stores') });
    expect(alone.stdout).toContain(`Violations of 5:`);
    expect(alone.stdout).toContain(`leadId ${leadId}, its document has score 12, by the log it is 35`);
    const unknown = await verify({}, '--data-dir', app.dataDir, '--project', 'nobody');
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no project nobody') });
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
