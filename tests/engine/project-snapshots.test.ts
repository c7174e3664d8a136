import { expect, it, onTestFinished } from 'vitest';
import { keepSnapshots } from '../../src/engine/snapshots.ts';
import { project } from '../../src/domain/projects/project.ts';
import type { EventStore, NewEvent } from '../../src/eventstore/event-store.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { engineOver, openLog } from '../support/engine.ts';
import { projectId } from '../support/facts.ts';

const stream = `project-${projectId}`;

const issued = (nth: number): NewEvent => ({
  type: 'KeyIssued',
  data: { keyId: `k${nth}`, name: `Key ${nth}`, scopes: ['leads:read'], hash: String(nth).padEnd(64, '0') },
  id: crypto.randomUUID(),
  metadata: { commandId: `issue/${nth}`, correlationId: 'c', causationId: 'c' },
});

/** A log with a project of so many keys, which tells how many facts were read of it. */
const logOf = async (keys: number) => {
  const store = openLog();
  const counted = { read: 0 };
  const read: EventStore['read'] = async (...asked) => {
    const page = await store.read(...asked);
    counted.read += page.events.length;
    return page;
  };
  await store.append(
    stream,
    -1,
    Array.from({ length: keys }, (_, nth) => issued(nth)),
  );
  const readModels = openSqliteReadModels(':memory:');
  onTestFinished(async () => {
    await readModels.close();
    await store.close();
  });
  return { store: { ...store, read }, counted, readModels };
};

it('A project of many facts is not folded from the first one when a process begins', async () => {
  const { store, counted, readModels } = await logOf(3_000);
  const first = keepSnapshots(readModels);
  await engineOver(store, { snapshots: first }).states.get(project, projectId);
  await first.written();

  counted.read = 0;
  const next = engineOver(store, { snapshots: keepSnapshots(readModels) });
  const { state, revision } = await next.states.get(project, projectId);
  expect({ keysCount: state.keys.size, revision }).toEqual({ keysCount: 3_000, revision: 2_999 });
  expect(counted.read).toBeLessThan(100);
});

it('A project that stays in memory has another snapshot when it has grown by a quarter', async () => {
  const { store, counted, readModels } = await logOf(200);
  const snapshots = keepSnapshots(readModels);
  const { states } = engineOver(store, { snapshots });
  await states.get(project, projectId);
  await store.append(
    stream,
    199,
    Array.from({ length: 120 }, (_, nth) => issued(200 + nth)),
  );
  await states.refresh(project, projectId);
  await snapshots.written();

  counted.read = 0;
  const { state } = await engineOver(store, { snapshots: keepSnapshots(readModels) }).states.get(project, projectId);
  expect(state.keys.size).toBe(320);
  expect(counted.read).toBeLessThan(40);
});
