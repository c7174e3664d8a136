import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { parseConfig } from '../src/config/config.ts';
import { causeOf, DemoError, jsonIn } from './http.ts';
import { settingsOfWebhooks } from './webhooks.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The server that the demo plays on. `stop` ends it if the demo started it. */
export type Server = {
  readonly url: string;
  readonly adminKey: string;
  readonly own: boolean;
  readonly stop: () => Promise<void>;
};

/** How long a server may take to be ready, in ms. */
const patience = 20_000;

const readiness = z.object({ status: z.enum(['ready', 'stopping', 'degraded']) });

/** Whether a server is ready at an address, or there is none. Throws a `DemoError` when something else is there. */
const look = async (url: string): Promise<'ready' | 'not ready' | 'absent'> => {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000), redirect: 'manual' });
    const said = readiness.safeParse(jsonIn(await response.text()));
    if (said.success) return said.data.status === 'ready' ? 'ready' : 'not ready';
  } catch (error) {
    if (causeOf(error) === 'ECONNREFUSED') return 'absent';
    throw new DemoError(`Nothing that can be talked to is at ${url} (${causeOf(error)}); set LEADFOLD_URL or PORT`, {
      cause: error,
    });
  }
  throw new DemoError(`Something else than Leadfold answers at ${url}; set LEADFOLD_URL or PORT to another address`);
};

const untilReady = async (url: string): Promise<void> => {
  const end = performance.now() + patience;
  while ((await look(url)) !== 'ready') {
    if (performance.now() > end) {
      throw new DemoError(`${url} is not ready after ${patience / 1000} s; ${url}/api/health says why`);
    }
    await sleep(100);
  }
};

/** Starts the server as `npm start` does. Resolves with its address when it listens. */
const launch = async (env: Env): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> => {
  const [cache, main] = ['compile-cache.js', 'main.ts'].map((file) => join(import.meta.dirname, '..', 'src', file));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', `${cache}`, `${main}`], {
    env: { LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let said = '';
  const listening = new Promise<string>((resolve, reject) => {
    const hear = (part: Buffer): void => {
      said = (said + part.toString()).slice(-4_000);
      const url = /listening on (http:\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const fail = (): void => reject(new DemoError(`The server can't start:\n${said.trim()}`));
    ended.then(fail, fail);
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return { url: await listening, stop };
};

const isLocal = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);

const addressIn = (given: string): URL => {
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return new URL(given);
  throw new DemoError(
    `LEADFOLD_URL: ${JSON.stringify(given)} is no address of a server; give one like http://127.0.0.1:4000`,
  );
};

const keyFrom = (file: string): string => {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  throw new DemoError(`There is no key in ${file}; set LEADFOLD_ADMIN_KEY, or DATA_DIR to the server's data folder`);
};

/**
 * The server at LEADFOLD_URL or, where none runs, one that is started. Throws a `DemoError` when neither can be had, a
 * `ConfigError` when the settings can't be used.
 */
export const openServer = async (outer: Env): Promise<Server> => {
  // A server refuses settings that it doesn't know.
  const { LEADFOLD_URL, ...inherited } = outer;
  const given = LEADFOLD_URL?.trim() === '' ? undefined : LEADFOLD_URL;
  const file = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  const { port, host, dataDir, adminKey } = parseConfig({ ...file, ...inherited });
  const own = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const address = addressIn(given ?? `http://${own.includes(':') ? `[${own}]` : own}:${port}`);
  const url = address.href.replace(/\/+$/, '');
  const keyOf = (): string => adminKey ?? keyFrom(join(dataDir, 'admin-key'));

  if (port !== 0 || given !== undefined) {
    const found = await look(url);
    if (found !== 'absent') {
      await untilReady(url);
      return { url, adminKey: keyOf(), own: false, stop: async () => undefined };
    }
    if (!isLocal(address)) throw new DemoError(`Nothing runs at ${url}; start it there, or unset LEADFOLD_URL`);
  }
  const place =
    given === undefined ? {} : { PORT: address.port || '80', HOST: address.hostname.replace(/^\[|\]$/g, '') };
  const server = await launch({ ...settingsOfWebhooks, ...inherited, ...place });
  try {
    await untilReady(server.url);
    return { ...server, adminKey: keyOf(), own: true };
  } catch (error) {
    await server.stop();
    throw error;
  }
};
