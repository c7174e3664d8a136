import { join } from 'node:path';
import { adminKeyIn, newSecret } from './config/key-files.ts';
import type { App as Http } from './api/http/app.ts';
import { lanesPerProject } from './api/http/lanes.ts';
import { openServer } from './api/http/server.ts';
import { boundsOf } from './api/http/bounds.ts';
import type { ApiContext } from './api/http/context.ts';
import type { ReplayReject } from './api/ingest/replay.ts';
import { replaying } from './api/ingest/replay.ts';
import type { Engine } from './flows/engine.ts';
import { rebuildsOf } from './jobs/rebuilds.ts';
import { looking } from './runners/components.ts';
import type { Config } from './config/config.ts';
import { nowhere } from './config/delivery-allow.ts';
import { checksInThreads } from './invariants/thread.ts';
import { newIds } from './new-id.ts';
import { projections } from './projections/index.ts';
import { reactors } from './reactors/index.ts';
import { checkpointOf } from './reactors/reactor.ts';
import type { Secrets } from './outside/vault/secrets.ts';
import { secretsIn } from './outside/vault/secrets.ts';
import type { OpenWebhookClient } from './outside/webhooks/client.ts';
import { addressGuard } from './outside/webhooks/addresses.ts';
import { openLog } from './telemetry/log.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { Logger } from 'pino';
import type { MetricsPort } from './telemetry/metrics-port.ts';
import { openMetrics, openTelemetry } from './telemetry/telemetry.ts';
import { openTroubles } from './telemetry/troubles.ts';
import { oldestSecrets } from './queries/secret-ages.ts';
import { waitingWork } from './queries/waiting-work.ts';
import type { People } from './flows/people/people.ts';
import { openEngine } from './runners/open-engine.ts';
import { openPeople } from './runners/open-people.ts';
import type { Stores } from './runners/open-stores.ts';
import { openStores } from './runners/open-stores.ts';
import { startRunners } from './runners/start.ts';

/** Leadfold, wired. */
export type App = {
  readonly http: Http;
  readonly engine: Engine;
  readonly people: People;
  /** Resolves when nothing that was appended waits for a projection or a reactor of this process any more. */
  readonly settled: () => Promise<void>;
  /** Listens for Prometheus where the configuration names a port for it. Resolves with the port. */
  readonly openMetricsPort: () => Promise<number | undefined>;
  /** Makes readiness say no, so that nobody sends new requests. */
  readonly drain: () => void;
  /** Ends what is in hand, then closes the stores. Safe to call again. */
  readonly close: () => Promise<void>;
};

/** What differs from run to run, and what tests own. */
export type Outside = {
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly newSecret: () => string;
  /** What sends webhooks, where it is not the usual. */
  readonly openClient?: OpenWebhookClient | undefined;
};

const fromHere = (): Outside => ({ clock: () => new Date(), newId: newIds(), newSecret: () => newSecret() });

type Running = {
  readonly config: Config;
  readonly outside: Outside;
  readonly stores: Stores;
  readonly engine: Engine;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly replay: ReplayReject;
  readonly secrets: Secrets;
  readonly people: ReturnType<typeof openPeople>;
};

type Runners = Awaited<ReturnType<typeof startRunners>>;

/** The HTTP side, which does not listen yet, and what Prometheus reads. */
const openHttp = async (running: Running, runners: Runners, stopping: () => boolean) => {
  const { config, outside, stores, engine, telemetry, log, replay, secrets, people } = running;
  const { store, readModels } = stores;
  const { projecting, reacting, freshness } = runners;
  const invariants = checksInThreads({
    eventStore: config.eventStore,
    readModels: config.readModels,
    clock: outside.clock,
    live: true,
    entry: new URL('./invariants/thread-entry.ts', import.meta.url),
    checkpoints: [...projections.map(({ name }) => name), ...reactors.map(checkpointOf)],
    positions: runners.positions,
  });
  const adminKey = config.adminKey ?? adminKeyIn(join(config.dataDir, 'admin-key'));
  const api: ApiContext = {
    ...outside,
    engine,
    readModels,
    rebuilds: rebuildsOf({ engine, readModels, head: () => store.head() }),
    lanes: lanesPerProject(),
    feed: runners.feed,
    secrets,
    people,
    signUp: config.people.signUp,
    publicUrl: config.people.publicUrl,
    urlRefusal: addressGuard(config.deliveryAllow ?? nowhere).refusal,
    replay,
    monotonic: () => performance.now(),
    adminKey,
    ...boundsOf({ perMinute: config.limits, counted: stores.limits, clock: outside.clock, adminKey }),
    reached: (position, signal, { only } = {}) => projecting.reached(position, signal, only),
    asOf: freshness.asOf,
    head: () => store.head(),
    systemHealth: invariants.check,
    subscriptions: async () => [
      ...(await projecting.statuses()).map((status) => ({ ...status, projection: true })),
      ...reacting.map((each) => ({ ...each.status(), projection: false })),
    ],
    // What is wrong is told as it begins, and not each time when somebody asks.
    components: looking({ ...stores, projecting, reacting, elsewhere: freshness.elsewhere }, () => undefined),
  };
  const sources = {
    role: config.role,
    clock: outside.clock,
    head: () => store.head(),
    heads: freshness.heads,
    projections: projecting.statuses,
    waiting: waitingWork(readModels),
    secrets: oldestSecrets({ readModels, clock: outside.clock }),
    circuits: runners.circuits,
    listeners: runners.feed.listeners,
    reactors: () => reacting.map((each) => each.status()),
    thread: async () => projecting.measures?.(),
  };
  const metrics = await openMetrics(telemetry, sources, config.metrics);
  const watch = { instruments: telemetry.instruments, tracing: telemetry.tracing, metrics };
  const http = await openServer(api, {
    logLevel: log,
    stopping,
    healthOnly: config.role === 'worker',
    telemetry: watch,
    trustProxy: config.trustProxy,
    https: config.people.publicUrl.startsWith('https:'),
  });
  const port: { open?: MetricsPort } = {};
  return {
    http,
    openMetricsPort: async (): Promise<number | undefined> => {
      if (config.metricsPort === undefined) return undefined;
      const { listenForMetrics } = await import('./telemetry/metrics-port.ts');
      port.open = await listenForMetrics({ port: config.metricsPort, host: config.host }, metrics.text);
      return port.open.port;
    },
    close: async (): Promise<void> => {
      await invariants.stop();
      await http.close();
      await http.ended();
      await metrics.close();
      await port.open?.close();
    },
  };
};

/** Opens everything that the configuration names, starts what its role runs, and makes the HTTP server; it does not listen yet. */
export const openApp = async (config: Config, outside: Outside = fromHere()): Promise<App> => {
  const telemetry = await openTelemetry('main', config.traces);
  const log = openLog(config.logLevel, telemetry.tracing);
  telemetry.onLost((what, error) =>
    log.warn({ error }, `${what} are not taken; what can not be sent is lost, and the rest is not affected`),
  );
  for (const warning of telemetry.tracing?.warnings ?? []) log.warn(`OpenTelemetry: ${warning}`);
  const troubles = openTroubles((details, message) => log.warn(details, message));
  const stores = await openStores(config, outside, { telemetry, troubles });
  const { engine, snapshots } = openEngine(stores, outside, telemetry);
  stores.available.events.onAnswer(async () => {
    if (await engine.states.forgetLost())
      log.warn('the event store was put back to what it had before; what was remembered of it is forgotten');
  });
  const replay = replaying({ ...outside, engine });
  const people = openPeople({
    ...outside,
    engine,
    vault: stores.vault,
    settings: config.people,
    onError: (error) => log.warn({ error: String(error) }, 'a mail that was asked for is not made'),
  });
  const running = { config, outside, stores, engine, telemetry, log, replay, people, secrets: secretsIn(stores.vault) };
  const runners = await startRunners({ ...running, ...outside, ...stores, troubles });
  let stopping = false;
  const { http, openMetricsPort, close: closeHttp } = await openHttp(running, runners, () => stopping);
  stores.integrity.begin((component, damage) => log.error({ component }, damage));

  const shut = async (): Promise<void> => {
    stopping = true;
    await stores.integrity.stop();
    await closeHttp();
    await people.idle();
    await runners.stop();
    snapshots.stop();
    await stores.close();
    await telemetry.close();
  };
  let closed: Promise<void> | undefined;
  return {
    http,
    engine,
    people,
    openMetricsPort,
    settled: () => people.idle().then(runners.settled),
    drain: () => {
      stopping = true;
    },
    close: () => (closed ??= shut()),
  };
};
