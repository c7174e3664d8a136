import { expect, it, onTestFinished } from 'vitest';
import { renewOutdated } from '../../src/runners/renewal.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { madeBy } from '../../src/readmodels/generations.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { testClock } from '../support/app.ts';
import { engineOver, openLog } from '../support/engine.ts';

/** A log, read models that are brought up to it, and processes that look whether an older version made them. */
const given = async () => {
  const [store, readModels, { now }] = [openLog(), openSqliteReadModels(':memory:'), testClock()];
  const projecting = await runProjections({ store, readModels, now });
  onTestFinished(async () => {
    await projecting.stop();
    await readModels.close();
    await store.close();
  });
  const ids = { last: 0 };
  const looks = (name: string, version: number) => {
    const context = {
      engine: engineOver(store),
      readModels,
      head: () => store.head(),
      reached: (position: number) => projecting.reached(position),
    };
    return renewOutdated(context, [{ name, version }], () => `id-${(ids.last += 1)}`);
  };
  const asked = async () => {
    const head = await store.head();
    await projecting.reached(head);
    const jobs: string[] = [];
    const end = new AbortController();
    if (head > 0)
      for await (const { events, position } of store.follow(0, end.signal)) {
        for (const { type, data } of events)
          if (type === 'JobRequested') jobs.push(String(Reflect.get(Object(data), 'jobId')));
        if (position >= head) end.abort();
      }
    return jobs;
  };
  return { readModels, looks, asked };
};

it('What an older version of a projection made is asked for again, by one job whoever looks and how often', async () => {
  const { looks, asked } = await given();
  await Promise.all([looks('deadlines', 2), looks('deadlines', 2)]);
  await looks('deadlines', 2);
  expect(await asked()).toEqual(['rebuild-deadlines-1']);
});

it('What the same or a newer version made is left', async () => {
  const { readModels, looks, asked } = await given();
  await looks('deadlines', 1);
  await madeBy(readModels, 'deadlines', 3);
  for (const version of [2, 3]) await looks('deadlines', version);
  expect(await asked()).toEqual([]);
});
