import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { batchesOf, eventOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { loaded } from './support/load.ts';
import type { Product } from './support/product.ts';
import { untilQuiet } from './support/quiet.ts';
import { startVisited } from './support/visited.ts';

/** So many events fill what is kept of leads in memory. */
const events = 100_000;
const [size, connections] = [500, 4];

/** How many leads are busy at a time: as many as fit in memory, and as many as there are events. */
const crowds = [1_000, 100_000] as const;

/** How often memory is looked at, in ms. */
const glance = 250;

/** The most memory that a product has, in MB, until something is done. */
const mostMemory = async ({ memory }: Product, done: Promise<unknown>): Promise<number> => {
  const state = { most: 0, over: false };
  const end = (): void => {
    state.over = true;
  };
  done.then(end, end);
  while (!state.over) {
    state.most = Math.max(state.most, await memory());
    await sleep(glance);
  }
  await done;
  return state.most;
};

/** The most memory, in MB, that a new product has while so many leads are busy, and until it has done all that follows. */
const memoryWith = async ({ folder }: Lab, leads: number): Promise<number> => {
  const visited = await startVisited(folder());
  const { product, apiKey } = visited;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const bodies = batchesOf((index) => eventOf(index, leads), {
    count: events / size,
    size,
    field: 'events',
    first: visited.met(events),
  });
  const load = { url: product.url, path: '/api/events/batch', headers, connections, bodies, once: true };
  const most = await mostMemory(
    product,
    loaded(load, 200).then(() => untilQuiet(product)),
  );
  await visited.end();
  return most;
};

/** What a process takes while events come in. */
export const memory: Benchmark = {
  name: 'memory',
  about: `The most memory while ${events.toLocaleString('en-US')} events come in, ${size} a request over ${connections} connections`,
  seconds: 300,
  apart: true,
  run: async (lab) => {
    const runs = crowds.map((leads) => ({ leads, most: [] as number[] }));
    for (let round = 1; round <= lab.rounds; round++) {
      for (const { leads, most } of runs) {
        lab.say(`${leads} busy leads, round ${round} of ${lab.rounds}`);
        most.push(await memoryWith(lab, leads));
      }
    }
    return runs.map(({ leads, most }): Figure => ({
      name: `${leads.toLocaleString('en-US')} busy leads`,
      unit: 'MB',
      runs: most,
      goal: { atMost: 350 },
    }));
  },
};
