import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { root, started } from './processes.ts';
import type { Started } from './processes.ts';

/** A port of this machine that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
  return promise;
};

/** Benchmarks and tools send more with one key than anybody may by default. */
const unlimited = {
  LIMIT_INGEST: '1000000000',
  LIMIT_READS: '1000000000',
  LIMIT_WRITES: '1000000000',
  LIMIT_HEAVY: '1000000000',
  LIMIT_ADDRESS: '1000000000',
} as const;

/** A Leadfold process with its default settings, but for limits, over a folder of its own. */
export type Product = {
  readonly url: string;
  readonly dataDir: string;
  readonly process: Started;
  readonly ask: (method: string, path: string, key: string, body?: unknown) => Promise<Response>;
  readonly adminKey: string;
  /** A new project's id and key. */
  readonly project: () => Promise<{ readonly projectId: string; readonly apiKey: string }>;
  /** How much memory it has in RAM, in MB of a million bytes. */
  readonly memory: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

/** What `npm start` starts Node with in a checkout. */
const startFlags = (checkout: string): readonly string[] => {
  const text = readFileSync(join(checkout, 'package.json'), 'utf8');
  const { start } = z.object({ scripts: z.object({ start: z.string() }) }).parse(JSON.parse(text)).scripts;
  const [, flags] = /^node (.*?) ?src\/main\.ts$/.exec(start) ?? [];
  if (flags === undefined) throw new Error(`The script "start" is no longer "node <flags> src/main.ts": ${start}`);
  return flags.split(' ').filter((flag) => flag !== '');
};

/** The Node that npm finds first in a checkout, with which `npm start` runs there; else ours. */
const nodeOf = (checkout: string): string => {
  const own = join(checkout, 'node_modules', '.bin', 'node');
  return existsSync(own) ? own : process.execPath;
};

const isReady = async (url: string): Promise<boolean> => (await fetch(`${url}/readyz`)).ok;

/** Asks until the answer is yes; nobody listening yet is a no. Throws when the process ends before. */
const until = async ({ child }: Started, ask: () => Promise<boolean>): Promise<void> => {
  while (!(await ask().catch(() => false))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('The product ended while it started');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

type Starting = {
  /** A folder with the product, when it is not just this one: its own Node starts it, with its own flags. */
  readonly checkout?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A folder that is given stays when the product stops. */
  readonly dataDir?: string;
  /** Is given what it writes to its output. */
  readonly onOutput?: (text: string) => void;
  /** Whether what is at a URL has started; when it says that it is ready unless something else is given. */
  readonly hasStarted?: (url: string) => Promise<boolean>;
};

/** Starts the product as `npm start` does and waits until it takes requests. Throws when it ends before. */
export const startProduct = async (starting: Starting = {}): Promise<Product> => {
  const { checkout, env = {}, hasStarted = isReady, onOutput, ...given } = starting;
  const dataDir = given.dataDir ?? mkdtempSync(join(tmpdir(), 'leadfold-bench-'));
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}`;
  const process = started('bench/support/product-process.ts', {
    env: { DATA_DIR: dataDir, PORT: port, HOST: '127.0.0.1', ...unlimited, ...env },
    flags: startFlags(checkout ?? root),
    ...(onOutput && { onOutput }),
    ...(checkout !== undefined && { args: [checkout], cwd: checkout, node: nodeOf(checkout) }),
  });
  await until(process, () => hasStarted(url));
  const adminKey = env['LEADFOLD_ADMIN_KEY'] ?? readFileSync(join(dataDir, 'admin-key'), 'utf8').trim();
  const ask = (method: string, path: string, key: string, body?: unknown): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    url,
    dataDir,
    process,
    ask,
    adminKey,
    project: async () => {
      const answer = await ask('POST', '/api/projects', adminKey, { name: 'Bench' });
      if (answer.status !== 201) throw new Error(`No project was made: ${await answer.text()}`);
      return (await answer.json()) as { projectId: string; apiKey: string };
    },
    memory: async () => {
      process.child.send('memory');
      return Number(await process.says()) / 1e6;
    },
    stop: async () => {
      await process.end();
      if (given.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
