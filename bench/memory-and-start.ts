import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './support/benchmark.ts';
import { bodiesOf } from './support/events.ts';
import { loaded } from './support/load.ts';
import type { Prepared } from './support/prepared.ts';
import { activeLeads, millionEvents } from './support/prepared.ts';
import { startProduct } from './support/product.ts';
import { headOf } from './support/stored.ts';

const json = { 'content-type': 'application/json' };
const bodies = bodiesOf(20 * activeLeads, activeLeads);

/** Starts the product and tells how many ms that took, from the start of its process to its first 202. */
const coldStart = async ({ dataDir, apiKey }: Prepared) => {
  const headers = { ...json, authorization: `Bearer ${apiKey}` };
  const begun = performance.now();
  const hasStarted = async (url: string): Promise<boolean> =>
    (await fetch(`${url}/api/events/ingest`, { method: 'POST', headers, body: bodies[0] ?? '' })).status === 202;
  const product = await startProduct({ dataDir, hasStarted });
  return { product, took: performance.now() - begun };
};

/**
 * Deletes one projection, so that the next start reads all events again: the one of the fewest documents, since it is about
 * what reading leaves in memory, and how long the documents of the others take is measured elsewhere.
 */
const forgetDashboard = (dataDir: string): void => {
  const db = new DatabaseSync(join(dataDir, 'read-models.db'));
  db.exec(`DELETE FROM "docs.dashboard"; DELETE FROM checkpoints WHERE name = 'dashboard'`);
  db.close();
};

const checkpointOf = (dataDir: string): number => {
  const db = new DatabaseSync(join(dataDir, 'read-models.db'), { readOnly: true });
  const row = db.prepare(`SELECT position FROM checkpoints WHERE name = 'dashboard'`).get();
  db.close();
  return Number(row?.['position'] ?? 0);
};

const untilRead = async (dataDir: string, head: number): Promise<void> => {
  const limit = performance.now() + 120_000;
  while (checkpointOf(dataDir) < head) {
    if (performance.now() > limit) throw new Error(`The dashboard did not come to position ${head} in two minutes`);
    await sleep(50);
  }
};

/** How much memory the product has, in MB, when it has read all events of a log and taken new ones. */
const memoryAfter = async (log: Prepared): Promise<number> => {
  forgetDashboard(log.dataDir);
  const head = headOf(log.dataDir);
  const product = await startProduct({
    dataDir: log.dataDir,
    hasStarted: async (url) => (await fetch(`${url}/livez`)).ok,
  });
  await untilRead(log.dataDir, head);
  const headers = { ...json, authorization: `Bearer ${log.apiKey}` };
  await loaded({ url: product.url, path: '/api/events/ingest', connections: 50, seconds: 1, headers, bodies }, 202);
  const memory = await product.memory();
  await product.stop();
  return memory;
};

/** What a process takes that has many events. */
export const memoryAndStart: Benchmark = {
  name: 'memory-and-start',
  about: 'Memory after a million events were read, and the time from a start with a million events to the first 202',
  seconds: 50,
  run: async (lab) => {
    const log = await millionEvents(lab);
    const [memory, start]: [number[], number[]] = [[], []];
    for (let round = 1; round <= lab.rounds; round++) {
      lab.say(`round ${round} of ${lab.rounds}`);
      const { product, took } = await coldStart(log);
      await product.stop();
      start.push(took);
      memory.push(await memoryAfter(log));
    }
    return [
      { name: 'Memory after reading 1 million events', unit: 'MB', runs: memory, goal: { atMost: 350 } },
      { name: 'Start with 1 million events, to the first 202', unit: 'ms', runs: start, goal: { atMost: 2_000 } },
    ];
  },
};
