import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { childEnv } from './child-env.ts';
import type { Client, Json, Transport } from './client.ts';
import { clientOf, firstPart, isEndless, parsedBody, wired } from './client.ts';
import { unlimited } from './unlimited.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** What `npm start` gives a process. */
const limits = ['--max-old-space-size=1024', '--max-semi-space-size=16', '--v8-pool-size=1'];

/** How a process ended, and all that it said. */
export type Ended = { readonly code: number | null; readonly signal: string | null; readonly output: string };

type Env = Readonly<Record<string, string>>;

/** The process by itself. `listening` resolves with its address, or rejects with what it said when it ends before. */
export const spawnServer = (env: Env, cwd = tmpdir()) => {
  const child: ChildProcess = spawn(process.execPath, [...limits, '--disable-warning=ExperimentalWarning', main], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...childEnv(), ...unlimited, LOG_LEVEL: 'silent', PORT: '0', ...env },
  });
  const said = { output: '' };
  const ended: Promise<Ended> = once(child, 'close').then(([code, signal]) => ({ code, signal, output: said.output }));
  const listening = new Promise<string>((resolve, reject) => {
    const hear = (part: Buffer): void => {
      said.output += part.toString();
      // The greeting is printed as a whole; the URL stands in its first line, the curl line in its last.
      const url = /listening on (http:\S+)[^]*-d '.*'\n/.exec(said.output)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    void ended.then(({ output }) => reject(new Error(`The server did not start: ${output}`)));
  });
  // A server that is expected not to start is asked by `ended` only.
  listening.catch((reason: unknown) => void reason);
  return { child, ended, listening, output: () => said.output };
};

/** Sends requests to a server that listens. */
export const overHttp =
  (url: () => string): Transport =>
  async (call) => {
    const { headers, body } = wired(call);
    const response = await fetch(`${url()}${call.path}`, {
      method: call.method,
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
    const endless = isEndless(response.headers.get('content-type'));
    const text = endless ? await firstPart(response.body) : await response.text();
    const { status } = response;
    const got = Object.fromEntries(response.headers);
    return { status, text, headers: got, body: parsedBody(got['content-type'], text) };
  };

/** A real server process over a folder of its own, asked over HTTP. */
export type ServerProcess = Client & {
  readonly dataDir: string;
  readonly url: () => string;
  /** The most memory that it has had in use so far, in bytes (Linux). */
  readonly mostMemory: () => number;
  /** Ends it as a power cut would, and resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Asks it to end as an operator would, and says how it did and how long that took, in milliseconds. */
  readonly stop: () => Promise<Ended & { readonly took: number }>;
  /** Starts it again over the same folder, after it ended. Resolves when it listens. */
  readonly start: () => Promise<void>;
  /** Resolves when nothing in the log waits for a projection, a reactor or a job any more, and nobody writes. */
  readonly settled: () => Promise<void>;
  /** Kills it if it still runs, and removes its folder. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** Starts a server process over a new folder, or over `dataDir`, on a free port. */
export const startServer = async ({
  env = {},
  dataDir = mkdtempSync(join(tmpdir(), 'leadfold-process-')),
}: {
  readonly env?: Env;
  readonly dataDir?: string;
} = {}): Promise<ServerProcess> => {
  const launch = async () => {
    const server = spawnServer({ DATA_DIR: dataDir, ...env });
    return { ...server, url: await server.listening };
  };
  const running = { server: await launch() };
  const end = async (signal: NodeJS.Signals): Promise<Ended> => {
    running.server.child.kill(signal);
    return running.server.ended;
  };
  const url = (): string => running.server.url;
  const client = clientOf(overHttp(url), () => readFileSync(join(dataDir, 'admin-key'), 'utf8').trim());

  const headOf = async (): Promise<number> => {
    const store = openSqliteEventStore(join(dataDir, 'events.db'), { clock: () => new Date() });
    const head = await store.head();
    await store.close();
    return head;
  };
  const settled = async (): Promise<void> => {
    for (let before = -1, head = await headOf(); ; before = head, head = await headOf()) {
      const headers = { 'leadfold-after-position': String(head) };
      const waited = await client.root('GET', '/api/projects?limit=1', { headers });
      const { status, body } = await client.transport({ method: 'GET', path: '/api/health' });
      const read =
        waited.status === 200 &&
        status === 200 &&
        head === before &&
        body.components.every(({ lag = 0 }: Json) => lag === 0);
      if (read && (await client.root('GET', '/api/admin/queue-stats')).body?.oldestDue === undefined) return;
    }
  };
  return {
    ...client,
    dataDir,
    url,
    settled,
    mostMemory: () => {
      const status = readFileSync(`/proc/${running.server.child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
    },
    kill: async () => void (await end('SIGKILL')),
    stop: async () => {
      const begun = performance.now();
      return { ...(await end('SIGTERM')), took: performance.now() - begun };
    },
    start: async () => {
      await running.server.ended;
      running.server = await launch();
    },
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
      if (existsSync(dataDir)) rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
