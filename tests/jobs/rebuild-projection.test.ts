import { expect, it, onTestFinished } from 'vitest';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { rebuildProjection } from '../../src/jobs/rebuild-projection.ts';
import type { JobAt } from '../../src/jobs/job-handler.ts';
import { history } from '../../src/projections/history.ts';
import { leads } from '../../src/projections/leads.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { generationName, servingOf } from '../../src/readmodels/generations.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { testClock } from '../support/app.ts';
import { engineOver, openLog, request } from '../support/engine.ts';
import { idOf, leadCaptured, projectId, userId } from '../support/facts.ts';

const users = ['u1', 'u2', 'u3'].map((name) => userId(name));

const logOf = async (): Promise<EventStore> => {
  const store = openLog();
  for (const identifier of users) {
    const [leadId, metadata] = [idOf(identifier), { correlationId: 'test', causationId: 'test' }];
    const fact = leadCaptured({ leadId, identifier });
    const commandId = `capture ${leadId}`;
    await store.append(`lead-${projectId}.${leadId}`, -1, [
      { ...fact, id: crypto.randomUUID(), metadata: { ...metadata, commandId } },
    ]);
  }
  return store;
};

/** A process that projects and rebuilds, with read models that nobody wrote to before. */
const openProcess = async (store: EventStore) => {
  const [readModels, { now }] = [openSqliteReadModels(':memory:'), testClock()];
  const projecting = await runProjections({ store, readModels, now });
  onTestFinished(async () => {
    await projecting.stop();
    await readModels.close();
  });
  await projecting.reached(await store.head());
  const context = {
    engine: engineOver(store),
    readModels,
    clock: now,
    othersLag: 0,
    sleep: () => Promise.resolve(),
    head: () => store.head(),
    reached: (position: number) => projecting.reached(position),
    request: request('rebuild'),
    signal: new AbortController().signal,
  };
  const { step } = rebuildProjection(projecting, [leads.name, history.name]);
  /** Goes on with a job until it is complete or where the condition says. */
  const until = async (job: JobAt, isThere: (cursor: string) => boolean = () => false): Promise<JobAt> => {
    const progress = await step(job, context);
    const next = { ...job, ...progress };
    return progress.complete || isThere(progress.cursor) ? next : until(next, isThere);
  };
  const shown = async () => {
    const name = generationName(leads.name, await servingOf(readModels, leads.name));
    const { docs } = await readModels.find(projectId, { ...leads, name }, { where: [], sort: [], limit: 10 });
    return docs.map(({ leadId }) => leadId).toSorted();
  };
  return {
    until,
    shown,
    serving: () => servingOf(readModels, leads.name),
    history: () => servingOf(readModels, history.name),
  };
};

const asked: JobAt = {
  projectId: '_system',
  jobId: '_system.rebuild-leads-1',
  kind: 'rebuild-projection',
  details: { projection: leads.name, generation: 1 },
  cursor: '',
  done: 0,
  total: 0,
  position: 0,
  requestedAt: '2026-03-10T12:00:00.000Z',
};

const begun = async () => {
  const store = await logOf();
  onTestFinished(() => store.close());
  return { store, all: users.map(idOf).toSorted() };
};

it('A new generation serves everything that the old one did', async () => {
  const { store, all } = await begun();
  const { until, shown, serving } = await openProcess(store);
  expect(await until(asked)).toMatchObject({ complete: true, result: { generation: 1, documents: 3 } });
  expect({ serving: await serving(), shown: await shown() }).toEqual({ serving: 1, shown: all });
});

it('All projections are built, serve and lose what was before together, by one job', async () => {
  const { store, all } = await begun();
  const { until, shown, serving, history: generationOfHistory } = await openProcess(store);
  const every = { ...asked, jobId: '_system.rebuild-all-1', details: { projection: '*', generation: 1 } };
  const swapping = await until(every, (cursor) => cursor === 'swap');
  expect({ serving: await serving(), generationOfHistory: await generationOfHistory() }).toEqual({
    serving: 0,
    generationOfHistory: 0,
  });
  expect(await until(swapping)).toMatchObject({ complete: true, result: { generation: 1, documents: 3 } });
  expect({ serving: await serving(), generationOfHistory: await generationOfHistory(), shown: await shown() }).toEqual({
    serving: 1,
    generationOfHistory: 1,
    shown: all,
  });
});

it.each([
  ['before the new generation serves', (cursor: string) => cursor === 'swap'],
  ['after the new generation serves, before the old one is dropped', (cursor: string) => cursor.startsWith('{')],
])('Read models that are deleted %s lose nothing: the job builds again', async (_, isThere) => {
  const { store, all } = await begun();
  const stopped = await (await openProcess(store)).until(asked, isThere);

  const { until, shown, serving } = await openProcess(store);
  expect(await until(stopped)).toMatchObject({ complete: true, result: { generation: 1, documents: 3 } });
  expect({ serving: await serving(), shown: await shown() }).toEqual({ serving: 1, shown: all });
});
