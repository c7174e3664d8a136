import type { Benchmark, Lab } from './support/benchmark.ts';
import { batchesOf, eventOf, trackOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { loaded } from './support/load.ts';
import { startProduct } from './support/product.ts';
import { untilQuiet } from './support/quiet.ts';
import { rawWriteRate } from './support/raw-writer.ts';
import { headOf, mustHaveStored } from './support/stored.ts';

const [size, connections, leads] = [500, 4, 1_000];
/** The seconds of each way after which Node has compiled what is hot, as it has in a service that runs for days. */
const warmUp = 6;

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

/** More requests a second than any server here takes durably. */
const plenty = 20;

type Result = {
  readonly events: number;
  readonly rows: number;
  readonly p99: number;
  readonly raw: number;
  readonly group: number;
};

/** A product that runs and is warm, and how to load it. */
const startOurs = async (lab: Lab) => {
  const product = await startProduct({ dataDir: lab.folder() });
  const { apiKey } = await product.project();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const sent = new Map<Way, number>();
  let acknowledged = 0;

  const send = async (way: Way, seconds: number) => {
    const from = sent.get(way) ?? 0;
    const bodies = way.bodies(from, Math.ceil(seconds * plenty));
    const load = { url: product.url, path: way.path, connections, headers, bodies };
    const result = await loaded({ ...load, seconds, once: true }, 200);
    sent.set(way, from + result.answered);
    acknowledged += result.answered * size;
    return result;
  };
  /** What it records, and how fast bare SQLite writes the rows that it wrote, in transactions as large as its own were. */
  const measured = async (way: Way): Promise<Result> => {
    await untilQuiet(product);
    const head = headOf(product.dataDir);
    const { answered, lasted, p99 } = await send(way, 2);
    const { rows, groups } = mustHaveStored(product.dataDir, answered * size, head);
    await untilQuiet(product);
    const group = Math.ceil(rows / groups);
    const raw = await rawWriteRate(product.dataDir, lab.folder(), { after: head, size: group });
    // There are few requests, so the last ones count: to the end of their answers.
    return { events: (answered * size) / lasted, rows: rows / lasted, p99, raw, group };
  };
  const end = async (): Promise<void> => {
    await product.stop();
    mustHaveStored(product.dataDir, acknowledged);
  };
  return { send, measured, end };
};

const figuresOf = ({ name }: Way, runs: readonly Result[]): readonly Figure[] => {
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
    const ours = await startOurs(lab);
    const runs = ways.map((way) => ({ way, results: [] as Result[] }));
    lab.say('warming up');
    for (const { way } of runs) await ours.send(way, warmUp);
    for (let number = 1; number <= lab.rounds; number++) {
      for (const { way, results } of runs) {
        results.push(await ours.measured(way));
        lab.say(`${way.path}, round ${number} of ${lab.rounds}: transactions of ${results.at(-1)?.group} rows`);
      }
    }
    await ours.end();
    return runs.flatMap(({ way, results }) => figuresOf(way, results));
  },
};
