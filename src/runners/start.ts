import type { Logger } from 'pino';
import type { Config } from '../config/config.ts';
import { nowhere } from '../config/delivery-allow.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { Engine } from '../flows/engine.ts';
import type { Secrets } from '../outside/vault/secrets.ts';
import type { OpenWebhookClient } from '../outside/webhooks/client.ts';
import type { ReadModels } from '../readmodels/read-models.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Troubles, Wording } from '../telemetry/troubles.ts';
import type { WatchedStores } from './availability.ts';
import { isUnavailable } from './availability.ts';
import { openMailer } from '../outside/mail/open.ts';
import { credentialsIn } from '../outside/vault/credentials.ts';
import type { Vault } from '../outside/vault/vault.ts';
import { startDeliveries } from './deliveries/start.ts';
import type { Replay } from '../jobs/replay-rejects.ts';
import type { ThreadData } from './projections-thread.ts';
import { openFeed } from './feed.ts';
import { freshnessOf } from './freshness.ts';
import { runProjectionsInThread } from './projections-thread.ts';
import { watchProjections } from './projections.ts';
import { startMailing } from './mails.ts';
import type { Recoveries } from './recoveries.ts';
import { watchStalls } from './stalls.ts';
import { sleep } from './waiting.ts';
import { withTimeout, startWorkers } from './workers.ts';

/** How long another process may go on with what a project's settings were, in ms: longer than it goes without looking, and a request. */
const othersLag = 4_000;

type Running = {
  readonly config: Pick<Config, 'role' | 'deliveryAllow' | 'deliverySchedule' | 'people' | 'dataDir'>;
  readonly store: EventStore;
  readonly readModels: ReadModels;
  readonly secrets: Secrets;
  readonly vault: Vault;
  /** Whether other processes use the same stores. */
  readonly shared: boolean;
  /** Who this process is to those, where there may be any. */
  readonly lease?: { readonly holder: string; readonly lifetime: number };
  /** Where a thread finds the stores. */
  readonly locations: ThreadData;
  readonly engine: Engine;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly telemetry: Telemetry;
  readonly available: Pick<WatchedStores, 'isAway'>;
  readonly recoveries: Recoveries;
  readonly troubles: Troubles;
  readonly log: Logger;
  /** Tries again what was refused on a way in. */
  readonly replay: Replay;
  readonly openClient?: OpenWebhookClient | undefined;
};

const dyingThread: Wording = {
  begins: 'the projecting thread died; starting it again',
  lasts: 'the projecting thread dies again and again; starting it again',
  ends: 'the projecting thread did not die for a minute',
};
const failingWork: Wording = {
  begins: 'work failed; it is tried again',
  lasts: 'work still fails; it is tried again',
  ends: 'no work failed like that for a minute',
};

/** Starts what makes read models of facts, and what follows from facts and from time, as far as the role runs them. */
export const startRunners = async (running: Running) => {
  const { config, store, readModels, lease, locations, shared, engine, clock, newId, telemetry, log } = running;
  const { role, deliveryAllow: allow = nowhere, deliverySchedule: schedule } = config;
  const { available, recoveries, troubles, replay, secrets, openClient } = running;
  const ending = new AbortController();
  const onLostTail = (reader: string, error: string): void =>
    log.error({ reader, error }, 'the log no longer has what this reader has read of it');
  const projecting =
    role === 'api'
      ? watchProjections(readModels)
      : await runProjectionsInThread(
          { ...locations, entry: new URL('./projections-thread-entry.ts', import.meta.url) },
          { onDeath: (error) => troubles.noteOccurrence('projecting thread', dyingThread, { error }), onLostTail },
        );
  const freshness = freshnessOf({ role, store, readModels, projecting, clock, log });
  const context = {
    engine,
    readModels,
    clock,
    othersLag: shared ? othersLag : 0,
    head: () => store.head(),
    sleep: async (milliseconds: number) => {
      await sleep(milliseconds, ending.signal);
      // What waited must not go on as if its time had come.
      ending.signal.throwIfAborted();
    },
    reached: withTimeout(projecting.reached),
  };
  const onError = (error: unknown): void => {
    // Of a store that is away is told once, and not by whoever needs it.
    if (isUnavailable(error)) return;
    troubles.noteOccurrence(`work: ${String(error)}`, failingWork, { error: String(error) });
  };
  const working = {
    store,
    context,
    builders: projecting,
    newId,
    telemetry,
    recoveries,
    replay,
    onError,
    onLostTail,
    ...(lease && { lease }),
  };
  const workers = role === 'api' ? undefined : startWorkers(working);
  const delivering = { ...working, engine, readModels, clock, secrets, allow, schedule, openClient };
  const sending = role === 'api' ? undefined : startDeliveries(delivering);
  const mailer = openMailer({ ...config.people, dataDir: config.dataDir });
  const mailing =
    role === 'api'
      ? undefined
      : startMailing({
          ...working,
          engine,
          readModels,
          clock,
          credentials: credentialsIn(running.vault),
          mailer,
          publicUrl: config.people.publicUrl,
          onMail: ({ mailId, kind }, said) => log.info({ mailId, kind, mailsGoTo: mailer.to }, `mail: ${said}`),
        });
  if (mailing) log.info({ to: mailer.to }, 'where mails go');
  const feed = openFeed({ store, states: engine.states, clock, recoveries });
  const reacting = workers?.subscriptions ?? [];
  const statuses = async () => [...(await projecting.statuses()), ...reacting.map((each) => each.status())];
  const stalls = watchStalls({ statuses, isAway: available.isAway, troubles });
  return {
    projecting,
    reacting,
    freshness,
    feed,
    /** How many circuits of endpoints are in which state. */
    circuits: () => sending?.circuits() ?? [],
    /** How far each is, by the name of its checkpoint. */
    positions: async () => {
      // Where it can't be asked, the checkpoints tell.
      const projected = await projecting.statuses().catch(() => []);
      const reacted = reacting.map((each) => ({ ...each.status(), name: `reactor:${each.name}` }));
      return Object.fromEntries([...projected, ...reacted].map(({ name, position }) => [name, position]));
    },
    settled: async (): Promise<void> => {
      await workers?.renewed;
      for (let before = -1, head = await store.head(); head !== before; before = head, head = await store.head()) {
        await projecting.reached(head);
        await Promise.all(reacting.map((each) => each.reached(head)));
        await workers?.jobs.quiet();
        await workers?.ticking.quiet();
        await sending?.quiet();
        await mailing?.quiet();
      }
    },
    stop: async (): Promise<void> => {
      ending.abort();
      await feed.stop();
      await freshness.stop();
      await stalls.stop();
      await Promise.all([sending?.stop(), mailing?.stop(), workers?.stop()]);
      await projecting.stop();
    },
  };
};
