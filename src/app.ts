import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { adminKeyIn, newSecret } from './admin-key.ts';
import type { App as Http } from './api/app.ts';
import { lanesPerProject } from './api/lanes.ts';
import { openServer } from './api/server.ts';
import type { World } from './api/world.ts';
import { breather } from './commands/breather.ts';
import { linksUnderway } from './commands/underway.ts';
import { handling } from './commands/handle.ts';
import type { Engine } from './commands/merge.ts';
import { keepSnapshots } from './commands/snapshots.ts';
import { foldStates } from './commands/state.ts';
import { looking } from './components.ts';
import { keepCalendar } from './domain/calendar.ts';
import type { Config } from './config.ts';
import { openEventStore } from './eventstore/open.ts';
import { integrityOf } from './integrity.ts';
import { checksInThreads } from './invariants/thread.ts';
import { newIds } from './new-id.ts';
import { projections } from './projections/index.ts';
import { watchProjections } from './projections/running.ts';
import { runProjectionsInThread } from './projections/thread.ts';
import { reactors } from './reactors/index.ts';
import { checkpointOf } from './reactors/reactor.ts';
import { serving } from './readmodels/generations.ts';
import { openReadModels } from './readmodels/open.ts';
import { openLog } from './telemetry/log.ts';
import { measuredReadModels } from './telemetry/measured-read-models.ts';
import type { MetricsPort } from './telemetry/metrics-port.ts';
import { observedCommands } from './telemetry/observed-commands.ts';
import { openMetrics, openTelemetry } from './telemetry/telemetry.ts';
import { tracedStore } from './telemetry/traced-store.ts';
import { waitingWork } from './waiting-work.ts';
import { patiently, startWorkers } from './workers.ts';

/** How much memory the folded states of leads may take, in bytes. */
const stateBudget = 96 * 1024 * 1024;

/** For how many ms work on many leads goes on before requests that came in meanwhile have their turn. */
const turn = 3;

/** How long a generation that was looked up at a server is read before it is looked up again, in ms. */
const generationAge = 500;

/** How long a worker's lease of a subscription lasts without being renewed, in ms. */
const leaseLifetime = 10_000;

/** How long another process may go on with what a project's settings were, in ms: longer than it goes without looking, and a request. */
const othersLag = 4_000;

/** Leadfold, wired. */
export type App = {
  readonly http: Http;
  readonly engine: Engine;
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
export type Outside = { readonly clock: () => Date; readonly newId: () => string; readonly newSecret: () => string };

const outside = (): Outside => ({ clock: () => new Date(), newId: newIds(), newSecret: () => newSecret() });

/** Opens everything that the configuration names, starts what its role runs, and makes the HTTP server; it does not listen yet. */
export const openApp = async (config: Config, { clock, newId, newSecret }: Outside = outside()): Promise<App> => {
  const { role, eventStore: events, readModels: documents, traces } = config;
  const integrity = integrityOf(config);
  const telemetry = await openTelemetry('main', traces, (error) =>
    log.warn({ error }, 'traces are not taken; what does not fit in the queue is lost, and the rest is not affected'),
  );
  const { instruments, tracing } = telemetry;
  const log = openLog(config.logLevel, tracing);
  const store = tracedStore(await openEventStore(events, clock), telemetry);
  const names = projections.map(({ name }) => name);
  const age = { maxAge: documents.scheme === 'sqlite' ? 0 : generationAge };
  const readModels = serving(measuredReadModels(await openReadModels(documents), instruments), names, age);
  const snapshots = keepSnapshots(readModels, { looked: (outcome) => instruments.snapshots.add(1, outcome) });
  const states = foldStates(store, stateBudget, snapshots);
  const calendar = keepCalendar();
  const engine: Engine = {
    ...{ states, handle: observedCommands(handling({ store, states, clock, newId }), telemetry) },
    ...{ clock, calendar: (roster) => calendar(roster, clock()), breathe: breather(turn) },
    links: linksUnderway(),
  };
  const stopping = { now: false };
  const ending = new AbortController();

  // Files serve one process; what servers keep, many processes may offer to project and to react to.
  const shared = documents.scheme !== 'sqlite';
  const lease = shared ? { holder: newId(), lifetime: leaseLifetime } : undefined;
  const thread = {
    events,
    documents,
    ...{ ...(lease && { lease }), ...(traces && { traces }) },
    entry: new URL('./projections-worker.ts', import.meta.url),
  };
  const onLostTail = (reader: string, error: string): void =>
    log.error({ reader, error }, 'the log no longer has what this reader has read of it');
  const projecting =
    role === 'api'
      ? watchProjections(readModels)
      : await runProjectionsInThread(thread, {
          onDeath: (error) => log.error(error, 'the projecting thread died; starting it again'),
          onLostTail,
        });

  const sight = {
    ...{ engine, readModels, clock, othersLag: shared ? othersLag : 0 },
    head: () => store.head(),
    pause: (milliseconds: number) => pause(milliseconds, undefined, { signal: ending.signal }),
    reached: patiently(projecting.reached),
  };
  const hear = (error: unknown) => log.warn({ error: String(error) }, 'a look for jobs failed; looking again');
  const workers =
    role === 'api'
      ? undefined
      : startWorkers({
          store,
          sight,
          builders: projecting,
          newId,
          telemetry,
          hear,
          onLostTail,
          ...(lease && { lease }),
        });
  const reacting = workers?.subscriptions ?? [];

  const invariants = checksInThreads({
    ...{ events, documents, clock, live: true, entry: new URL('./invariants-worker.ts', import.meta.url) },
    checkpoints: [...projections.map(({ name }) => name), ...reactors.map(checkpointOf)],
    positions: async () => {
      // Where it can't be asked, the checkpoints tell.
      const projected = await projecting.statuses().catch(() => []);
      const reacted = reacting.map((each) => ({ ...each.status(), name: `reactor:${each.name}` }));
      return Object.fromEntries([...projected, ...reacted].map(({ name, position }) => [name, position]));
    },
  });

  const world: World = {
    ...{ engine, readModels, clock, newId, newSecret },
    lanes: lanesPerProject(),
    monotonic: () => performance.now(),
    adminKey: config.adminKey ?? adminKeyIn(join(config.dataDir, 'admin-key')),
    reached: (position, signal, { only } = {}) => projecting.reached(position, signal, only),
    ...{ head: () => store.head(), systemHealth: invariants.check },
    subscriptions: async () => [
      ...(await projecting.statuses()).map((status) => ({ ...status, projection: true })),
      ...reacting.map((each) => ({ ...each.status(), projection: false })),
    ],
    components: looking({ store, readModels, projecting, reacting, integrity }, (name, error) =>
      log.warn({ component: name, error }, 'a component is not well'),
    ),
  };
  const metrics = openMetrics(telemetry, {
    ...{ role, clock, head: () => store.head(), projections: projecting.statuses, waiting: waitingWork(readModels) },
    reactors: () => reacting.map((each) => each.status()),
    thread: async () => projecting.measures?.(),
  });
  const http: Http = await openServer(world, {
    ...{ logLevel: log, stopping: () => stopping.now, healthOnly: role === 'worker' },
    watch: { instruments, tracing, metrics },
  });

  integrity.begin((component, damage) => log.error({ component }, damage));
  const metricsPort: { open?: MetricsPort } = {};
  const openMetricsPort = async (): Promise<number | undefined> => {
    if (config.metricsPort === undefined) return undefined;
    const { listenForMetrics } = await import('./telemetry/metrics-port.ts');
    metricsPort.open = await listenForMetrics({ port: config.metricsPort, host: config.host }, metrics.text);
    return metricsPort.open.port;
  };

  const settled = async (): Promise<void> => {
    await workers?.renewed;
    for (let before = -1, head = await store.head(); head !== before; before = head, head = await store.head()) {
      await projecting.reached(head);
      await Promise.all(reacting.map((each) => each.reached(head)));
      await workers?.jobs.quiet();
      await workers?.ticking.quiet();
    }
  };

  const shut = async (): Promise<void> => {
    stopping.now = true;
    await integrity.stop();
    await invariants.stop();
    await http.close();
    metrics.close();
    await metricsPort.open?.close();
    ending.abort();
    await workers?.stop();
    await projecting.stop();
    snapshots.stop();
    await readModels.close();
    await store.close();
    await telemetry.close();
  };
  let closed: Promise<void> | undefined;
  return {
    ...{ http, engine, settled, openMetricsPort },
    drain: () => {
      stopping.now = true;
    },
    close: () => (closed ??= shut()),
  };
};
