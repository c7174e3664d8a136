import { setTimeout as pause } from 'node:timers/promises';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { batchesOf, bodiesOf, eventOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { lagFigures } from './support/lag.ts';
import { loaded } from './support/load.ts';
import { needPipeline, startPipeline } from './support/pipeline.ts';
import { startProduct } from './support/product.ts';
import { mustShow, shownAt } from './support/shown.ts';
import { headOf, mustHaveStored } from './support/stored.ts';

const size = 500;
/** How many events each lead has. */
const eventsALead = 20;
const json = { 'content-type': 'application/json' };

/** How events come: so many bodies over so many connections, with how many events in each. */
type Way = {
  readonly name: string;
  readonly connections: number;
  readonly each: number;
  readonly events: number;
  readonly bodies: readonly string[];
  readonly goal: number;
};

const singles = (count: number): readonly string[] => bodiesOf(count, count / eventsALead);
const batches = (count: number): readonly string[] =>
  batchesOf((index) => eventOf(index, count / eventsALead), { count: count / size, size, field: 'events' });

const single = { name: 'One event a request', connections: 50, each: 1, goal: 2 } as const;
const many = { name: `Batches of ${size}`, connections: 4, each: size, goal: 5 } as const;
const ofProduct: readonly Way[] = [
  { ...single, events: 4_000, bodies: singles(4_000) },
  { ...many, events: 12_000, bodies: batches(12_000) },
];
const ofPipeline: readonly Way[] = [
  { ...single, events: 4_000, bodies: singles(4_000) },
  { ...many, events: 4_000, bodies: batches(4_000) },
];

const secondsSince = (begun: number): number => (performance.timeOrigin + performance.now() - begun) / 1_000;

/** Events a second from the first request until the read models have the last event. */
const productRate = async ({ folder }: Lab, { connections, each, events, bodies }: Way): Promise<number> => {
  const product = await startProduct({ dataDir: folder() });
  const { apiKey } = await product.project();
  const headers = { ...json, authorization: `Bearer ${apiKey}` };
  const [path, status] = each === 1 ? ['/api/events/ingest', 202] : ['/api/events/batch', 200];
  const { begun } = await loaded({ url: product.url, path, connections, headers, bodies, once: true }, status);
  const head = headOf(product.dataDir);
  await shownAt(product, apiKey, head);
  const seconds = secondsSince(begun);
  await mustShow(product, apiKey, head, events);
  await product.stop();
  mustHaveStored(product.dataDir, events);
  return events / seconds;
};

/** Events a second from the first request until the worker has scored the last one. */
const pipelineRate = async ({ folder }: Lab, { connections, each, events, bodies }: Way): Promise<number> => {
  const pipeline = await startPipeline(folder());
  const path = each === 1 ? '/events' : '/batch';
  const { begun } = await loaded({ url: pipeline.url, path, connections, headers: json, bodies, once: true }, 202);
  while ((await pipeline.done()) < events) await pause(5);
  const seconds = secondsSince(begun);
  await pipeline.mustHave(events);
  await pipeline.stop();
  return events / seconds;
};

// The goal is against the pipeline that promises what we do: what was acknowledged is on disk.
const ratesOf = async (lab: Lab, index: number): Promise<readonly Figure[]> => {
  const [way, theirs] = [ofProduct[index], ofPipeline[index]];
  if (!way || !theirs) throw new Error(`There is no way ${index} in which events come`);
  const [ours, durable]: [number[], number[]] = [[], []];
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`${way.name}, round ${round} of ${lab.rounds}`);
    durable.push(await pipelineRate(lab, theirs));
    ours.push(await productRate(lab, way));
  }
  const reference = { name: 'HTTP, BullMQ, lock, Redis that syncs first', runs: durable };
  return [
    { name: `${way.name}, until all can be read`, unit: '/s', runs: ours, reference, goal: { atLeast: way.goal } },
  ];
};

/** From the first request until everything can be read, and how far reads lag behind; the rate against the pipeline that is usual for this. */
export const endToEnd: Benchmark = {
  name: 'end-to-end',
  about:
    'Events processed a second until the read models have the last, against a queue and workers that lock; and their lag',
  seconds: 120,
  run: async (lab) => {
    needPipeline();
    return [...(await ratesOf(lab, 0)), ...(await ratesOf(lab, 1)), ...(await lagFigures(lab))];
  },
};
