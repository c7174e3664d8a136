import type { DeliveryAllow } from '../../config/delivery-allow.ts';
import type { EventStore } from '../../eventstore/event-store.ts';
import type { Engine } from '../../flows/engine.ts';
import type { Secrets } from '../../outside/vault/secrets.ts';
import type { OpenWebhookClient } from '../../outside/webhooks/client.ts';
import { openWebhookClient } from '../../outside/webhooks/client.ts';
import { toldContext } from '../../queries/deliveries/told.ts';
import type { ReadModels } from '../../readmodels/read-models.ts';
import type { Observing } from '../../telemetry/traced-store.ts';
import { leased } from '../leased.ts';
import type { Recoveries } from '../recoveries.ts';
import type { Subscription } from '../subscription.ts';
import { openCircuits } from './circuits.ts';
import { openRates } from './rates.ts';
import type { Sending } from './sending.ts';
import { startSending } from './sending.ts';

/** How long what is under way may take when the process ends, in ms: it ends itself a few seconds later. */
const grace = 4_000;

type Dependencies = {
  readonly store: Pick<EventStore, 'head'>;
  readonly engine: Engine;
  readonly readModels: ReadModels;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly secrets: Pick<Secrets, 'get'>;
  readonly allow: DeliveryAllow;
  readonly schedule: readonly number[];
  /** Who this process is to others that offer to send, and how long that is its own, in ms. */
  readonly lease?: { readonly holder: string; readonly lifetime: number };
  readonly recoveries: Recoveries;
  readonly telemetry: Observing;
  readonly onError: (error: unknown) => void;
  readonly openClient?: OpenWebhookClient | undefined;
};

/** What sends, where this process does. */
export type Deliveries = {
  /** Resolves when nothing that was due when it was called can be sent any more. */
  readonly quiet: () => Promise<void>;
  /** How many circuits are in which state. */
  readonly circuits: () => readonly (readonly [number, string])[];
  readonly stop: () => Promise<void>;
};

/**
 * Starts what tells endpoints. Of several processes one sends at a time, so that an attempt is made once; another takes over when its
 * lease runs out, and what was under way then is sent again with the same id.
 */
export const startDeliveries = (dependencies: Dependencies): Deliveries => {
  const { store, engine, readModels, allow, clock, lease, recoveries, openClient = openWebhookClient } = dependencies;
  const client = openClient({ allow, clock });
  const circuits = openCircuits();
  const own = { client, told: toldContext(engine.states), circuits, rates: openRates() };
  const context = { ...dependencies, ...own, head: lease ? undefined : () => store.head() };
  let current: Sending | undefined;

  const start = (): Subscription => {
    const sending = startSending(context);
    current = sending;
    return {
      name: 'deliveries',
      status: () => ({ name: 'deliveries', position: 0, state: 'live', attempts: 0, since: clock(), rate: 0 }),
      reached: async () => undefined,
      stop: async () => {
        if (current === sending) current = undefined;
        await sending.stop();
      },
    };
  };
  // Nobody has a checkpoint of that name: how far it is the read models say.
  const names = { name: 'deliveries', checkpoint: 'sending' };
  const running = lease ? leased({ ...lease, readModels, now: () => new Date(), recoveries }, names, start) : start();
  return {
    quiet: async () => current?.quiet(),
    circuits: circuits.states,
    stop: async () => {
      await current?.drain(grace);
      await running.stop();
      await client.close();
    },
  };
};
