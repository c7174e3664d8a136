import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { deliveryIdOf, testType } from '../../../src/domain/deliveries/told.ts';
import type { Place } from '../../../src/eventstore/event-store.ts';
import type { DeliveryDocument } from '../../../src/projections/deliveries.ts';
import { deliveries, queueOf } from '../../../src/projections/deliveries.ts';
import type { QueueDocument } from '../../../src/projections/delivery-queues.ts';
import { deliveryQueues } from '../../../src/projections/delivery-queues.ts';
import { erase } from '../../../src/projections/projection.ts';
import { allProjects } from '../../../src/projections/projects.ts';
import { toldContext } from '../../../src/queries/deliveries/told.ts';
import type { ReadModels } from '../../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../../src/readmodels/sqlite/read-models.ts';
import { openCircuits } from '../../../src/runners/deliveries/circuits.ts';
import { openRates } from '../../../src/runners/deliveries/rates.ts';
import { startSending } from '../../../src/runners/deliveries/sending.ts';
import { runProjections } from '../../../src/runners/projections.ts';
import { openRecoveries } from '../../../src/runners/recoveries.ts';
import { openInstruments } from '../../../src/telemetry/instruments.ts';
import { engineOver, openLog } from '../../support/engine.ts';
import { endpointAdded, projectId } from '../../support/facts.ts';
import { noon } from '../../support/noon.ts';

/** How many deliveries are pending. What a million takes is measured with PENDING=1000000. */
const pending = Number(process.env['PENDING'] ?? 5_000);
const [busy, quiet] = [`${projectId}-aaaaaaaaaaaa`, `${projectId}-zzzzzzzzzzzz`];
const [toQuiet, page] = [20, 5_000];
const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };

/** How much of the heap is in use once what is not has been collected, in bytes. */
const inUse = (): number => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
};

/** Puts deliveries into read models as if they had been derived, and never sent, by when the log had its last fact. */
const prepare = async (readModels: ReadModels, endpointId: string, count: number, last: Place): Promise<void> => {
  const { position } = last;
  for (let from = 0; from < count; from += page) {
    const ids = Array.from({ length: Math.min(page, count - from) }, (_, n) => deliveryIdOf(endpointId, `${from + n}`));
    const docOf = (deliveryId: string): DeliveryDocument => ({
      deliveryId,
      projectId,
      endpointId,
      toldId: randomUUID(),
      type: testType,
      state: 'pending',
      attempts: [],
      tried: 0,
      attempted: 0,
      createdAt: noon.toISOString(),
      queue: queueOf(endpointId, undefined, deliveryId),
      order: position,
      forgetAt: noon.toISOString(),
    });
    const made = ids.map((id) => ({ project: allProjects, id, position, doc: docOf(id) }));
    const queues = ids.map((id) => {
      const queue = queueOf(endpointId, undefined, id);
      const doc: QueueDocument = {
        queue,
        projectId,
        endpointId,
        pending: 1,
        ids: [id],
        dueAt: noon.toISOString(),
        last: position,
      };
      return { project: allProjects, id: queue, position, doc };
    });
    await readModels.save(deliveries, made, position, last);
    await readModels.save(deliveryQueues, queues, position, last);
  }
};

const url = (endpointId: string): string => `https://${endpointId}.example.com/`;
const facts = [busy, quiet].map((endpointId) => ({
  ...endpointAdded({ endpointId, url: url(endpointId) }),
  id: randomUUID(),
  metadata,
}));
const last: Place = { id: facts[1]?.id ?? '', stream: `endpoints-${projectId}`, revision: 1, position: 2 };

/** Read models that each test begins with a copy of; indexes come last, which takes less long. */
const prepared = { folder: '' };
beforeAll(async () => {
  prepared.folder = mkdtempSync(join(tmpdir(), 'leadfold-pending-'));
  const readModels = openSqliteReadModels(join(prepared.folder, 'read-models.db'));
  await readModels.prepare([deliveries, deliveryQueues], { bare: true });
  await prepare(readModels, busy, pending, last);
  await prepare(readModels, quiet, toQuiet, last);
  await readModels.prepare([deliveries, deliveryQueues]);
  await readModels.close();
}, 600_000);
afterAll(() => rmSync(prepared.folder, { recursive: true }));

/** What sends, over a log with two endpoints. `send` is asked for each attempt; `count` says what was read and is under way. */
const opened = async (send: (endpointId: string) => Promise<void>) => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-pending-'));
  cpSync(prepared.folder, folder, { recursive: true });
  const [log, readModels] = [openLog(), openSqliteReadModels(join(folder, 'read-models.db'))];
  await readModels.prepare([deliveries, deliveryQueues]);
  await log.append(last.stream, -1, facts);
  const only = [erase(deliveries), erase(deliveryQueues)];
  const projecting = await runProjections({ store: log, readModels, now: () => noon, only });
  const count = { largest: 0, underway: 0, mostUnderway: 0, rows: 0 };
  const told: string[] = [];
  const counted: ReadModels = {
    ...readModels,
    find: async (...asked) => {
      const found = await readModels.find(...asked);
      count.rows += found.docs.length;
      count.largest = Math.max(count.largest, found.docs.length);
      return found;
    },
  };
  const engine = engineOver(log);
  const begin = () => {
    const sending = startSending({
      engine,
      readModels: counted,
      clock: () => noon,
      newId: randomUUID,
      secrets: { get: async () => `whsec_${Buffer.alloc(32, 1).toString('base64')}` },
      schedule: [1_000],
      told: toldContext(engine.states),
      circuits: openCircuits(),
      rates: openRates(),
      recoveries: openRecoveries(),
      telemetry: { instruments: openInstruments() },
      onError: (error) => {
        throw error;
      },
      client: {
        send: async ({ url: sentTo, signal }) => {
          const endpointId = new URL(sentTo).hostname.split('.')[0] ?? '';
          count.underway += 1;
          count.mostUnderway = Math.max(count.mostUnderway, count.underway);
          told.push(endpointId);
          // A receiver never answers in the same turn.
          await nextTurn();
          const aborted = new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
          await Promise.race([send(endpointId), aborted]);
          count.underway -= 1;
          return signal?.aborted === true ? { error: 'cancelled', ms: 1 } : { status: 200, ms: 1 };
        },
      },
    });
    onTestFinished(async () => {
      await sending.stop();
      await projecting.stop();
      await readModels.close();
      await log.close();
      rmSync(folder, { recursive: true });
    });
    return sending;
  };
  const toldTo = (endpointId: string) => told.filter((each) => each === endpointId).length;
  return { begin, count, told, toldTo };
};

describe(`With ${pending} deliveries pending for one endpoint`, () => {
  it('another one is told at once, though that one hangs, and little is in hand', async () => {
    const { begin, count, toldTo } = await opened((id) =>
      id === busy ? new Promise(() => undefined) : Promise.resolve(),
    );
    const before = inUse();
    const began = performance.now();
    begin();
    await expect.poll(() => toldTo(quiet), { timeout: 10_000, interval: 1 }).toBe(toQuiet);
    const took = Math.round(performance.now() - began);
    const grown = Math.round((inUse() - before) / 1e6);
    if (process.env['PENDING'] !== undefined)
      console.log(`told after ${took} ms, ${grown} MB more in use, rows read: ${count.rows}`);
    expect(toldTo(busy)).toBeLessThanOrEqual(8);
    expect(count.largest).toBeLessThanOrEqual(200);
    expect(count.rows).toBeLessThan(1_000);
    expect(grown).toBeLessThan(50);
  });

  it('what is read and in hand stays as little while all of that is sent', async () => {
    const { begin, count, told, toldTo } = await opened(() => Promise.resolve());
    const before = inUse();
    const began = performance.now();
    begin();
    const enough = 1_000;
    await expect.poll(() => toldTo(busy), { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(enough);
    const rate = Math.round((told.length * 1_000) / (performance.now() - began));
    const grown = Math.round((inUse() - before) / 1e6);
    if (process.env['PENDING'] !== undefined) console.log(`${rate} told a second, ${grown} MB more in use`);
    // The other one had its turn meanwhile.
    expect(told.slice(0, 500).filter((each) => each === quiet)).toHaveLength(toQuiet);
    expect(count.mostUnderway).toBeLessThanOrEqual(16);
    // Besides a page what was sent and is not shown as that yet.
    expect(count.largest).toBeLessThanOrEqual(100 + told.length);
    expect(grown).toBeLessThan(50);
  });
});
