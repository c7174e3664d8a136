import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as wholeText } from 'node:stream/consumers';
import { v7 } from 'uuid';
import { afterAll, beforeAll } from 'vitest';
import { newSecret } from '../../src/config/key-files.ts';
import type { App } from '../../src/app.ts';
import { openApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';
import type { OpenWebhookClient } from '../../src/outside/webhooks/client.ts';
import { openEventStore } from '../../src/eventstore/open.ts';
import { allFacts } from './engine.ts';
import type { Client, Transport } from './client.ts';
import { clientOf, firstPart, isEndless, parsedBody, wired } from './client.ts';
import type { Stores } from './stand-in-processes.ts';
import { masterKey } from './stand-in-processes.ts';
import { startEventStoreStandin } from './eventstoredb-standin.ts';
import { startMongoStandin } from './mongodb-standin.ts';
import { unlimited } from './unlimited.ts';

/** The root key of the apps in tests. */
export const adminKey = 'R4nd0m-root-key-of-the-journeys-0123456789';

const methods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const;

/** A clock that only a test moves. */
export type TestClock = { readonly now: () => Date; readonly forward: (milliseconds: number) => void };

export const testClock = (start = '2026-03-10T12:00:00.000Z'): TestClock => {
  const time = { at: Date.parse(start) };
  return {
    now: () => new Date(time.at),
    forward: (milliseconds) => {
      time.at += milliseconds;
    },
  };
};

/** A clock that moves on by a millisecond whenever it is looked at, so that nothing happens at the same time. */
export const tickingClock = (start?: string): TestClock => {
  const clock = testClock(start);
  return {
    ...clock,
    now: () => {
      clock.forward(1);
      return clock.now();
    },
  };
};

/** The stores of an app in tests: files in its folder, or the stand-ins for servers when the run asks for them. */
const storesOf = async (kind: string | undefined, clock: TestClock): Promise<Stores> => {
  if (kind !== 'stand-ins') return { env: {}, close: async () => undefined };
  const [events, documents] = [await startEventStoreStandin(0, undefined, clock.now), await startMongoStandin()];
  return {
    // Server and client share this process and its machine with other tests: no answer is late.
    env: {
      EVENT_STORE: `${events.url}&defaultDeadline=20000`,
      READ_MODELS: `${documents.url}/leadfold`,
      LEADFOLD_MASTER_KEY: masterKey,
    },
    close: async () => {
      await events.stop();
      await documents.stop();
    },
  };
};

/** The real app over a folder of its own, asked through `inject`. */
export type TestApp = Client & {
  readonly app: () => App;
  readonly dataDir: string;
  readonly clock: TestClock;
  /** Closes the app, does something while it is stopped, and opens it again over the same folder. */
  readonly restart: (meanwhile?: (dataDir: string) => void | Promise<void>) => Promise<void>;
  readonly settled: () => Promise<void>;
  /** The position of the last fact of the log, asked from the file itself. */
  readonly head: () => Promise<number>;
  /** How many facts the log has, but for those of what was refused and kept. */
  readonly recorded: () => Promise<number>;
  /** Closes the app and removes its folder. */
  readonly close: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

type Injected = Awaited<ReturnType<App['http']['inject']>>;

/** The text of an answer, or what comes first where it never ends, which ends it. */
const textOf = async (response: Injected, isWhole: boolean): Promise<string> => {
  if (isWhole) return response.payload;
  if (!isEndless(response.headers['content-type']?.toString())) return wholeText(response.stream());
  const first = await firstPart(response.stream());
  response.raw.res.destroy();
  return first;
};

const injecting =
  (app: () => App): Transport =>
  async (call) => {
    const method = methods.find((each) => each === call.method.toUpperCase()) ?? 'GET';
    const { headers, body } = wired(call);
    const isWhole = !call.path.includes('/api/stream');
    const response = await app().http.inject({
      method,
      url: call.path,
      headers,
      payloadAsStream: !isWhole,
      ...(body !== undefined && { payload: typeof body === 'string' ? body : Buffer.from(body) }),
    });
    const got = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    const { statusCode: status } = response;
    const text = await textOf(response, isWhole);
    const type = response.headers['content-type'];
    return { status, text, headers: Object.fromEntries(got), body: parsedBody(String(type), text) };
  };

/** Opens the app over a new folder, or over `dataDir`, which then stays when the app is closed. `env` has more settings. */
export const openTestApp = async ({
  clock = testClock(),
  env = {},
  openClient,
  ...given
}: {
  readonly clock?: TestClock;
  readonly openClient?: OpenWebhookClient;
  readonly dataDir?: string;
  readonly env?: Stores['env'];
} = {}): Promise<TestApp> => {
  const dataDir = given.dataDir ?? mkdtempSync(join(tmpdir(), 'leadfold-journey-'));
  const stores = await storesOf(process.env['TEST_STORES'], clock);
  const settings = { DATA_DIR: dataDir, LOG_LEVEL: 'silent', LEADFOLD_ADMIN_KEY: adminKey };
  const config = parseConfig({ ...unlimited, ...settings, ...stores.env, ...env });
  const open = (): Promise<App> => openApp(config, { clock: clock.now, newId: v7, newSecret, openClient });
  const running = { app: await open() };

  const close = async (): Promise<void> => {
    await running.app.close();
    await stores.close();
    if (given.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  return {
    ...clientOf(
      injecting(() => running.app),
      () => adminKey,
    ),
    dataDir,
    clock,
    close,
    app: () => running.app,
    settled: () => running.app.settled(),
    head: async () => {
      const store = await openEventStore(config.eventStore, clock.now);
      const position = await store.head();
      await store.close();
      return position;
    },
    recorded: async () => {
      const store = await openEventStore(config.eventStore, clock.now);
      const facts = await allFacts(store);
      await store.close();
      return facts.filter(({ type }) => type !== 'RejectKept').length;
    },
    restart: async (meanwhile) => {
      await running.app.close();
      await meanwhile?.(dataDir);
      running.app = await open();
    },
    [Symbol.asyncDispose]: close,
  };
};

/** One app for a file, whose tests each make projects of their own and leave its clock alone. */
export const appOfFile = (clock?: TestClock): (() => TestApp) => {
  const opened: { app?: TestApp } = {};
  beforeAll(async () => {
    opened.app = await openTestApp(clock && { clock });
  });
  afterAll(() => opened.app?.close());
  return () => {
    if (!opened.app) throw new Error('The app opens before the first test: ask for it in a test');
    return opened.app;
  };
};
