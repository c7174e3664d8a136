import { join } from 'node:path';
import { openApp } from './app.ts';
import { ConfigError, loadConfig } from './config.ts';

/** How long what is in hand may take to end after a signal, in ms. */
const patience = 10_000;

const greeting = (url: string, adminKey: string): string => `
Leadfold is listening on ${url}

  API reference   ${url}/docs
  Health          ${url}/api/health
  Admin key       ${adminKey}

First steps: create a project, then send an event with the key in the answer.

  curl -s ${url}/api/projects -H "Authorization: Bearer $(cat ${adminKey})" \\
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

  const key = config.adminKey === undefined ? join(config.dataDir, 'admin-key') : '$LEADFOLD_ADMIN_KEY';
  console.log(greeting(url, key));
};

try {
  await start();
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
