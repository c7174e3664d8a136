import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { started } from './processes.ts';
import type { Started } from './processes.ts';

const freePort = async (): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
  return promise;
};

/** A Leadfold process with its default settings, over a folder of its own. */
export type Product = {
  readonly url: string;
  readonly dataDir: string;
  readonly process: Started;
  readonly ask: (method: string, path: string, key: string, body?: unknown) => Promise<Response>;
  readonly adminKey: string;
  /** A new project's id and key. */
  readonly project: () => Promise<{ readonly projectId: string; readonly apiKey: string }>;
  readonly stop: () => Promise<void>;
};

const untilReady = async (url: string): Promise<void> => {
  for (;;) {
    const ready = await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Starts the product and waits until it takes requests. A folder that is given stays when it stops. */
export const startProduct = async ({
  env = {},
  ...given
}: { readonly env?: Readonly<Record<string, string>>; readonly dataDir?: string } = {}): Promise<Product> => {
  const dataDir = given.dataDir ?? mkdtempSync(join(tmpdir(), 'leadfold-bench-'));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const process = started('src/main.ts', { env: { DATA_DIR: dataDir, PORT: port, HOST: '127.0.0.1', ...env } });
  await untilReady(url);
  const adminKey = readFileSync(join(dataDir, 'admin-key'), 'utf8').trim();
  const ask = (method: string, path: string, key: string, body?: unknown): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    ...{ url, dataDir, process, ask, adminKey },
    project: async () => {
      const answer = await ask('POST', '/api/projects', adminKey, { name: 'Bench' });
      if (answer.status !== 201) throw new Error(`No project was made: ${await answer.text()}`);
      return (await answer.json()) as { projectId: string; apiKey: string };
    },
    stop: async () => {
      await process.end();
      if (given.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
