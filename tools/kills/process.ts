// What is killed: the way in, the projections of deliveries, and what sends, over the stores of the product, and nothing else, so
// that hundreds of them can be started. It is loaded ahead and opens the stores when it is told to.
import { addEndpoint } from '../../src/commands/deliveries/add-endpoint.ts';
import { createProject } from '../../src/commands/projects/create-project.ts';
import { parseConfig } from '../../src/config/config.ts';
import { nowhere } from '../../src/config/delivery-allow.ts';
import { endpointIdIn } from '../../src/domain/deliveries/endpoints.ts';
import { keepSnapshots } from '../../src/engine/snapshots.ts';
import { capture } from '../../src/flows/capture.ts';
import { engineOf } from '../../src/flows/engine.ts';
import { newIds } from '../../src/new-id.ts';
import { secretsIn } from '../../src/outside/vault/secrets.ts';
import { deliveries } from '../../src/projections/deliveries.ts';
import { deliveryQueues } from '../../src/projections/delivery-queues.ts';
import { endpointHealth } from '../../src/projections/endpoint-health.ts';
import { erase } from '../../src/projections/projection.ts';
import { startDeliveries } from '../../src/runners/deliveries/start.ts';
import { openStores } from '../../src/runners/open-stores.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openTelemetry } from '../../src/telemetry/telemetry.ts';
import { openTroubles } from '../../src/telemetry/troubles.ts';
import type { Said, Sent } from './asked.ts';
import { ask, projectId, told } from './asked.ts';

/** How long a lease is a process's that has not renewed it, in ms: shorter than usual, as others wait for that at each kill. */
const leaseLifetime = 800;
const only = [erase(deliveries), erase(deliveryQueues), erase(endpointHealth)];
const [clock, newId] = [(): Date => new Date(), newIds()];
const config = parseConfig(process.env);

const say = (what: Said): void => void process.send?.(what);

const open = async () => {
  const telemetry = await openTelemetry('main', undefined);
  const stores = await openStores(config, { clock, newId }, { telemetry, troubles: openTroubles(() => undefined) });
  const { store, readModels, recoveries, vault, isAlone } = stores;
  const places = [await store.head(), ...(await Promise.all(only.map(({ name }) => readModels.checkpoint(name))))];
  const lease = stores.lease && { ...stores.lease, lifetime: leaseLifetime };
  const secrets = secretsIn(vault);
  const snapshots = keepSnapshots(readModels);
  const engine = engineOf({ store, isAlone, snapshots, clock, newId, observe: (handle) => handle });
  const projecting = await runProjections({
    store,
    readModels,
    now: clock,
    recoveries,
    only,
    ...(lease && { lease: { ...lease, readModels, now: clock } }),
  });
  const sending = startDeliveries({
    store,
    engine,
    readModels,
    clock,
    newId,
    secrets,
    recoveries,
    telemetry,
    allow: config.deliveryAllow ?? nowhere,
    schedule: config.deliverySchedule,
    onError: () => undefined,
    ...(lease && { lease }),
  });
  say({ kind: 'open', behind: Math.max(...places) - Math.min(...places) });
  return {
    engine,
    secrets,
    close: async (): Promise<void> => {
      await sending.stop();
      await projecting.stop();
      snapshots.stop();
      await stores.close();
    },
  };
};
type Opened = Awaited<ReturnType<typeof open>>;

const makeEndpoints = async ({ engine, secrets }: Opened, urls: readonly string[]): Promise<void> => {
  const asked = (commandId: string) => ({ commandId, correlationId: commandId });
  await engine.handle(createProject, { projectId, name: 'Killed' }, asked('create'));
  for (const [index, url] of urls.entries()) {
    const endpointId = endpointIdIn(projectId, `endpoint${String(index).padStart(4, '0')}`);
    await secrets.keep(endpointId, 'first', 'A-secret-of-the-endpoints-0123456789');
    const settings = { url, types: Object.values(told), format: 'standard' as const, headers: [] };
    await engine.handle(addEndpoint, { projectId, endpointId, secretId: 'first', ...settings }, asked(endpointId));
  }
  say({ kind: 'endpoints' });
};

const record = async ({ engine }: Opened, { eventId, userId, eventType }: Sent): Promise<void> => {
  const now = clock().toISOString();
  const activity = { eventId, eventType, occurredAt: now, receivedAt: now, properties: {}, source: 'kills' };
  const identifiers = [{ kind: 'userId', value: userId }] as const;
  const id = newId();
  const request = { commandId: id, correlationId: id };
  const [captured] = await capture(engine, projectId, [{ identifiers, activity, exactTime: false }], request);
  if (captured) say({ kind: 'recorded', eventId, isNew: captured.status === 'queued' });
};

/** Does what it is asked, over stores that are opened for the first time that it is asked for something. */
const answering = () => {
  let opened: Promise<Opened> | undefined;
  return async (message: unknown): Promise<void> => {
    const asked = ask.parse(message);
    const all = await (opened ??= open());
    if (asked.kind === 'endpoints') await makeEndpoints(all, asked.urls);
    if (asked.kind === 'record') await record(all, asked.sent);
    if (asked.kind !== 'close') return;
    await all.close();
    say({ kind: 'closed' });
    process.disconnect();
  };
};

const answer = answering();
process.on('message', (message: unknown) => void answer(message));
// Whoever started it is gone.
process.on('disconnect', () => process.exit());
say({ kind: 'loaded' });
