import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { App } from './app.ts';
import type { Config } from './config/config.ts';
import { ConfigError, loadConfig } from './config/config.ts';
import { lockData } from './config/data-lock.ts';

/** How long what is in hand may take to end after a signal, and what is in the log then to be taken by its reader, in ms. */
const patience = { ending: 9_000, telling: 500 };

/**
 * Ends the process after so many ms, from outside of its event loop: who reads the log may have stopped reading, or be gone, and
 * then writing the last lines may never end.
 */
const mustEndIn = (milliseconds: number): void => {
  const code = `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${milliseconds})`;
  new Worker(code, { eval: true }).unref();
};

/** A path as one word of a shell. */
const shellWord = (path: string): string =>
  /^[\w./@+:][\w./@+:-]*$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** What keeps a process from listening, by the codes of the system, with the setting to change. */
const listenProblems: Readonly<Record<string, (config: Config) => string>> = {
  EADDRINUSE: ({ port, host }) =>
    `PORT: ${port} of ${host} is taken by another process; stop that one or give another port`,
  EACCES: ({ port }) => `PORT: ${port} may not be used by this user; give a port from 1024 on`,
  EADDRNOTAVAIL: ({ host }) => `HOST: ${host} is no address of this machine; give one that is, like 127.0.0.1`,
  ENOTFOUND: ({ host }) => `HOST: ${host} is no address of this machine; give one that is, like 127.0.0.1`,
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const listen = async (app: App, config: Config): Promise<string> => {
  try {
    return await app.http.listenAt({ port: config.port, host: config.host });
  } catch (error) {
    const problem = listenProblems[codeOf(error)]?.(config);
    throw problem === undefined ? error : new ConfigError([problem]);
  }
};

const listenForMetrics = async (app: App, { metricsPort, host }: Config): Promise<void> => {
  try {
    const port = await app.openMetricsPort();
    if (port !== undefined) app.http.log.info({ port }, 'metrics are told at a port of their own');
  } catch (error) {
    if (!(codeOf(error) in listenProblems)) throw error;
    throw new ConfigError([`METRICS_PORT: ${metricsPort} of ${host} can not be listened on; give another port`]);
  }
};

/** Errors that say all there is to know: what is wrong, where, and what to do. */
const selfExplaining = [
  'ConfigError',
  'DataInUse',
  'DataUnusable',
  'StoreUnavailable',
  'ReadModelsUnavailable',
  'VaultUnavailable',
  'VaultLocked',
];

const greeting = (url: string, keyPlace: string, key: string): string => `
Leadfold is listening on ${url}

  API reference   ${url}/docs
  Health          ${url}/api/health
  Admin key       ${keyPlace}

First steps: create a project, then send an event with the key in the answer.

  curl -s ${url}/api/projects -H "Authorization: Bearer ${key}" \\
    -H 'Content-Type: application/json' -d '{"name": "My first project"}'
`;

const start = async (): Promise<void> => {
  const config = loadConfig();
  const unlock = lockData(config);
  // Loaded only now: whoever has to change a setting first hears of it at once.
  const { openApp } = await import('./app.ts');
  const app = await openApp(config);
  const url = await listen(app, config);
  await listenForMetrics(app, config);

  const stop = async (signal: string): Promise<void> => {
    mustEndIn(patience.ending + patience.telling);
    app.http.log.info({ signal }, 'stopping');
    app.drain();
    setTimeout(() => process.exit(1), patience.ending).unref();
    await app.close();
    unlock();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop(signal));

  // Else only a process that ends by itself leaves what was compiled for it to the next one.
  flushCompileCache();
  const file = join(config.dataDir, 'admin-key');
  const [place, key] =
    config.adminKey === undefined
      ? [file, `$(cat ${shellWord(file)})`]
      : ['in LEADFOLD_ADMIN_KEY', '$LEADFOLD_ADMIN_KEY'];
  console.log(greeting(url, place, key));
};

// Who reads what is written here may be gone: that is no reason to end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await start();
} catch (error) {
  const known = error instanceof Error && selfExplaining.includes(error.name);
  console.error(known ? error.message : error);
  process.exit(1);
}
