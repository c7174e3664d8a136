import type { Benchmark, Lab } from './support/benchmark.ts';
import { batchesOf, eventOf, trackOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { loaded } from './support/load.ts';
import { startProduct } from './support/product.ts';
import type { Product } from './support/product.ts';
import { rawWriteRate } from './support/raw-writer.ts';
import { headOf, mustHaveStored } from './support/stored.ts';

const [size, connections, leads] = [500, 4, 1_000];

/** A route that takes many events, and bodies for it. Those of Segment have ids, so that each can be sent once only. */
const ways = [
  {
    name: 'Batches of 500 events',
    path: '/api/events/batch',
    bodies: (from: number, count: number) =>
      batchesOf((index) => eventOf(index, leads), { count, size, field: 'events', first: from * size }),
  },
  {
    name: 'Batches of 500 from a Segment client',
    path: '/v1/batch',
    bodies: (from: number, count: number) =>
      batchesOf((index) => trackOf(index, leads), { count, size, field: 'batch', first: from * size }),
  },
] as const;
type Way = (typeof ways)[number];

/** A stretch of load in seconds, and which bodies it may use up at most: more than are sent in that time. */
type Stretch = { readonly seconds: number; readonly from: number; readonly count: number };
const [warmUp, measuring]: [Stretch, Stretch] = [
  { seconds: 1, from: 0, count: 60 },
  { seconds: 1.5, from: 60, count: 150 },
];

const sent = async (product: Product, way: Way, key: string, { seconds, from, count }: Stretch) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const load = { url: product.url, path: way.path, connections, headers };
  return loaded({ ...load, seconds, once: true, bodies: way.bodies(from, count) }, 200);
};

/** A run of the product, and of bare SQLite writing the rows that it wrote, in transactions as large as its own were. */
const round = async ({ folder }: Lab, way: Way) => {
  const product = await startProduct({ dataDir: folder() });
  const { apiKey } = await product.project();
  const before = await sent(product, way, apiKey, warmUp);
  const head = headOf(product.dataDir);
  const { answered, lasted, p99 } = await sent(product, way, apiKey, measuring);
  await product.stop();
  mustHaveStored(product.dataDir, (before.answered + answered) * size);
  const { rows, groups } = mustHaveStored(product.dataDir, answered * size, head);
  const group = Math.ceil(rows / groups);
  const raw = await rawWriteRate(product.dataDir, folder(), { after: head, size: group });
  // There are few requests, so the last ones count: to the end of their answers.
  const events = (answered * size) / lasted;
  return { events, rows: rows / lasted, p99, raw, group };
};

const figuresOf = ({ name }: Way, runs: readonly Awaited<ReturnType<typeof round>>[]): readonly Figure[] => {
  const of = (what: 'rows' | 'events' | 'p99' | 'raw') => runs.map((run) => run[what]);
  const reference = { name: 'bare SQLite, same rows', runs: of('raw') };
  return [
    { name: `${name}: rows`, unit: '/s', runs: of('rows'), reference, goal: { atLeast: 0.4 } },
    { name: `${name}: events`, unit: '/s', runs: of('events') },
    { name: `${name}: p99 of a request`, unit: 'ms', runs: of('p99') },
  ];
};

/** Many events a request. An event is several rows of the log, so rows are compared with rows. */
export const ingestBatch: Benchmark = {
  name: 'ingest-batch',
  about: 'Events recorded a second, 500 a request over 4 connections, each durable before its answer',
  seconds: 45,
  run: async (lab) => {
    const runs = ways.map((way) => ({ way, results: [] as Awaited<ReturnType<typeof round>>[] }));
    for (let number = 1; number <= lab.rounds; number++) {
      for (const { way, results } of runs) {
        results.push(await round(lab, way));
        lab.say(`${way.path}, round ${number} of ${lab.rounds}: transactions of ${results.at(-1)?.group} rows`);
      }
    }
    return runs.flatMap(({ way, results }) => figuresOf(way, results));
  },
};
