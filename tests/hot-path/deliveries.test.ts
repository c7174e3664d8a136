import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { deliveryIdOf, toldIdOf } from '../../src/domain/deliveries/told.ts';
import type { Event } from '../../src/domain/event.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { deliveries } from '../../src/projections/deliveries.ts';
import { deliveryQueues } from '../../src/projections/delivery-queues.ts';
import { erase } from '../../src/projections/projection.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openLog } from '../support/engine.ts';
import {
  deliveryAttempted,
  endpointAdded,
  leadId,
  leadQualified,
  leadScored,
  projectId,
  stageChanged,
} from '../support/facts.ts';

const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };

/** A log and read models that count what deliveries cost them. */
const counted = async () => {
  const [log, documents] = [openLog(), openSqliteReadModels(':memory:')];
  const count = { facts: 0, reads: 0, loads: 0, saves: 0 };
  const store: EventStore = {
    ...log,
    read: (...asked) => {
      count.reads += 1;
      return log.read(...asked);
    },
    follow: async function* (...asked) {
      for await (const batch of log.follow(...asked)) {
        count.facts += batch.events.length;
        yield batch;
      }
    },
  };
  const readModels: ReadModels = {
    ...documents,
    load: (...asked) => {
      count.loads += 1;
      return documents.load(...asked);
    },
    save: (...asked) => {
      count.saves += 1;
      return documents.save(...asked);
    },
  };
  const only = [erase(deliveries), erase(deliveryQueues)];
  const running = await runProjections({ store, readModels, now: () => new Date(), only });
  onTestFinished(async () => {
    await running.stop();
    await documents.close();
    await log.close();
  });
  const ends = new Map<string, number>();
  return {
    costOf: async (stream: string, ...facts: readonly (Event & { readonly id?: string })[]) => {
      Object.assign(count, { facts: 0, reads: 0, loads: 0, saves: 0 });
      const recorded = facts.map((fact) => ({ id: randomUUID(), ...fact, metadata }));
      const { revision, position } = await log.append(stream, ends.get(stream) ?? -1, recorded);
      ends.set(stream, revision);
      await running.reached(position);
      return { ...count };
    },
  };
};

const [leads, endpoints] = [`lead-${projectId}.${leadId}`, `endpoints-${projectId}`];
const nothing = { facts: 0, reads: 0, loads: 0, saves: 0 };

it('Deliveries cost nothing while there is no endpoint, and what nobody asked for is not read', async () => {
  const { costOf } = await counted();
  expect(await costOf(leads, leadScored(), leadQualified())).toEqual(nothing);
  await costOf(endpoints, endpointAdded({ types: ['lead.qualified'] }));
  expect(await costOf(leads, leadScored(), leadScored())).toEqual(nothing);
  const first = await costOf(leads, leadScored(), leadQualified());
  expect([first.facts, first.saves]).toEqual([2, 2]);
  // Which endpoints there are is known by now.
  expect(await costOf(leads, leadScored(), leadQualified())).toMatchObject({ facts: 2, reads: 0, saves: 2 });
  // What could be told, and nobody here wants, is not looked at any further: not at the fact before it either.
  expect(await costOf(leads, stageChanged())).toEqual({ ...nothing, facts: 2 });
  // Another project without an endpoint is looked at once.
  await costOf('lead-other.l1', leadQualified());
  expect(await costOf('lead-other.l1', leadQualified())).toMatchObject({ reads: 0, loads: 0, saves: 0 });
});

it('What came of a delivery is projected without reading what was known of it just now', async () => {
  const { costOf } = await counted();
  const { data } = endpointAdded({ types: ['lead.qualified'] });
  await costOf(endpoints, endpointAdded(data));
  const fact = { ...leadQualified(), id: randomUUID() };
  await costOf(leads, leadScored(), fact);
  const { endpointId } = data;
  const delivery = `delivery-${projectId}.${deliveryIdOf(endpointId, toldIdOf(fact.id, 'lead.qualified'))}`;
  const attempted = deliveryAttempted({ endpointId, leadId, attempt: 1, result: 'succeeded' });
  expect(await costOf(delivery, attempted)).toEqual({ facts: 2, reads: 0, loads: 0, saves: 2 });
});
