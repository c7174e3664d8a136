import { join } from 'node:path';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { checkOut, hasChanges } from './support/commit.ts';
import type { Used } from './support/cpu.ts';
import { needThreads, threadsOf, untilIdle, usedBetween } from './support/cpu.ts';
import { batchesOf, bodiesOf, eventOf } from './support/events.ts';
import { startServer } from './support/eventstoredb-server.ts';
import type { Figure, Goal } from './support/figures.ts';
import { loaded } from './support/load.ts';
import { root } from './support/processes.ts';
import { untilQuiet } from './support/quiet.ts';
import { mustShow } from './support/shown.ts';
import { startProduct } from './support/product.ts';

const leads = 1_000;

/** How events come. What warms up doesn't count: as many as Node takes to compile what is hot. */
type Way = {
  readonly path: string;
  readonly answer: number;
  readonly connections: number;
  readonly size: number;
  readonly bodies: (requests: number, first: number) => readonly string[];
  /** How many requests warm up, and how many are in each run. */
  readonly warmUp: number;
  readonly requests: number;
};

const single: Way = {
  path: '/api/events/ingest',
  answer: 202,
  connections: 50,
  size: 1,
  bodies: (requests, first) => bodiesOf(requests, leads, first),
  warmUp: 16_000,
  requests: 5_000,
};

const batches: Way = {
  path: '/api/events/batch',
  answer: 200,
  connections: 2,
  size: 50,
  bodies: (count, first) => batchesOf((index) => eventOf(index, leads), { count, size: 50, field: 'events', first }),
  warmUp: 100,
  requests: 100,
};

/** What a run took of each event: the CPU by thread in µs, and how many came a second. */
type Run = { readonly used: Used; readonly rate: number };

/** The product as it is in a checkout, running, and how to load it. `eventStore` is where its log is, if not in its folder. */
const running = async (checkout: string, dataDir: string, way: Way, eventStore?: string) => {
  const adminKey = 'a-key-of-the-benchmark-that-is-long-enough';
  const env = { LEADFOLD_ADMIN_KEY: adminKey, ...(eventStore !== undefined && { EVENT_STORE: eventStore }) };
  const product = await startProduct({ checkout, dataDir, env });
  const { apiKey } = await product.project();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const { pid } = product.process;
  const { path, answer, connections } = way;
  let met = 0;
  /** Until the read models have the last event and nothing is left to do. */
  const run = async (requests: number): Promise<Run> => {
    const [events, bodies] = [requests * way.size, way.bodies(requests, met)];
    met += events;
    const before = threadsOf(pid);
    const { lasted } = await loaded({ url: product.url, path, headers, connections, bodies, once: true }, answer);
    await untilQuiet(product);
    await untilIdle(pid);
    return { used: shared(usedBetween(pid, before, threadsOf(pid)), events), rate: events / lasted };
  };
  // By what it answers, since another commit may keep its log in another way.
  const end = async (): Promise<void> => {
    await mustShow(product, apiKey, 0, met);
    await product.stop();
  };
  return { run, end };
};

const shared = (used: Used, events: number): Used => ({
  all: used.all / events,
  main: used.main / events,
  busiestWorker: used.busiestWorker / events,
  otherWorkers: used.otherWorkers / events,
  helpers: used.helpers / events,
});

/** What the CPU of an event has to come to, as a ratio to the other commit's or in µs. */
type Goals = { readonly ratio?: Goal; readonly value?: Goal };

const figuresOf = (commit: string, ours: readonly Run[], theirs: readonly Run[], goals: Goals): readonly Figure[] => {
  const figure = (name: string, unit: string, of: (run: Run) => number, goal?: Goal): Figure => {
    const reference = { name: `commit ${commit.slice(0, 9)}`, runs: theirs.map(of), paired: true };
    return { name, unit, runs: ours.map(of), reference, ...(goal && { goal }) };
  };
  const cpu = (name: string, of: keyof Used, goal?: Goal): Figure =>
    figure(`CPU an event: ${name}`, 'µs', ({ used }) => used[of], goal);
  return [
    cpu('all threads', 'all', goals.ratio),
    cpu('main thread', 'main'),
    cpu('busiest worker thread', 'busiestWorker'),
    ...(theirs.some(({ used }) => used.otherWorkers > 0) ? [cpu('other worker threads', 'otherWorkers')] : []),
    cpu("V8's and libuv's", 'helpers'),
    ...(goals.value
      ? [
          {
            name: 'CPU an event: all threads, here',
            unit: 'µs',
            runs: ours.map(({ used }) => used.all),
            goal: goals.value,
          },
        ]
      : []),
    figure('Events recorded', '/s', ({ rate }) => rate),
  ];
};

/** Where a log is; nowhere else than in the product's folder without a URL. */
type Server = { readonly url?: string; readonly end: () => Promise<void> };
const aFile: Server = { end: () => Promise.resolve() };

/** The files of the other commit, in a folder that goes with the run. */
const otherCheckout = async ({ folder, say }: Lab, commit: string): Promise<string> => {
  if (hasChanges(root)) say('this checkout has changes that are not committed, and they are measured with it');
  say(`checking out ${commit}`);
  const checkout = join(folder(), 'checkout');
  await checkOut(root, commit, checkout);
  return checkout;
};

/** Both run all the time and are loaded in their turn, the one that was second first next. */
const compared = async (lab: Lab, way: Way, goals: Goals, over: () => Promise<Server>): Promise<readonly Figure[]> => {
  const { commit = '', folder } = lab;
  needThreads();
  const begin = async (checkout: string) => {
    const server = await over();
    return { at: await running(checkout, folder(), way, server.url), server, runs: [] as Run[] };
  };
  const theirs = await begin(await otherCheckout(lab, commit));
  const ours = await begin(root);
  lab.say('warming up');
  for (const { at } of [theirs, ours]) await at.run(way.warmUp);
  for (let round = 1; round <= lab.rounds; round++) {
    for (const { at, runs } of round % 2 === 1 ? [theirs, ours] : [ours, theirs]) runs.push(await at.run(way.requests));
    const [own, other] = [ours, theirs].map(({ runs }) => Math.round(runs.at(-1)?.used.all ?? 0));
    lab.say(`round ${round} of ${lab.rounds}: ${own} µs an event here, ${other} there`);
  }
  for (const { at, server } of [theirs, ours]) {
    await at.end();
    await server.end();
  }
  return figuresOf(commit, ours.runs, theirs.runs, goals);
};

/** This checkout against another commit, with the log in a file. */
export const against: Benchmark = {
  name: 'against',
  about: `CPU that an event costs, one a request over ${single.connections} connections, against the commit that --commit names`,
  seconds: 90,
  rounds: 5,
  ofCommit: true,
  run: (lab) => compared(lab, single, { ratio: { atMost: 0.5 } }, () => Promise.resolve(aFile)),
};

/** The same with the log on an EventStoreDB: a server for each, so that neither reads what the other wrote. */
export const againstOverEventStoreDb: Benchmark = {
  name: 'against-eventstoredb',
  about: `CPU that an event costs over an EventStoreDB, ${batches.size} a request over ${batches.connections} connections, against the commit that --commit names`,
  seconds: 150,
  rounds: 11,
  ofCommit: true,
  run: (lab) => compared(lab, batches, { value: { atMost: 900 } }, startServer),
};
