import { v7 } from 'uuid';
import type { App } from '../../src/api/http/app.ts';
import { lanesPerProject } from '../../src/api/http/lanes.ts';
import type { Settings } from '../../src/api/http/server.ts';
import { openServer } from '../../src/api/http/server.ts';
import { rateLimits } from '../../src/api/http/rate-limits.ts';
import { signInThrottle } from '../../src/api/http/sign-in-throttle.ts';
import type { ApiContext } from '../../src/api/http/context.ts';
import { replaying } from '../../src/api/ingest/replay.ts';
import { engineOver } from '../support/engine.ts';
import { eventShapes } from '../../src/domain/events.ts';
import { checked } from '../../src/eventstore/checked.ts';
import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { openFeed } from '../../src/runners/feed.ts';
import { openRecoveries } from '../../src/runners/recoveries.ts';
import { rebuildsOf } from '../../src/jobs/rebuilds.ts';
import { erase } from '../../src/projections/projection.ts';
import { projects } from '../../src/projections/projects.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { nowhere } from '../../src/config/delivery-allow.ts';
import { talliesInMemory } from '../../src/outside/limits/tallies.ts';
import { secretsIn } from '../../src/outside/vault/secrets.ts';
import { addressGuard } from '../../src/outside/webhooks/addresses.ts';
import { openSqliteBoxes } from '../../src/outside/vault/sqlite/boxes.ts';
import { vaultOver } from '../../src/outside/vault/vault.ts';
import { parseConfig } from '../../src/config/config.ts';
import { openPeople } from '../../src/runners/open-people.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';

export const adminKey = 'R4nd0m-root-key-of-the-tests-0123456789';
export const asRoot = { authorization: `Bearer ${adminKey}` };

/** More than any test does. */
export const unlimited = { ingest: 1e9, reads: 1e9, writes: 1e9, heavy: 1e9, address: 1e9, failures: 1e9 } as const;

/** The header that sends a key. */
export const as = (key: string) => ({ authorization: `Bearer ${key}` });

type Stores = { readonly store: EventStore; readonly readModels: ReadModels };

/** A process over these stores, with a memory of its own. */
export const apiContextOver = ({ store, readModels }: Stores): ApiContext => {
  const clock = (): Date => new Date('2026-03-01T12:00:00.000Z');
  const engine = engineOver(store, { clock, maxBytes: 64 * 1024 * 1024 });
  const vault = vaultOver(openSqliteBoxes(':memory:'), { current: Buffer.alloc(32, 'test') });
  const { people: settings } = parseConfig({});
  const onError = (error: unknown): void => {
    throw error;
  };
  return {
    people: openPeople({ engine, vault, settings, clock, newId: v7, onError }),
    signUp: settings.signUp,
    publicUrl: settings.publicUrl,
    engine,
    readModels,
    rebuilds: rebuildsOf({ engine, readModels, head: () => store.head() }),
    lanes: lanesPerProject(),
    feed: openFeed({ store, states: engine.states, clock, recoveries: openRecoveries() }),
    urlRefusal: addressGuard(nowhere).refusal,
    secrets: secretsIn(vault),
    replay: replaying({ engine, clock, newId: v7 }),
    asOf: clock,
    head: () => store.head(),
    reached: () => Promise.resolve(),
    subscriptions: () => Promise.resolve([]),
    components: () => Promise.resolve([{ name: 'event-store', healthy: true, state: 'up' }]),
    systemHealth: () => Promise.reject(new Error('Nothing checks the invariants here')),
    newId: v7,
    newSecret: () => crypto.randomUUID().replaceAll('-', ''),
    clock,
    adminKey,
    limits: rateLimits({ perMinute: unlimited, monotonic: () => performance.now(), adminKey }),
    signInThrottle: signInThrottle({ tallies: talliesInMemory(), clock, adminKey }),
    monotonic: () => performance.now(),
  };
};

export type Booted = Stores & {
  readonly app: App;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

type Change = (api: ApiContext, stores: Stores) => Partial<ApiContext>;

/** The real app over real stores in memory: what they do with files is no matter of the API. `change` puts something else in the place of a part of its context. */
export const boot = async (change: Change = () => ({}), settings: Partial<Settings> = {}): Promise<Booted> => {
  const store = checked(openSqliteEventStore(':memory:', { clock: () => new Date() }), eventShapes);
  const readModels = openSqliteReadModels(':memory:');
  const api = apiContextOver({ store, readModels });
  const app = await openServer({ ...api, ...change(api, { store, readModels }) }, { logLevel: 'silent', ...settings });
  return {
    app,
    store,
    readModels,
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await readModels.close();
      await store.close();
    },
  };
};

/** A new project with the key that was made with it. */
export const newProject = async (
  { app }: Pick<Booted, 'app'>,
  name = 'Acme',
): Promise<{ readonly projectId: string; readonly apiKey: string }> =>
  (await app.inject({ method: 'POST', url: '/api/projects', headers: asRoot, payload: { name } })).json();

/** A new key of a project. */
export const newKey = async (
  { app }: Pick<Booted, 'app'>,
  projectId: string,
  scopes: readonly string[],
): Promise<{ readonly keyId: string; readonly key: string }> => {
  const url = `/api/projects/${projectId}/keys`;
  return (await app.inject({ method: 'POST', url, headers: asRoot, payload: { name: 'extra', scopes } })).json();
};

/** Every fact of the log. */
export const allFacts = async (store: EventStore): Promise<readonly Recorded[]> => {
  const head = await store.head();
  const facts: Recorded[] = [];
  const stop = new AbortController();
  if (head === 0) return facts;
  for await (const { events, position } of store.follow(0, stop.signal)) {
    facts.push(...events);
    if (position >= head) stop.abort();
  }
  return facts;
};

/** Brings the list of projects up to date. */
export const projectProjects = async ({ store, readModels }: Stores): Promise<void> => {
  const projection = erase(projects);
  await readModels.prepare([projection]);
  await projection.project(readModels)({ events: await allFacts(store), position: await store.head() });
};
