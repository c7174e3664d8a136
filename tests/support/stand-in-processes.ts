import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The settings that name stores, and how to end what serves them. */
export type Stores = { readonly env: Readonly<Record<string, string>>; readonly close: () => Promise<void> };

/** What seals secrets in tests, where a vault is shared. */
export const masterKey = 'q3Jm8Zx0vT5bN2cW7yKpR4sLdH9gF1aXeUo6iVtBnE8=';

const start = async (file: string): Promise<{ readonly port: string; readonly end: () => Promise<void> }> => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, file)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  for await (const line of createInterface(child.stdout)) {
    const port = /^listening (\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return {
      port,
      end: async () => {
        child.kill('SIGKILL');
        await ended;
      },
    };
  }
  throw new Error(`${file} did not start`);
};

/** Starts the stand-ins for EventStoreDB and MongoDB in processes of their own, which many servers can share. */
export const startStandIns = async (): Promise<Stores> => {
  const [events, documents] = await Promise.all([
    start('eventstoredb-standin-process.ts'),
    start('mongodb-standin-process.ts'),
  ]);
  return {
    env: {
      EVENT_STORE: `esdb://127.0.0.1:${events.port}?tls=false&defaultDeadline=20000`,
      READ_MODELS: `mongodb://127.0.0.1:${documents.port}/leadfold`,
      LEADFOLD_MASTER_KEY: masterKey,
    },
    close: async () => {
      await Promise.all([events.end(), documents.end()]);
    },
  };
};
