import type { Benchmark, Lab } from './support/benchmark.ts';
import { bodiesOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { loaded } from './support/load.ts';
import { started } from './support/processes.ts';
import { startProduct } from './support/product.ts';
import { mustHaveStored } from './support/stored.ts';

type Result = Awaited<ReturnType<typeof loaded>>;
type Stretch = { readonly connections: number; readonly seconds: number };

/** How many clients wait for their answers at a time. */
const crowds = [50, 200] as const;
const leads = 1_000;
/** More events a second than any server here takes durably. */
const plenty = 6_000;
const json = { 'content-type': 'application/json' };

/** A server that runs and is warm: in `warmUp` seconds Node has compiled what is hot, as it has in a service that runs for days. */
const warm = async (load: { url: string; path: string; headers: Readonly<Record<string, string>> }, warmUp: number) => {
  let answered = 0;
  const send = async ({ connections, seconds }: Stretch): Promise<Result> => {
    // From the first that was not sent yet, so that each visitor does all its twenty things.
    const bodies = bodiesOf(seconds * plenty, leads, answered);
    const result = await loaded({ ...load, bodies, connections, seconds }, 202);
    answered += result.answered;
    return result;
  };
  await send({ connections: 50, seconds: warmUp });
  return { send, answered: () => answered };
};

const startReference = async () => {
  const server = started('bench/support/reference-process.ts');
  const running = await warm({ url: String(await server.says()), path: '/events', headers: json }, 2);
  return { send: running.send, end: () => server.end() };
};

const startOurs = async ({ folder }: Lab) => {
  const product = await startProduct({ dataDir: folder() });
  const { apiKey } = await product.project();
  const headers = { ...json, authorization: `Bearer ${apiKey}` };
  const running = await warm({ url: product.url, path: '/api/events/ingest', headers }, 12);
  const end = async (): Promise<void> => {
    await product.stop();
    mustHaveStored(product.dataDir, running.answered());
  };
  return { send: running.send, end };
};

const figuresOf = (connections: number, ours: readonly Result[], theirs: readonly Result[]): readonly Figure[] => {
  const name = `One event a request, ${connections} connections`;
  const of = (what: 'rate' | 'p50' | 'p95' | 'p99', from = ours) => from.map((result) => result[what]);
  const reference = { name: 'Fastify storing nothing', runs: of('rate', theirs) };
  return [
    { name, unit: '/s', runs: of('rate'), reference, goal: { atLeast: 0.2 } },
    { name: `${name}: p50`, unit: 'ms', runs: of('p50') },
    { name: `${name}: p95`, unit: 'ms', runs: of('p95') },
    { name: `${name}: p99`, unit: 'ms', runs: of('p99'), ...(connections === 50 && { goal: { atMost: 25 } }) },
  ];
};

/** One event a request, each answered when it is durable. Both servers run all the time and are loaded in their turn. */
export const ingestSingle: Benchmark = {
  name: 'ingest-single',
  about: 'Events recorded a second, one a request, each durable before its 202',
  seconds: 45,
  run: async (lab) => {
    lab.say('warming up');
    const [reference, product] = [await startReference(), await startOurs(lab)];
    const runs = crowds.map((connections) => ({ connections, ours: [] as Result[], theirs: [] as Result[] }));
    for (let round = 1; round <= lab.rounds; round++) {
      for (const { connections, ours, theirs } of runs) {
        theirs.push(await reference.send({ connections, seconds: 1.5 }));
        ours.push(await product.send({ connections, seconds: 2.5 }));
      }
      const busy = runs.flatMap(({ ours, theirs }) => [...theirs.slice(-1), ...ours.slice(-1)]);
      const shares = busy.map((result) => `${Math.round(result.busy * 100)}%`).join(', ');
      lab.say(`round ${round} of ${lab.rounds}: the generator used ${shares} of its core`);
    }
    await reference.end();
    await product.end();
    return runs.flatMap(({ connections, ours, theirs }) => figuresOf(connections, ours, theirs));
  },
};
