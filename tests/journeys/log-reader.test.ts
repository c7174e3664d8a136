import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { spawnServer } from '../support/server-process.ts';

/** How long a server may take to end, in ms. */
const patience = 10_000;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
};

/** A server with a log of every request, at a port that is known before it says so. */
const started = async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'leadfold-log-'));
  const port = await freePort();
  const server = spawnServer({ DATA_DIR: dataDir, PORT: String(port), LOG_LEVEL: 'info' });
  onTestFinished(async () => {
    server.child.kill('SIGKILL');
    server.child.stdout?.resume();
    await server.ended;
    rmSync(dataDir, { recursive: true, force: true });
  });
  const ask = async (): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/livez`);
    await answer.arrayBuffer();
    return answer.status;
  };
  const stop = async () => {
    const begun = performance.now();
    server.child.kill('SIGTERM');
    const [code, signal] = (await once(server.child, 'exit')) as [number | null, string | null];
    return { code, signal, inTime: performance.now() - begun < patience };
  };
  return { ...server, ask, stop };
};

it('Whoever reads the log may go, even before the server listens: it serves, and ends when it is asked to', async () => {
  const { child, ask, stop } = await started();
  child.stdout?.destroy();
  await expect.poll(() => ask().catch(() => 0), { timeout: 60_000 }).toBe(200);
  for (let asked = 0; asked < 20; asked++) expect(await ask()).toBe(200);
  expect(await stop()).toEqual({ code: 0, signal: null, inTime: true });
});

it('Whoever reads the log may stop reading: the server serves, and ends in time when it is asked to', async () => {
  const { child, listening, ask, stop } = await started();
  await listening;
  child.stdout?.removeAllListeners('data').pause();
  // More lines than a pipe takes.
  for (let round = 0; round < 60; round++) await Promise.all(Array.from({ length: 50 }, ask));
  expect(await ask()).toBe(200);
  expect(await stop()).toEqual({ code: null, signal: 'SIGKILL', inTime: true });
});
