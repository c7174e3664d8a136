import { expect, it, onTestFinished } from 'vitest';
import { freePlace } from '../../src/commands/routing/free-place.ts';
import { memoryOf } from '../../src/engine/folded.ts';
import { keepSnapshots, snapshotCollection } from '../../src/engine/snapshots.ts';
import { pool } from '../../src/domain/routing/pool.ts';
import type { EventStore, NewEvent } from '../../src/eventstore/event-store.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { engineOver, openLog, request } from '../support/engine.ts';
import { projectId } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const stream = `pool-${projectId}`;
const freed = (nth: number): NewEvent => ({
  type: 'LeadFreed',
  data: { leadId: `lead-${nth}`, credit: false, reason: 'closed', freedAt: noon.toISOString() },
  id: crypto.randomUUID(),
  metadata: { commandId: `free-place/${nth}`, correlationId: 'test', causationId: 'test' },
});

/** A log with a pool of so many commands, and what is read of it. */
const logOf = async (commands: number) => {
  const store = openLog();
  onTestFinished(() => store.close());
  for (let from = 0; from < commands; from += 5_000) {
    const facts = Array.from({ length: 5_000 }, (_, nth) => freed(from + nth));
    await store.append(stream, from - 1, facts);
  }
  const counted = { reads: 0, facts: 0 };
  const read: EventStore['read'] = async (...asked) => {
    const page = await store.read(...asked);
    counted.reads += 1;
    counted.facts += page.events.length;
    return page;
  };
  return { store: { ...store, read }, counted };
};

it('A pool of 60,000 commands that may come again takes little memory, and has a snapshot that knows them all', async () => {
  const { store, counted } = await logOf(60_000);
  const readModels = openSqliteReadModels(':memory:');
  onTestFinished(() => readModels.close());
  const maxBytes = 100_000_000;
  const snapshots = keepSnapshots(readModels, { patience: 10_000 });
  const { states } = engineOver(store, { maxBytes, snapshots });
  const folded = await states.get(pool, projectId);
  expect((memoryOf(folded) - folded.size) / 60_000).toBeLessThan(24);
  await snapshots.written();
  const document = await readModels.get(projectId, snapshotCollection, stream);
  expect(JSON.stringify(document).length / 60_000).toBeLessThan(11);

  counted.facts = 0;
  const next = engineOver(store, { maxBytes, snapshots: keepSnapshots(readModels, { patience: 10_000 }) });
  await next.states.get(pool, projectId);
  expect(counted.facts).toBeLessThan(50);
  counted.reads = 0;
  for (const nth of [0, 1, 31_337, 59_990]) {
    const free = { projectId, leadId: 'another', credit: true, reason: 'declined' };
    const { revision, events } = await next.handle(freePlace, free, request(`free-place/${nth}`));
    expect({ revision, events }).toMatchObject({ revision: nth, events: [{ data: { leadId: `lead-${nth}` } }] });
  }
  // One a command, and one more where a command has the hash of another.
  expect(counted.reads).toBeLessThan(6);
  expect(await store.head()).toBe(60_000);
});
