import { join } from 'node:path';
import { pino } from 'pino';
import { v7 } from 'uuid';
import { adminKeyIn, newSecret } from './admin-key.ts';
import type { App as Http } from './api/app.ts';
import { openServer } from './api/server.ts';
import type { Component, World } from './api/world.ts';
import { handling } from './commands/handle.ts';
import type { Engine } from './commands/merge.ts';
import { foldStates } from './commands/state.ts';
import type { Config } from './config.ts';
import { eventShapes } from './domain/events.ts';
import { checked } from './eventstore/checked.ts';
import type { EventStore } from './eventstore/event-store.ts';
import { openSqliteEventStore } from './eventstore/sqlite.ts';
import type { Subscription, SubscriptionStatus } from './eventstore/subscription.ts';
import { subscribe } from './eventstore/subscription.ts';
import { runProjectionsInThread } from './projections/thread.ts';
import { reactors } from './reactors/index.ts';
import { checkpointOf, react } from './reactors/reactor.ts';
import type { ReadModels } from './readmodels/read-models.ts';
import { openSqliteReadModels } from './readmodels/sqlite.ts';

/** How much memory the folded states of leads may take, in bytes. */
const stateBudget = 96 * 1024 * 1024;

/** Leadfold, wired. */
export type App = {
  readonly http: Http;
  readonly engine: Engine;
  /** Resolves when nothing that was appended waits for a projection or a reactor any more. */
  readonly settled: () => Promise<void>;
  /** Makes readiness say no, so that nobody sends new requests. */
  readonly drain: () => void;
  /** Ends what is in hand, then closes the stores. Safe to call again. */
  readonly close: () => Promise<void>;
};

/** What differs from run to run, and what tests own. */
export type Outside = { readonly clock: () => Date; readonly newId: () => string; readonly newSecret: () => string };

const outside: Outside = { clock: () => new Date(), newId: () => v7(), newSecret: () => newSecret() };

/** How far behind a subscription may be, in events, while it catches up and still counts as healthy. */
const tolerableLag = 1_000;

const componentOf = ({ name, state, position, error }: SubscriptionStatus, head: number): Component => {
  const lag = Math.max(0, head - position);
  const healthy = state === 'live' || (state === 'catching-up' && lag <= tolerableLag);
  return { name: `subscription:${name}`, healthy, state: error ? `${state}: ${error}` : state, lag };
};

/** A component that answers is healthy; one that doesn't is told apart from the others. */
const check = async (name: string, ask: () => Promise<unknown>): Promise<Component> => {
  try {
    await ask();
    return { name, healthy: true, state: 'up' };
  } catch (error) {
    return { name, healthy: false, state: error instanceof Error ? error.name : 'down' };
  }
};

/** Opens everything that the configuration names, starts the projections and reactors, and makes the HTTP server; it does not listen yet. */
export const openApp = async (config: Config, { clock, newId, newSecret }: Outside = outside): Promise<App> => {
  if (config.eventStore.scheme !== 'sqlite' || config.readModels.scheme !== 'sqlite')
    throw new Error('EVENT_STORE and READ_MODELS: servers are not supported yet; give sqlite:<path>');
  const store: EventStore = checked(openSqliteEventStore(config.eventStore.path, { clock }), eventShapes);
  const readModels: ReadModels = openSqliteReadModels(config.readModels.path);
  const states = foldStates(store, stateBudget);
  const engine: Engine = { states, handle: handling({ store, states, clock, newId }) };
  const stopping = { now: false };
  const log = pino({ level: config.logLevel });

  const projecting = await runProjectionsInThread(
    {
      ...{ events: config.eventStore.path, documents: config.readModels.path },
      entry: new URL('./projections-worker.ts', import.meta.url),
    },
    (error) => log.error(error, 'the projecting thread died; starting it again'),
  );
  const reached = (position: number): Promise<void> => projecting.reached(position, AbortSignal.timeout(30_000));
  const reacting: readonly Subscription[] = reactors.map((reactor) =>
    subscribe({
      ...{ name: reactor.name, store, filter: reactor.streams, now: clock },
      load: () => readModels.checkpoint(checkpointOf(reactor)),
      handle: react(reactor, { engine, readModels, reached, clock, othersLag: 0, head: () => store.head() }),
    }),
  );

  const components = async (): Promise<readonly Component[]> => {
    const head = await store.head().catch(() => 0);
    const statuses = [...(await projecting.statuses().catch(() => [])), ...reacting.map((each) => each.status())];
    return [
      await check('event-store', () => store.head()),
      await check('read-models', () => readModels.checkpoint('health')),
      await check('projections', () => projecting.statuses()),
      ...statuses.map((status) => componentOf(status, head)),
    ];
  };
  const adminKey = config.adminKey ?? adminKeyIn(join(config.dataDir, 'admin-key'));
  const world: World = {
    ...{ engine, readModels, components, clock, newId, newSecret, adminKey },
    ...{ reached: projecting.reached, head: () => store.head() },
  };
  const http: Http = await openServer(world, { logLevel: log, stopping: () => stopping.now });

  const settled = async (): Promise<void> => {
    for (let before = -1, head = await store.head(); head !== before; before = head, head = await store.head()) {
      await projecting.reached(head);
      await Promise.all(reacting.map((each) => each.reached(head)));
    }
  };

  const shut = async (): Promise<void> => {
    stopping.now = true;
    await http.close();
    await Promise.all(reacting.map((each) => each.stop()));
    await projecting.stop();
    await readModels.close();
    await store.close();
  };
  let closed: Promise<void> | undefined;
  return {
    ...{ http, engine, settled },
    drain: () => {
      stopping.now = true;
    },
    close: () => (closed ??= shut()),
  };
};
