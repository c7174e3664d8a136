import type { Benchmark, Lab } from './support/benchmark.ts';
import { bodiesOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import type { Load } from './support/load.ts';
import { loaded } from './support/load.ts';
import { started } from './support/processes.ts';
import { startProduct } from './support/product.ts';
import { mustHaveStored } from './support/stored.ts';

type Result = Awaited<ReturnType<typeof loaded>>;

/** How many clients wait for their answers at a time. */
const crowds = [50, 200] as const;
const leads = 1_000;
const bodies = bodiesOf(20 * leads, leads);
const json = { 'content-type': 'application/json' };

/** Loads a server that has run warm, in seconds, with each crowd in turn. */
const measured = async (load: Omit<Load, 'seconds' | 'connections'>, warmUp: number, seconds: number) => {
  const results = [await loaded({ ...load, connections: 50, seconds: warmUp }, 202)];
  for (const connections of crowds) results.push(await loaded({ ...load, connections, seconds }, 202));
  return results;
};

const ofReference = async (): Promise<readonly Result[]> => {
  const server = started('bench/support/reference-process.ts');
  const url = String(await server.says());
  const [, ...results] = await measured({ url, path: '/events', headers: json, bodies }, 1, 1.5);
  await server.end();
  return results;
};

// The warm-up is as long as Node takes to compile what is hot, and begins the leads: a running service has them.
const ofProduct = async ({ folder }: Lab): Promise<readonly Result[]> => {
  const product = await startProduct({ dataDir: folder() });
  const { apiKey } = await product.project();
  const headers = { ...json, authorization: `Bearer ${apiKey}` };
  const results = await measured({ url: product.url, path: '/api/events/ingest', headers, bodies }, 2.5, 2);
  await product.stop();
  mustHaveStored(
    product.dataDir,
    results.reduce((sum, { answered }) => sum + answered, 0),
  );
  return results.slice(1);
};

const figuresOf = (connections: number, ours: readonly Result[], theirs: readonly Result[]): readonly Figure[] => {
  const name = `One event a request, ${connections} connections`;
  const of = (what: 'rate' | 'p50' | 'p95' | 'p99', from = ours) => from.map((result) => result[what]);
  const reference = { name: 'Fastify storing nothing', runs: of('rate', theirs) };
  return [
    { name, unit: '/s', runs: of('rate'), reference, goal: { atLeast: 0.35 } },
    { name: `${name}: p50`, unit: 'ms', runs: of('p50') },
    { name: `${name}: p95`, unit: 'ms', runs: of('p95') },
    { name: `${name}: p99`, unit: 'ms', runs: of('p99'), ...(connections === 50 && { goal: { atMost: 25 } }) },
  ];
};

/** One event a request, each answered when it is durable. */
export const ingestSingle: Benchmark = {
  name: 'ingest-single',
  about: 'Events recorded a second, one a request, each durable before its 202',
  seconds: 50,
  run: async (lab) => {
    const [ours, theirs]: [(readonly Result[])[], (readonly Result[])[]] = [[], []];
    for (let round = 1; round <= lab.rounds; round++) {
      lab.say(`round ${round} of ${lab.rounds}`);
      theirs.push(await ofReference());
      ours.push(await ofProduct(lab));
      const busy = [...(theirs.at(-1) ?? []), ...(ours.at(-1) ?? [])].map((result) => result.busy);
      lab.say(`the generator used ${busy.map((share) => `${Math.round(share * 100)}%`).join(', ')} of its core`);
    }
    const at = (from: readonly (readonly Result[])[], index: number) =>
      from.flatMap((each) => each.slice(index, index + 1));
    return crowds.flatMap((connections, index) => figuresOf(connections, at(ours, index), at(theirs, index)));
  },
};
