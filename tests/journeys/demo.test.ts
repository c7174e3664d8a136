import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { storyOf } from '../../demo/story.ts';
import { settingsOfWebhooks } from '../../demo/webhooks.ts';
import { openTestApp } from '../support/app.ts';
import { childEnv } from '../support/child-env.ts';
import { startServer } from '../support/server-process.ts';

const main = join(import.meta.dirname, '..', '..', 'demo', 'main.ts');
const folder = mkdtempSync(join(tmpdir(), 'leadfold-demo-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Env = Readonly<Record<string, string>>;

const startDemo = (env: Env, ...args: readonly string[]) => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...childEnv(), ...env },
  });
  const said = { output: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => void (said.output += part.toString()));
  }
  const ended = once(child, 'close').then(([code]: readonly (number | null)[]) => ({ code, output: said.output }));
  return { child, ended };
};

const demo = (env: Env, ...args: readonly string[]) => startDemo(env, ...args).ended;

/** The scores on the two leaderboards, best first. */
const scoresIn = (output: string): readonly number[] =>
  [...output.matchAll(/^ +[1-5] {2}.* (\d+) {2}(?:cold|warm|hot|qualified) /gm)].map(([, score]) => Number(score));

const linesIn = (output: string): readonly string[] => output.trimEnd().split('\n');

/** The command after `Go on`, on the one line that it takes. */
const curlIn = (output: string) => /^ {2}curl -s "(\S+)" -H "(\w+): (.+)"$/m.exec(output) ?? [];

describe.concurrent('The demo', () => {
  it('plays on a server that runs, and all that must hold does', async () => {
    await using server = await startServer({ env: settingsOfWebhooks });
    const env = { DATA_DIR: server.dataDir, LEADFOLD_URL: server.url() };
    const { output, code } = await demo(env, '--seed', '11');
    expect(output).toContain('a server that ran already');
    expect(output).toContain('19 of 19 checks hold');
    expect(output).toMatch(/^Webhooks .* queued, lead [0-9a-f]{8}; out: lead\.captured, answered 500, 500, 200$/m);
    expect(output).toMatch(/^ +\S.*: the reply of \w+ was due at [\d:]+ UTC, and is overdue$/m);
    expect(code).toBe(0);

    const scores = scoresIn(output);
    expect(scores).toHaveLength(10);
    for (const board of [scores.slice(0, 5), scores.slice(5)]) expect(board).toEqual(board.toSorted((a, b) => b - a));
    expect(linesIn(output).length).toBeLessThanOrEqual(100);
    expect(output).toMatch(/^Reps of Bloom Studio .* 10 have a rep, [1-9]\d* wait; Bea 10 of 10, /m);
    expect(output).toMatch(/ waits with \d+ more +Nobody of 2 fits: 1 at capacity, 1 away$/m);

    const [explained, points] = /^Why .* has (\d+) points/m.exec(output) ?? [];
    expect(explained).toBeDefined();
    expect(output).toMatch(new RegExp(`^ +sum +${points}$`, 'm'));
    for (const way of ["Segment's SDK", 'REST', 'batches', 'NDJSON', 'CloudEvents']) {
      expect(output).toMatch(new RegExp(`${way} [1-9]`));
    }
    for (const kept of ['duplicates +[1-9]', 'late +[1-9]', 'merged +[1-9].* [0-9a-f]{8} into [0-9a-f]{8}']) {
      expect(output).toMatch(new RegExp(`^ +${kept}`, 'm'));
    }
    expect(output).toMatch(/^ +refused link +anonymousId "meeting-room" stays with another lead/m);
    expect(output.match(/^ +rejected +\/\d+.*: /gm)).toHaveLength(3);

    const [, url = '', name = '', value = ''] = curlIn(output);
    const answer = await fetch(url, { headers: { [name]: value } });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ data: expect.arrayContaining([expect.anything()]) });
  }, 180_000);

  it('tells the same story of the same seed, and another one of another', () => {
    expect(storyOf(11)).toEqual(storyOf(11));
    expect(storyOf(11).arrivals).not.toEqual(storyOf(12).arrivals);
  });

  it('with a key of another server says so, and fails', async () => {
    await using app = await openTestApp();
    const url = await app.app().http.listen({ port: 0, host: '127.0.0.1' });
    const key = 'Kx7mT2pQ9vRw4sZb8nYc3dLf6hGj1aUe';
    const { code, output } = await demo({ LEADFOLD_URL: url, LEADFOLD_ADMIN_KEY: key });
    expect(output).toMatch(/answered 401: .*\n.*set LEADFOLD_ADMIN_KEY, or DATA_DIR/);
    expect(output).not.toContain(key);
    expect(code).toBe(1);
  });

  it('where something else listens says so, and fails', async () => {
    const other = createServer((_, reply) => void reply.end('{"hello": "there"}')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, output } = await demo({ PORT: String(port) });
    other.close();
    expect(output).toContain(
      `Something else than Leadfold answers at http://127.0.0.1:${port}; set LEADFOLD_URL or PORT`,
    );
    expect(code).toBe(1);
  });

  it('tells how it is used, also where it is used wrongly', async () => {
    const [asked, wrong] = await Promise.all([demo({}, '--help'), demo({}, '--sed', '3')]);
    for (const { output } of [asked, wrong]) expect(output).toMatch(/npm run demo[^]*--seed <number>[^]*--quick/);
    expect({ askedCode: asked.code, wrongCode: wrong.code }).toEqual({ askedCode: 0, wrongCode: 1 });
  });

  it('starts a server of its own where none runs, and ends it when it is interrupted', async () => {
    const dataDir = join(folder, 'interrupted');
    const { child, ended } = startDemo({ DATA_DIR: dataDir, PORT: '0' });
    const url = await new Promise<string>((resolve) => {
      let said = '';
      child.stdout.on('data', (part: Buffer) => {
        said += part.toString();
        const found = /^ +(http:\S+), a server that the demo started/m.exec(said)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(130);
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
  });
});
