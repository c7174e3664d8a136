import { bodiesOf } from './support/events.ts';
import type { Benchmark } from './support/benchmark.ts';
import type { Figure } from './support/figures.ts';
import { loaded } from './support/load.ts';
import { started } from './support/processes.ts';
import { startProduct } from './support/product.ts';

const seconds = 5;
const leads = 5_000;
const json = { 'content-type': 'application/json' };

const ofReference = async (connections: number) => {
  const server = started('bench/support/reference-process.ts');
  const url = String(await server.says());
  const load = { url, path: '/events', connections, seconds, headers: json, bodies: bodiesOf(leads, leads) };
  const result = await loaded(load, 202);
  await server.end();
  return result;
};

const ofProduct = async (connections: number) => {
  const product = await startProduct();
  const { apiKey } = await product.project();
  const headers = { ...json, authorization: `Bearer ${apiKey}` };
  const path = '/api/events/ingest';
  const load = { url: product.url, path, connections, headers, bodies: bodiesOf(leads, leads) };
  // The leads of a running service are there already.
  await loaded({ ...load, seconds: 2 }, 202);
  const result = await loaded({ ...load, seconds }, 202);
  await product.stop();
  return result;
};

/** One event a request, each answered when it is durable. */
export const ingestSingle: Benchmark = {
  name: 'ingest-single',
  about: 'Events recorded a second, one a request, each durable before its 202',
  seconds: 90,
  run: async ({ rounds, say }) => {
    const figures: Figure[] = [];
    for (const connections of [50, 200]) {
      const [ours, theirs] = [[], []] as [Awaited<ReturnType<typeof ofProduct>>[], Awaited<ReturnType<typeof ofReference>>[]];
      for (let round = 1; round <= rounds; round++) {
        say(`${connections} connections, run ${round} of ${rounds}`);
        theirs.push(await ofReference(connections));
        ours.push(await ofProduct(connections));
      }
      const name = `ingest-single, ${connections} connections`;
      const of = (from: typeof ours, what: 'rate' | 'p50' | 'p95' | 'p99') => from.map((each) => each[what]);
      const bare = (what: 'rate' | 'p50' | 'p95' | 'p99') => ({ name: 'Fastify storing nothing', runs: of(theirs, what) });
      figures.push(
        { name, unit: '/s', runs: of(ours, 'rate'), reference: bare('rate'), goal: { atLeast: 0.35 } },
        { name: `${name}: p50`, unit: 'ms', runs: of(ours, 'p50') },
        { name: `${name}: p95`, unit: 'ms', runs: of(ours, 'p95') },
        { name: `${name}: p99`, unit: 'ms', runs: of(ours, 'p99'), ...(connections === 50 && { goal: { atMost: 25 } }) },
      );
    }
    return figures;
  },
};
