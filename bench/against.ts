import { join } from 'node:path';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { checkOut, hasChanges } from './support/commit.ts';
import type { Used } from './support/cpu.ts';
import { needThreads, threadsOf, untilIdle, usedBetween } from './support/cpu.ts';
import { bodiesOf } from './support/events.ts';
import type { Figure, Goal } from './support/figures.ts';
import { loaded } from './support/load.ts';
import { root } from './support/processes.ts';
import { untilQuiet } from './support/quiet.ts';
import { mustShow } from './support/shown.ts';
import { startProduct } from './support/product.ts';

const [connections, leads] = [50, 1_000];

/** How many events come before anything counts, as many as Node takes to compile what is hot; and in each run. */
const [warmUp, each] = [16_000, 5_000];

type Run = { readonly used: Used; readonly rate: number };

/** The product as it is in a checkout, running, and how to load it. */
const running = async (checkout: string, dataDir: string) => {
  const product = await startProduct({ checkout, dataDir });
  const { apiKey } = await product.project();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const { pid } = product.process;
  let met = 0;
  /** The CPU of some events, until the read models have the last one and nothing is left to do; and how many came a second. */
  const run = async (events: number): Promise<Run> => {
    const bodies = bodiesOf(events, leads, met);
    met += events;
    const before = threadsOf(pid);
    const load = { url: product.url, path: '/api/events/ingest', headers, connections, bodies, once: true };
    const { lasted } = await loaded(load, 202);
    await untilQuiet(product);
    await untilIdle(pid);
    return { used: usedBetween(pid, before, threadsOf(pid)), rate: events / lasted };
  };
  // By what it answers, since another commit may keep its log in another way.
  const end = async (): Promise<void> => {
    await mustShow(product, apiKey, 0, met);
    await product.stop();
  };
  return { run, end };
};

const figuresOf = (commit: string, ours: readonly Run[], theirs: readonly Run[]): readonly Figure[] => {
  const figure = (name: string, unit: string, of: (run: Run) => number, goal?: Goal): Figure => {
    const reference = { name: `commit ${commit.slice(0, 9)}`, runs: theirs.map(of), paired: true };
    return { name, unit, runs: ours.map(of), reference, ...(goal && { goal }) };
  };
  const cpu = (name: string, of: keyof Used, goal?: Goal): Figure =>
    figure(`CPU an event: ${name}`, 'µs', ({ used }) => used[of] / each, goal);
  return [
    cpu('all threads', 'all', { atMost: 0.5 }),
    cpu('main thread', 'main'),
    cpu('busiest worker thread', 'busiestWorker'),
    cpu('other worker threads', 'otherWorkers'),
    cpu("V8's and libuv's", 'helpers'),
    figure('Events recorded', '/s', ({ rate }) => rate),
  ];
};

/** The files of the other commit, in a folder that goes with the run. */
const otherCheckout = async ({ folder, say }: Lab, commit: string): Promise<string> => {
  if (hasChanges(root)) say('this checkout has changes that are not committed, and they are measured with it');
  say(`checking out ${commit}`);
  const checkout = join(folder(), 'checkout');
  await checkOut(root, commit, checkout);
  return checkout;
};

/** This checkout against another commit. Both run all the time and are loaded in their turn, the one that was second first next. */
export const against: Benchmark = {
  name: 'against',
  about: `CPU that an event costs, one a request over ${connections} connections, against the commit that --commit names`,
  seconds: 90,
  rounds: 5,
  ofCommit: true,
  run: async (lab) => {
    const { commit = '', folder } = lab;
    needThreads();
    const theirs = { at: await running(await otherCheckout(lab, commit), folder()), runs: [] as Run[] };
    const ours = { at: await running(root, folder()), runs: [] as Run[] };
    lab.say('warming up');
    for (const { at } of [theirs, ours]) await at.run(warmUp);
    for (let round = 1; round <= lab.rounds; round++) {
      for (const { at, runs } of round % 2 === 1 ? [theirs, ours] : [ours, theirs]) runs.push(await at.run(each));
      const [own, other] = [ours, theirs].map(({ runs }) => Math.round((runs.at(-1)?.used.all ?? 0) / each));
      lab.say(`round ${round} of ${lab.rounds}: ${own} µs an event here, ${other} there`);
    }
    await theirs.at.end();
    await ours.at.end();
    return figuresOf(commit, ours.runs, theirs.runs);
  },
};
