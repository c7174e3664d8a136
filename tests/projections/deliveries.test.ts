import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deliveryIdOf, testType, toldIdOf } from '../../src/domain/deliveries/told.ts';
import type { Event } from '../../src/domain/event.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import type { DeliveryDocument } from '../../src/projections/deliveries.ts';
import { deliveries } from '../../src/projections/deliveries.ts';
import type { QueueDocument } from '../../src/projections/delivery-queues.ts';
import { deliveryQueues } from '../../src/projections/delivery-queues.ts';
import { erase } from '../../src/projections/projection.ts';
import { allProjects } from '../../src/projections/projects.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openLog } from '../support/engine.ts';
import {
  deliveryAttempted,
  deliveryForgotten,
  deliveryRequested,
  endpointAdded,
  endpointChanged,
  endpointDisabled,
  endpointEnabled,
  endpointId,
  endpointRemoved,
  leadId,
  leadQualified,
  leadScored,
  projectId,
  stageChanged,
} from '../support/facts.ts';

const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
const endpointsStream = `endpoints-${projectId}`;
const leadStream = `lead-${projectId}.${leadId}`;
const type = 'lead.qualified';

/** A log that facts are appended to, and that says which delivery a lead's fact makes. */
const openAppending = () => {
  const store = openLog();
  onTestFinished(() => store.close());
  const ends = new Map<string, number>();
  const append = async (stream: string, ...facts: readonly Event[]): Promise<string> => {
    const id = randomUUID();
    const before = ends.get(stream) ?? -1;
    const { revision } = await store.append(
      stream,
      before,
      facts.map((fact, n) => ({ ...fact, id: n === 0 ? id : randomUUID(), metadata })),
    );
    ends.set(stream, revision);
    return id;
  };
  return {
    store,
    endpoint: (fact: Event) => append(endpointsStream, fact),
    lead: (...facts: readonly Event[]) => append(leadStream, ...facts),
    qualify: async () => deliveryIdOf(endpointId, toldIdOf(await append(leadStream, leadQualified()), type)),
    delivery: (deliveryId: string, fact: Event) => append(`delivery-${projectId}.${deliveryId}`, fact),
  };
};

const open = async (store: EventStore) => {
  const readModels = openSqliteReadModels(':memory:');
  const only = [erase(deliveries), erase(deliveryQueues)];
  const running = await runProjections({ store, readModels, now: () => new Date(), only });
  onTestFinished(async () => {
    await running.stop();
    await readModels.close();
  });
  const all = { where: [], sort: [], limit: 200 };
  return {
    caughtUp: async () => running.reached(await store.head()),
    made: async (): Promise<{
      readonly rows: readonly DeliveryDocument[];
      readonly queues: readonly QueueDocument[];
    }> => {
      await running.reached(await store.head());
      return {
        rows: (await readModels.find(allProjects, deliveries, all)).docs,
        queues: (await readModels.find(allProjects, deliveryQueues, all)).docs,
      };
    },
  };
};

describe('Deliveries', () => {
  it('are made for what happens while an endpoint is there and enabled', async () => {
    const { store, endpoint, qualify } = openAppending();
    const { made } = await open(store);
    await qualify();
    await endpoint(endpointAdded());
    const first = await qualify();
    await endpoint(endpointDisabled());
    await qualify();
    await endpoint(endpointEnabled());
    const second = await qualify();
    await endpoint(endpointRemoved());
    await qualify();
    const { rows, queues } = await made();
    expect(rows.map(({ deliveryId }) => deliveryId).toSorted()).toEqual([first, second].toSorted());
    expect(queues).toMatchObject([{ endpointId, pending: 2 }]);
  });

  it('are made of what an endpoint wanted to be told of then', async () => {
    const { store, endpoint, lead } = openAppending();
    const { made } = await open(store);
    await endpoint(endpointAdded());
    await lead(leadScored());
    await endpoint(endpointChanged({ types: ['lead.scored'] }));
    await lead(leadScored(), leadQualified());
    expect((await made()).rows.map((row) => row.type)).toEqual(['lead.scored']);
  });

  it('are made of nothing that a new model did to leads', async () => {
    const { store, endpoint, lead } = openAppending();
    const { made } = await open(store);
    await endpoint(endpointAdded({ types: ['lead.scored', 'lead.stage_changed', 'lead.qualified'] }));
    await lead(leadScored({ cause: 'model' }), stageChanged(), leadQualified({ cause: 'model', quiet: true }));
    await lead(stageChanged());
    expect((await made()).rows).toEqual([]);
    await lead(leadScored({ cause: 'activity' }), stageChanged());
    expect((await made()).rows.map((row) => row.type).toSorted()).toEqual(['lead.scored', 'lead.stage_changed']);
  });

  it('wait in one queue for each endpoint and lead, which is due when its first is', async () => {
    const { store, endpoint, qualify, delivery } = openAppending();
    const { made } = await open(store);
    await endpoint(endpointAdded());
    const [first, second] = [await qualify(), await qualify()];
    expect((await made()).queues).toMatchObject([{ pending: 2, first: { deliveryId: first, tried: 0 } }]);
    const nextAt = '2026-03-11T00:00:00.000Z';
    await delivery(first, deliveryAttempted({ result: 'retry', status: 500, nextAt }));
    expect((await made()).queues).toMatchObject([
      { pending: 2, dueAt: nextAt, first: { deliveryId: first, tried: 1 } },
    ]);
    await delivery(first, deliveryAttempted({ attempt: 2 }));
    const { rows, queues } = await made();
    expect(queues).toMatchObject([{ pending: 1, queue: `${endpointId}.${leadId}` }]);
    // Which one is the first now has to be looked up.
    expect(queues[0]?.first).toBeUndefined();
    expect(queues[0]?.dueAt).not.toBe(nextAt);
    expect(rows.find(({ deliveryId }) => deliveryId === first)).toMatchObject({ state: 'succeeded', attempted: 2 });
    await delivery(second, deliveryAttempted());
    expect((await made()).queues).toEqual([]);
  });

  it('that are first in their queues are told of by those, where they tell of a fact', async () => {
    const { store, endpoint, qualify, delivery } = openAppending();
    const { made } = await open(store);
    await endpoint(endpointAdded());
    const deliveryId = await qualify();
    const { queues, rows } = await made();
    expect(queues).toMatchObject([{ first: { deliveryId, leadId, type, tried: 0, order: rows[0]?.order } }]);
    expect(queues[0]?.first?.fact).toEqual(rows[0]?.fact);
    await delivery(deliveryId, deliveryAttempted());
    const fact = { stream: leadStream, revision: 0, position: 2 };
    await delivery(deliveryId, deliveryRequested({ fact }));
    const asked = await made();
    expect(asked.queues).toMatchObject([{ pending: 1, first: { deliveryId, fact, order: asked.rows[0]?.order } }]);
    await delivery('a-test', deliveryRequested({ reason: 'test', type: testType }));
    expect((await made()).queues.map(({ pending, first }) => [pending, first?.deliveryId])).toEqual([[2, deliveryId]]);
    await delivery(deliveryId, deliveryAttempted());
    expect((await made()).queues.map(({ pending, first }) => [pending, first])).toEqual([[1, undefined]]);
  });

  it('leave their queue by what is left in the log once what came of them was taken out of it', async () => {
    const log = openAppending();
    await log.endpoint(endpointAdded());
    const [first, second, third] = [await log.qualify(), await log.qualify(), await log.qualify()];
    await log.delivery(first, deliveryForgotten({ pending: false }));
    const { made } = await open(log.store);
    expect((await made()).queues).toMatchObject([{ pending: 2, ids: [second, third] }]);
    await log.delivery(second, deliveryForgotten({ pending: true }));
    await log.delivery(third, deliveryAttempted());
    await log.delivery(third, deliveryForgotten({ pending: false }));
    expect((await made()).queues).toEqual([]);
  });

  it('that are forgotten behind the first leave it to its time', async () => {
    const log = openAppending();
    await log.endpoint(endpointAdded());
    const [first, second] = [await log.qualify(), await log.qualify()];
    const nextAt = '2026-03-10T18:00:00.000Z';
    await log.delivery(first, deliveryAttempted({ status: 503, result: 'retry', nextAt }));
    await log.delivery(second, deliveryForgotten({ pending: true }));
    const { made } = await open(log.store);
    expect((await made()).queues).toMatchObject([{ pending: 1, ids: [first], dueAt: nextAt }]);
  });

  it('beyond those that a queue names are counted', async () => {
    const log = openAppending();
    await log.endpoint(endpointAdded());
    const made: string[] = [];
    for (let n = 0; n < 203; n++) made.push(await log.qualify());
    for (const deliveryId of made.slice(0, 202)) await log.delivery(deliveryId, deliveryAttempted());
    const { made: shown } = await open(log.store);
    expect((await shown()).queues).toMatchObject([{ pending: 1, ids: [] }]);
    await log.delivery(made[202] ?? '', deliveryAttempted());
    expect((await shown()).queues).toEqual([]);
  });

  it('are the same however often and from wherever the log is read', async () => {
    const steps = fc.constantFrom(
      'add',
      'change',
      'remove',
      'disable',
      'enable',
      'happen',
      'fail',
      'tell',
      'ask',
      'forget',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(steps, fc.boolean()), { maxLength: 25 }), async (given) => {
        const { store, endpoint, qualify, delivery } = openAppending();
        const live = await open(store);
        let last: string | undefined;
        for (const [step, wait] of given) {
          if (step === 'add') await endpoint(endpointAdded());
          if (step === 'change') await endpoint(endpointChanged({ types: ['lead.qualified', 'lead.scored'] }));
          if (step === 'remove') await endpoint(endpointRemoved());
          if (step === 'disable') await endpoint(endpointDisabled());
          if (step === 'enable') await endpoint(endpointEnabled());
          if (step === 'happen') last = await qualify();
          if (last !== undefined && step === 'fail') await delivery(last, deliveryAttempted({ result: 'failed' }));
          if (last !== undefined && step === 'tell') await delivery(last, deliveryAttempted());
          if (last !== undefined && step === 'ask') await delivery(last, deliveryRequested());
          if (last !== undefined && step === 'forget') await delivery(last, deliveryForgotten());
          if (wait) await live.caughtUp();
        }
        expect(await live.made()).toEqual(await (await open(store)).made());
      }),
      { numRuns: 30 },
    );
  });
});
