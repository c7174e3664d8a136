import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Lab } from './support/benchmark.ts';
import type { Figure } from './support/figures.ts';
import { lagFigures } from './support/lag.ts';
import { loaded } from './support/load.ts';
import { needPipeline, startPipeline } from './support/pipeline.ts';
import { untilQuiet } from './support/quiet.ts';
import { shownAt } from './support/shown.ts';
import { headOf } from './support/stored.ts';
import { startVisited } from './support/visited.ts';
import type { Visited } from './support/visited.ts';
import { batchesOf, bodiesOf, eventOf } from './support/events.ts';

const size = 500;
const leads = 1_000;
const json = { 'content-type': 'application/json' };

/** How events come: over so many connections, with so many in each request; and how many in a round, to ours and to the pipeline. */
const ways = [
  { name: 'One event a request', connections: 50, each: 1, events: 5_000, theirs: 5_000, goal: 1.75 },
  { name: `Batches of ${size}`, connections: 4, each: size, events: 16_000, theirs: 8_000, goal: 2.5 },
] as const;
type Way = (typeof ways)[number];

/** So many events before anything counts: then Node has compiled what is hot, as it has in a service that runs for days. */
const warmUp = { events: 16_000, theirs: 4_000 };

const secondsSince = (begun: number): number => (performance.timeOrigin + performance.now() - begun) / 1_000;

const bodiesFor = ({ each }: Way, first: number, count: number): readonly string[] =>
  each === 1
    ? bodiesOf(count, leads, first)
    : batchesOf((index) => eventOf(index, leads), { count: count / size, size, field: 'events', first });

/** Events a second from the first request until the read models have the last event. */
const ourRate = async (ours: Visited, way: Way, events: number): Promise<number> => {
  const { product, apiKey } = ours;
  await untilQuiet(product);
  const headers = { ...json, authorization: `Bearer ${apiKey}` };
  const [path, status] = way.each === 1 ? ['/api/events/ingest', 202] : ['/api/events/batch', 200];
  const load = { url: product.url, path, headers, connections: way.connections, once: true };
  const { begun } = await loaded({ ...load, bodies: bodiesFor(way, ours.met(events), events) }, status);
  await shownAt(product, apiKey, headOf(product.dataDir));
  return events / secondsSince(begun);
};

/** The pipeline, running, and how many events a second it takes from the first request until the worker has scored the last one. */
const startTheirs = async ({ folder }: Lab) => {
  const pipeline = await startPipeline(folder());
  let met = 0;
  const rate = async (way: Way, events: number): Promise<number> => {
    const path = way.each === 1 ? '/events' : '/batch';
    const load = { url: pipeline.url, path, headers: json, connections: way.connections, once: true };
    const { begun } = await loaded({ ...load, bodies: bodiesFor(way, met, events) }, 202);
    met += events;
    while ((await pipeline.done()) < met) await sleep(5);
    return events / secondsSince(begun);
  };
  const end = async (): Promise<void> => {
    await pipeline.mustHave(met);
    await pipeline.stop();
  };
  return { rate, end };
};

// The goal is against the pipeline that promises what we do: what was acknowledged is on disk.
const ratesOf = async (lab: Lab, ours: Visited): Promise<readonly Figure[]> => {
  const theirs = await startTheirs(lab);
  const runs = ways.map((way) => ({ way, own: [] as number[], others: [] as number[] }));
  lab.say('warming up');
  for (const { way } of runs) {
    await theirs.rate(way, warmUp.theirs);
    await ourRate(ours, way, warmUp.events);
  }
  for (let round = 1; round <= lab.rounds; round++) {
    for (const { way, own, others } of runs) {
      lab.say(`${way.name}, round ${round} of ${lab.rounds}`);
      others.push(await theirs.rate(way, way.theirs));
      own.push(await ourRate(ours, way, way.events));
    }
  }
  await theirs.end();
  return runs.map(({ way, own, others }) => {
    const reference = { name: 'HTTP, BullMQ, lock, Redis that syncs first', runs: others };
    return {
      name: `${way.name}, until all can be read`,
      unit: '/s',
      runs: own,
      reference,
      goal: { atLeast: way.goal },
    };
  });
};

/** From the first request until everything can be read, and how far reads lag behind; the rate against the pipeline that is usual for this. */
export const endToEnd: Benchmark = {
  name: 'end-to-end',
  about:
    'Events processed a second until the read models have the last, against a queue and workers that lock; and their lag',
  seconds: 120,
  run: async (lab) => {
    needPipeline();
    const ours = await startVisited(lab.folder());
    const figures = [...(await ratesOf(lab, ours)), ...(await lagFigures(lab, ours, leads))];
    await ours.end();
    return figures;
  },
};
