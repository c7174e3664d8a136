import { join } from 'node:path';
import { openApp } from './app.ts';
import { ConfigError, loadConfig } from './config.ts';

/** How long what is in hand may take to end after a signal, in ms. */
const patience = 10_000;

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
  const app = await openApp(config);
  const url = await app.http.listen({ port: config.port, host: config.host });

  const stop = async (signal: string): Promise<void> => {
    app.http.log.info({ signal }, 'stopping');
    app.drain();
    setTimeout(() => process.exit(1), patience).unref();
    await app.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop(signal));

  const file = join(config.dataDir, 'admin-key');
  const [place, key] =
    config.adminKey === undefined ? [file, `$(cat ${file})`] : ['in LEADFOLD_ADMIN_KEY', '$LEADFOLD_ADMIN_KEY'];
  console.log(greeting(url, place, key));
};

try {
  await start();
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
