import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { Event } from '../../src/domain/event.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { deliveries } from '../../src/projections/deliveries.ts';
import { deliveryQueues } from '../../src/projections/delivery-queues.ts';
import { erase } from '../../src/projections/projection.ts';
import { toldContext } from '../../src/queries/deliveries/told.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { openCircuits } from '../../src/runners/deliveries/circuits.ts';
import { openRates } from '../../src/runners/deliveries/rates.ts';
import { startSending } from '../../src/runners/deliveries/sending.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openRecoveries } from '../../src/runners/recoveries.ts';
import { openInstruments } from '../../src/telemetry/instruments.ts';
import { engineOver, openLog } from '../support/engine.ts';
import { endpointAdded, leadCaptured, leadQualified, projectId } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
const [leads, endpoints] = [20, ['e1', 'e2']] as const;
const due = leads * endpoints.length;

/** Sends what some leads that qualified make due, and counts what that costs; `head` is where the log ended when it began, if it alone sends. */
const sent = async (head?: () => Promise<number>) => {
  const [log, readModels] = [openLog(), openSqliteReadModels(':memory:')];
  const append = (stream: string, ...facts: readonly Event[]) =>
    log.append(
      stream,
      -1,
      facts.map((fact) => ({ ...fact, id: randomUUID(), metadata })),
    );
  await append(
    `endpoints-${projectId}`,
    ...endpoints.map((endpointId) => endpointAdded({ endpointId, url: `https://${endpointId}.example.com/` })),
  );
  for (let n = 0; n < leads; n++) await append(`lead-${projectId}.l${n}`, leadCaptured(), leadQualified());
  const only = [erase(deliveries), erase(deliveryQueues)];
  const projecting = await runProjections({ store: log, readModels, now: () => noon, only });
  await projecting.reached(await log.head());

  const count = { lookedUp: 0, reads: 0, appends: 0 };
  const store: EventStore = {
    ...log,
    read: (...asked) => {
      count.reads += 1;
      return log.read(...asked);
    },
    append: (...asked) => {
      count.appends += 1;
      return log.append(...asked);
    },
  };
  const find: ReadModels['find'] = (project, collection, query) => {
    if (collection.name === deliveries.name) count.lookedUp += 1;
    return readModels.find(project, collection, query);
  };
  const told: string[] = [];
  const engine = engineOver(store);
  const sending = startSending({
    engine,
    readModels: { ...readModels, find },
    clock: () => noon,
    newId: randomUUID,
    secrets: { get: async () => `whsec_${Buffer.alloc(32, 1).toString('base64')}` },
    schedule: [1_000],
    told: toldContext(engine.states),
    circuits: openCircuits(),
    head,
    rates: openRates(),
    recoveries: openRecoveries(),
    telemetry: { instruments: openInstruments() },
    onError: (error) => {
      throw error;
    },
    client: {
      send: async ({ headers }) => {
        told.push(headers['leadfold-delivery-id'] ?? '');
        await nextTurn();
        return { status: 200, ms: 1 };
      },
    },
  });
  onTestFinished(async () => {
    await sending.stop();
    await projecting.stop();
    await readModels.close();
    await log.close();
  });
  await sending.quiet();
  return { told, count };
};

it('What is due is sent without looking it up, and what two endpoints are told of a fact is read once', async () => {
  const { told, count } = await sent();
  expect(new Set(told).size).toBe(due);
  expect([told.length, count.appends]).toEqual([due, due]);
  // Each queue has the delivery that is first in it.
  expect(count.lookedUp).toBe(0);
  // Of each delivery what came of it, and of each lead the fact and how the lead was then; besides a few looks at the endpoints.
  expect(count.reads).toBeLessThanOrEqual(due + 2 * leads + 10);
});

it('What was recorded since it began is sent without asking the log whether it was', async () => {
  const { told, count } = await sent(async () => 0);
  expect(new Set(told).size).toBe(due);
  expect([told.length, count.appends]).toEqual([due, due]);
  expect(count.reads).toBeLessThanOrEqual(2 * leads + 10);
});
